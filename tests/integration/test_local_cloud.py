"""The local cloud enforces IAM, listens on loopback only, and changes only what is needed."""

from __future__ import annotations

import io
import json
import socket
import ssl
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError

from local_cloud import processes
from local_cloud.cloud import LocalCloud
from tests.support.orders import drop, wait_for

Probe = Callable[[str], Any]
# Evaluates one expression in a function that has the deployed function's bundle and role.
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
    """The emulator enforces IAM: a role that lacks a permission fails here as on AWS."""

    def test_the_function_may_read_files_that_landed(self, local_cloud: LocalCloud, probe: Probe) -> None:
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

    def test_unknown_keys_are_refused(self, local_cloud: LocalCloud) -> None:
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
    """A function can import its bundle and the standard library, nothing else."""

    @pytest.mark.parametrize("package", ["ministack", "pip", "hypercorn", "cryptography", "aws_cdk"])
    def test_a_package_that_the_bundle_lacks_cannot_be_imported(self, probe: Probe, package: str) -> None:
        assert f"No module named '{package}'" in probe(f"__import__('{package}')")["error"]

    def test_the_emulators_settings_do_not_reach_a_function(self, probe: Probe) -> None:
        names = probe("sorted(os.environ)")["value"]
        assert "LOCAL_CLOUD_SETTINGS" not in names
        assert "AWS_LAMBDA_FUNCTION_NAME" in names


class TestListeners:
    """Every process listens on loopback only, and the API accepts TLS only."""

    def test_every_process_listens_on_loopback_only(self, local_cloud: LocalCloud) -> None:
        if not Path("/proc/net/tcp").exists():
            pytest.skip("needs Linux's /proc/net")
        ours = {inode for each in processes.load(local_cloud.state.processes) for inode in _sockets(each.pid)}
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        addresses = {line[1].split(":")[0] for line in listening if line[3] == "0A" and line[9] in ours}
        assert addresses == {"0100007F"}
        ipv6 = [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        assert not [line for line in ipv6 if line[3] == "0A" and line[9] in ours]

    def test_only_the_local_authority_verifies_the_api(self, local_cloud: LocalCloud) -> None:
        port = int(local_cloud.services().endpoint_url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as connection,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(connection, server_hostname="127.0.0.1")


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


def test_a_killed_database_restarts_with_all_committed_rows(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud)
    committed = wait_for(local_cloud, dropped)
    local_cloud.faults.kill_database()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(local_cloud.outputs().database_url)
    assert "PostgreSQL" not in local_cloud.status()["running"]
    local_cloud.faults.start_database()
    assert wait_for(local_cloud, dropped) == committed
    assert local_cloud.status()["crashes"] == {}


def _sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            yield target[len("socket:[") : -1]
