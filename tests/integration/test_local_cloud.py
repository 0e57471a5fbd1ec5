# ruff: noqa: S310 - every URL here is on loopback
"""What the local cloud promises of itself: real permissions, loopback only, nothing changed without need."""

from __future__ import annotations

import io
import json
import socket
import ssl
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError

from local_cloud import processes
from local_cloud.cloud import LocalCloud
from tests.support.orders import drop, page, wait_for

Probe = Callable[[str], Any]
# Runs one expression in a function, with the deployed function's own bundle and role.
PROBE = """
import os, sys
import botocore.session
from botocore.exceptions import ClientError
def client(service):
    return botocore.session.get_session().create_client(service)
def handler(event, context):
    try:
        return {"value": repr(eval(event["expression"]))}
    except (ClientError, ImportError) as error:
        return {"error": str(error)}
"""


@pytest.fixture(scope="module")
def probe(local_cloud: LocalCloud) -> Iterator[Probe]:
    functions = local_cloud.session().client("lambda")
    deployed = functions.get_function_configuration(FunctionName=local_cloud.outputs().function_name)
    name = f"probe-{uuid.uuid4().hex[:8]}"
    functions.create_function(
        FunctionName=name,
        Runtime=deployed["Runtime"],
        Role=deployed["Role"],
        Handler="probe.handler",
        Timeout=30,
        Code={"ZipFile": _bundle_with_probe(local_cloud)},
    )

    def run(expression: str) -> Any:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"expression": expression}))
        return json.loads(answer["Payload"].read())

    yield run
    functions.delete_function(FunctionName=name)


def _bundle_with_probe(cloud: LocalCloud) -> bytes:
    # The assembly holds the bundle of every function; the template names this one's.
    template = json.loads(next(cloud.state.assembly.glob("LocalPipeline*.template.json")).read_text())
    (key,) = (
        resource["Properties"]["Code"]["S3Key"]
        for id_, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and id_.startswith("Ingestion")
    )
    bundle = cloud.state.assembly / f"asset.{key.removesuffix('.zip')}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(bundle.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(bundle))
        archive.writestr("probe.py", PROBE)
    return content.getvalue()


class TestPermissions:
    """IAM is enforced, so a role that lacks something fails here as it would on AWS."""

    def test_the_function_reads_what_landed(self, local_cloud: LocalCloud, probe: Probe) -> None:
        dropped, bucket = drop(local_cloud), local_cloud.outputs().landing_bucket
        version = f"Bucket='{bucket}', Key='{dropped.key}', VersionId='{dropped.version_id}'"
        answer = probe(f"client('s3').get_object({version})['ContentLength']")
        assert int(answer["value"]) > 0

    @pytest.mark.parametrize(
        "call",
        [
            "client('s3').delete_object(Bucket='{bucket}', Key='{key}')",
            "client('s3').put_object(Bucket='{bucket}', Key='{key}', Body=b'')",
            "client('s3').get_object(Bucket='{bucket}', Key='elsewhere/file.csv')",
            "client('sqs').send_message(QueueUrl='{queue}', MessageBody='x')",
            "client('secretsmanager').get_secret_value(SecretId='{secret}')",
            "client('iam').list_roles()",
        ],
    )
    def test_the_function_may_do_nothing_else(self, local_cloud: LocalCloud, probe: Probe, call: str) -> None:
        dropped, outputs = drop(local_cloud), local_cloud.outputs()
        secrets = local_cloud.session().client("secretsmanager").list_secrets()["SecretList"]
        expression = call.format(
            bucket=outputs.landing_bucket, key=dropped.key, queue=outputs.queue_url, secret=secrets[0]["ARN"]
        )
        assert "AccessDenied" in probe(expression)["error"]

    def test_the_web_instance_has_its_roles_credentials_and_no_more_than_that(self, local_cloud: LocalCloud) -> None:
        session = _instance_session(local_cloud)
        services = local_cloud.services()
        url, authority = services.endpoint_url, services.ca_bundle
        identity = session.client("sts", endpoint_url=url, verify=authority).get_caller_identity()
        assert ":assumed-role/" in identity["Arn"]
        s3 = session.client("s3", endpoint_url=url, verify=authority)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.list_objects_v2(Bucket=local_cloud.outputs().landing_bucket)

    def test_the_metadata_service_answers_only_with_a_token(self, local_cloud: LocalCloud) -> None:
        url = f"{local_cloud.services().metadata_url}/latest/meta-data/iam/security-credentials/"
        with pytest.raises(HTTPError, match="401") as refused:
            urlopen(url, timeout=10)
        refused.value.close()

    def test_unknown_keys_are_turned_away(self, local_cloud: LocalCloud) -> None:
        services = local_cloud.services()
        stranger = boto3.client(
            "s3",
            endpoint_url=services.endpoint_url,
            verify=services.ca_bundle,
            region_name="us-east-1",
            aws_access_key_id="LOCALCLOUDSTRANGER00",
            aws_secret_access_key="wrong",
        )
        with pytest.raises(ClientError):
            stranger.list_buckets()


class TestFunctions:
    """A function finds its bundle and Python's own library, nothing else."""

    @pytest.mark.parametrize("package", ["ministack", "pip", "hypercorn", "cryptography", "aws_cdk"])
    def test_a_package_that_the_bundle_lacks_cannot_be_imported(self, probe: Probe, package: str) -> None:
        assert f"No module named '{package}'" in probe(f"__import__('{package}')")["error"]

    def test_the_emulators_settings_do_not_reach_a_function(self, probe: Probe) -> None:
        names = probe("sorted(os.environ)")["value"]
        assert "LOCAL_CLOUD_SETTINGS" not in names
        assert "AWS_LAMBDA_FUNCTION_NAME" in names


class TestListeners:
    """Everything listens on loopback only, and the API speaks TLS only."""

    def test_every_part_listens_on_loopback_only(self, local_cloud: LocalCloud) -> None:
        if not Path("/proc/net/tcp").exists():
            pytest.skip("only Linux tells who listens where")
        ours = {inode for each in processes.load(local_cloud.state.processes) for inode in _sockets(each.pid)}
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        addresses = {line[1].split(":")[0] for line in listening if line[3] == "0A" and line[9] in ours}
        assert addresses == {"0100007F"}
        ipv6 = [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        assert not [line for line in ipv6 if line[3] == "0A" and line[9] in ours]

    def test_the_api_is_verified_by_the_instances_own_authority_alone(self, local_cloud: LocalCloud) -> None:
        port = int(local_cloud.services().endpoint_url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as connection,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(connection, server_hostname="127.0.0.1")

    def test_the_web_page_answers_by_any_host_name(self, local_cloud: LocalCloud) -> None:
        request = Request(local_cloud.outputs().web_url, headers={"Host": "somewhere.example"})
        with urlopen(request, timeout=10) as answer:
            assert answer.status == 200


def test_a_second_up_is_quick_and_changes_nothing(local_cloud: LocalCloud) -> None:
    said: list[str] = []
    before = processes.load(local_cloud.state.processes)
    again = LocalCloud(local_cloud.state.root, say=said.append)
    again.up()
    assert said == ["loading the sample files"]
    assert processes.load(local_cloud.state.processes) == before


def test_files_wait_in_the_queue_while_the_event_source_is_paused(local_cloud: LocalCloud) -> None:
    local_cloud.faults.pause_event_source()
    try:
        dropped = drop(local_cloud)
        with pytest.raises(AssertionError, match="was not loaded within"):
            wait_for(local_cloud, dropped, seconds=3)
    finally:
        local_cloud.faults.resume_event_source()
    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_a_killed_database_comes_back_with_all_that_was_committed(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud)
    committed = wait_for(local_cloud, dropped)
    local_cloud.faults.kill_database()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(local_cloud.outputs().database_url)
    assert "PostgreSQL" not in local_cloud.status()["running"]
    local_cloud.faults.start_database()
    assert wait_for(local_cloud, dropped) == committed
    assert local_cloud.status()["crashes"] == {}
    assert "<main" in _page_once_it_reconnected(local_cloud)


def _page_once_it_reconnected(cloud: LocalCloud) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            return page(cloud)
        except HTTPError as away:
            away.close()
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def _instance_session(cloud: LocalCloud) -> boto3.session.Session:
    """What an SDK on the instance finds out by itself."""
    base = cloud.services().metadata_url + "/latest"
    asked = Request(f"{base}/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    with urlopen(asked, timeout=10) as answer:
        token = answer.read().decode()

    def read(path: str) -> str:
        request = Request(f"{base}/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token})
        with urlopen(request, timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    role = read("iam/security-credentials/")
    found = json.loads(read(f"iam/security-credentials/{role}"))
    return boto3.session.Session(
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["Token"],
        region_name="us-east-1",
    )


def _sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            yield target[len("socket:[") : -1]
