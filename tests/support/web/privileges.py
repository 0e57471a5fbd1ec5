"""Calls and scenarios that prove the permissions of the instances' role."""

import uuid
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from local_cloud.emulator.settings import ACCOUNT, REGION
from tests.support.orders import Dropped, order_file, wait_for
from tests.support.privileges.calls import Call, in_bucket, s3_call
from tests.support.privileges.identities import Deployed
from tests.support.privileges.scenarios import Attempt, Scenario
from tests.support.web.page import address

ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"


def _release(deployed: Deployed) -> str:
    """The app's release, which the boot script of the instances copies."""
    answer = deployed.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=deployed.named("WebInstancesLaunchTemplate"), Versions=["$Latest"]
    )
    script = b64decode(answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]).decode()
    return script.partition("s3://")[2].split()[0]


def _other_asset(deployed: Deployed) -> str:
    """The code of a function, in the same bucket as the release."""
    keys = (each["Key"] for each in deployed.client("s3").list_objects_v2(Bucket=ASSETS)["Contents"])
    return next(f"{ASSETS}/{key}" for key in keys if f"{ASSETS}/{key}" != _release(deployed))


def _delete_version(deployed: Deployed, where: str, made: Any) -> None:
    bucket, _, key = where.partition("/")
    deployed.client("s3").delete_object(Bucket=bucket, Key=key, VersionId=made["VersionId"])


@contextmanager
def uploading(deployed: Deployed) -> Iterator[Attempt]:
    """A browser gets a signed form from the web app, and uploads the file."""
    outputs = deployed.cloud.outputs()
    content = order_file([f"upload-{uuid.uuid4().hex[:8]}"])

    def attempt() -> str:
        asked = {"dataset": "orders", "name": "privileges.csv", "size": len(content)}
        signed = httpx.post(f"{address(deployed.cloud)}api/uploads", json=asked).raise_for_status().json()
        sent = httpx.post(signed["url"], data=signed["fields"], files={"file": content})
        if sent.is_success:
            head = deployed.client("s3").head_object(Bucket=outputs.landing_bucket, Key=signed["key"])
            dropped = Dropped(key=signed["key"], version_id=head["VersionId"], order_ids=[])
            assert wait_for(deployed.cloud, dropped)["status"] == "loaded"
        return "" if sent.is_success else sent.text

    yield attempt


CALLS: Mapping[tuple[str, str], Call] = {
    ("Web", "s3:GetObject"): Call(
        make=s3_call("get_object"),
        own=_release,
        beyond=(_other_asset, in_bucket("LandingBucket", "incoming/none.csv")),
    ),
    ("Web", "s3:PutObject"): Call(
        make=s3_call("put_object", Body=b""),
        own=in_bucket("LandingBucket", "incoming/privileges/"),  # a folder, which ingestion ignores
        beyond=(in_bucket("LandingBucket", "outgoing/none.csv"), in_bucket("LogBucketBucket", "incoming/none.csv")),
        undo=_delete_version,
    ),
}
# To a browser, S3 doesn't say which action is denied.
SCENARIOS: Mapping[tuple[str, str], tuple[Scenario, str]] = {("Web", "s3:PutObject"): (uploading, "AccessDenied")}
