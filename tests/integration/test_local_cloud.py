"""The local cloud enforces IAM, listens on loopback only, and changes only what is needed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import ssl
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local_cloud import processes
from local_cloud.cloud import LocalCloud
from local_cloud.service import local_services
from tests.support.orders import Dropped, drop, query, wait_for
from tests.support.saved import wait_until_saved

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


ADMINISTRATION = [
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/sqs/messages"),
    ("GET", "/_ministack/ready"),
    ("POST", "/_ministack/rds/iam-auth"),
    ("GET", "/_localstack/health"),
    ("GET", "/_localstack/info"),
    ("GET", "/health"),
]
FOREIGN_HOSTS = ["attacker.example", "api.execute-api.localhost", "bucket.s3.localhost"]


class TestListeners:
    """Every process listens on loopback only, the API accepts TLS only, and no port offers the emulator's own pages."""

    def test_every_process_listens_on_loopback_only(self, local_cloud: LocalCloud) -> None:
        ours = _listening(local_cloud)
        assert {address for address, _ in ours} == {"0100007F"}
        assert len(ours) > len(local_cloud.services().ports)

    @pytest.mark.parametrize(("method", "path"), ADMINISTRATION)
    def test_the_emulators_administration_answers_on_no_port(
        self, local_cloud: LocalCloud, method: str, path: str
    ) -> None:
        marker = uuid.uuid4().hex
        parameters = local_cloud.session().client("ssm")
        parameters.put_parameter(Name=marker, Value="kept", Type="String")
        for _, port in _listening(local_cloud):
            for host in (f"127.0.0.1:{port}", *FOREIGN_HOSTS):
                for origin in ("", "http://attacker.example", "null"):
                    request = _raw_request(method, path, host, origin)
                    for answer in _raw_answers(local_cloud, port, request):
                        status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/") else b""
                        assert not status.startswith(b"2"), (port, host, origin, answer)
                        assert b"access-control-allow-origin: *" not in answer.lower(), (port, host, origin, answer)
        assert parameters.get_parameter(Name=marker)["Parameter"]["Value"] == "kept"
        parameters.delete_parameter(Name=marker)

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


def test_status_shows_addresses_rows_and_an_unfinished_deployment(local_cloud: LocalCloud) -> None:
    wait_for(local_cloud, drop(local_cloud))
    services = local_cloud.services()
    described = local_cloud.described()
    assert described[0].startswith(f"AWS: {services.endpoint_url}, ")
    for service in local_services().values():
        assert set(service.report(services.ports)) <= set(described)
    (rows,) = (line for line in described if line.startswith("Rows: "))
    for table in ("files", "orders"):
        count = query(local_cloud, f"SELECT count(*) AS found FROM {table}")[0]["found"]
        assert f"{count:,} {table}" in rows
    deployed = local_cloud.state.deployed.read_text()
    local_cloud.state.deployed.write_text(deployed.replace("_COMPLETE", "_IN_PROGRESS"))
    try:
        assert local_cloud.described()[-1] == "The deployment is unfinished: `make up` finishes it."
    finally:
        local_cloud.state.deployed.write_text(deployed)


def test_down_and_up_keep_files_rows_addresses_and_keys(local_cloud: LocalCloud) -> None:
    dropped, outputs = drop(local_cloud), local_cloud.outputs()
    loaded = wait_for(local_cloud, dropped)
    local_cloud.down()
    assert local_cloud.status()["running"] == []
    deployed = local_cloud.state.deployed.stat().st_mtime_ns
    local_cloud.up()
    assert local_cloud.state.deployed.stat().st_mtime_ns == deployed
    assert local_cloud.outputs() == outputs
    assert wait_for(local_cloud, dropped) == loaded
    s3 = local_cloud.session().client("s3")
    kept = s3.get_object(Bucket=outputs.landing_bucket, Key=dropped.key, VersionId=dropped.version_id)
    assert kept["Body"].read()
    assert wait_for(local_cloud, drop(local_cloud))["status"] == "loaded"


def test_each_part_that_is_killed_is_started_again_and_nothing_is_lost(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud)
    loaded = wait_for(local_cloud, dropped)
    for name in local_cloud.status()["running"]:
        restarts = len(local_cloud.status()["restarts"])
        (killed,) = (each for each in processes.load(local_cloud.state.processes) if each.name == name)
        os.kill(killed.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while len(local_cloud.status()["restarts"]) == restarts or name not in local_cloud.status()["running"]:
            assert time.monotonic() < deadline, name
            time.sleep(0.1)
        assert local_cloud.status()["restarts"][-1]["name"] == name
        assert wait_for(local_cloud, _drop_when_it_answers(local_cloud))["status"] == "loaded", name
    assert wait_for(local_cloud, dropped) == loaded
    assert local_cloud.status()["crashes"] == {}


def test_a_file_that_lands_just_before_the_emulator_crashes_is_loaded_after_it(local_cloud: LocalCloud) -> None:
    local_cloud.faults.pause_event_source()
    dropped = drop(local_cloud)
    wait_until_saved(local_cloud)
    (emulator,) = (each for each in processes.load(local_cloud.state.processes) if each.name == "emulator")
    os.kill(emulator.pid, signal.SIGKILL)
    later = _drop_when_it_answers(local_cloud)
    local_cloud.faults.resume_event_source()
    assert wait_for(local_cloud, dropped)["status"] == "loaded"
    assert wait_for(local_cloud, later)["status"] == "loaded"


def _drop_when_it_answers(cloud: LocalCloud) -> Dropped:
    deadline = time.monotonic() + 30
    while True:
        try:
            return drop(cloud)
        except BotoCoreError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def _listening(cloud: LocalCloud) -> list[tuple[str, int]]:
    """The address, in hexadecimal digits, and the port of every listening socket of the local cloud's processes."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs Linux's /proc/net")
    ours = {inode for each in processes.load(cloud.state.processes) for inode in _sockets(each.pid)}
    lines = [line for version in ("tcp", "tcp6") for line in Path(f"/proc/net/{version}").read_text().splitlines()[1:]]
    sockets = [line.split() for line in lines]
    ends = [each[1].split(":") for each in sockets if each[3] == "0A" and each[9] in ours]
    return [(address, int(port, 16)) for address, port in ends]


def _raw_request(method: str, path: str, host: str, origin: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Content-Length: 2", "Connection: close"]
    return "\r\n".join([*lines, *([f"Origin: {origin}"] if origin else []), "", "{}"]).encode()


def _raw_answers(cloud: LocalCloud, port: int, request: bytes) -> Iterator[bytes]:
    """What the port answers to one request, in plain text and over TLS; nothing if it closes the connection."""
    for context in (None, ssl.create_default_context(cafile=cloud.services().ca_bundle)):
        with contextlib.ExitStack() as sockets, contextlib.suppress(OSError):
            connection = sockets.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            if context:
                connection = sockets.enter_context(context.wrap_socket(connection, server_hostname="127.0.0.1"))
            connection.sendall(request)
            yield b"".join(iter(partial(connection.recv, 65536), b""))


def _sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            yield target[len("socket:[") : -1]
