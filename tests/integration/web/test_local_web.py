# ruff: noqa: S310 - every URL here is on loopback
"""The web app on the local cloud shows loaded files, and its instance has only the permissions of its role."""

from __future__ import annotations

import html
import json
import os
import signal
import time
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud import processes
from local_cloud.cloud import LocalCloud
from local_cloud.web.instance import PROCESS
from local_cloud.web.ports import METADATA, PAGE, PORTS, UPLOAD, metadata_url
from tests.support.orders import drop, wait_for
from tests.support.web.page import address, page


@pytest.mark.parametrize("path", ["", "files"])
def test_a_file_that_lands_is_shown_on_the_page(local_cloud: LocalCloud, path: str) -> None:
    dropped = drop(local_cloud)
    wait_for(local_cloud, dropped)
    assert dropped.key.rpartition("/")[2] in html.unescape(page(local_cloud, path))


def test_the_page_has_its_address_in_the_shell_and_in_the_report(local_cloud: LocalCloud) -> None:
    url = address(local_cloud)
    assert f"export WEB_URL={url}\n" in local_cloud.state.env.read_text()
    assert f"The web page: {url}" in local_cloud.up().services


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example", "attacker@localhost", "10.0.0.1"])
def test_a_foreign_host_name_is_refused(local_cloud: LocalCloud, name: str, host: str) -> None:
    assert _status(local_cloud, name, **{"Host": host}) == 403


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("origin", ["http://attacker.example", "null", "http://localhost.attacker.example"])
def test_a_page_of_another_site_is_refused(local_cloud: LocalCloud, name: str, origin: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        assert _status(local_cloud, name, method=method, Origin=origin) == 403


@pytest.mark.parametrize(("name", "method"), [(PAGE, "TRACE"), (UPLOAD, "GET"), (UPLOAD, "PUT"), (METADATA, "OPTIONS")])
def test_a_method_without_a_purpose_is_refused(local_cloud: LocalCloud, name: str, method: str) -> None:
    assert _status(local_cloud, name, method=method) == 405


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1"])
def test_the_page_answers_to_this_machines_names(local_cloud: LocalCloud, host: str) -> None:
    origin = f"http://{host}:{local_cloud.services().ports[PAGE]}"
    assert _status(local_cloud, PAGE, Host=host, Origin=origin) == 200


def test_the_web_app_itself_answers_paths_that_the_emulator_has_too(local_cloud: LocalCloud) -> None:
    for path in ("health", "_ministack/health", "_localstack/health", "oauth2/authorize", "_alb/x", "//"):
        with pytest.raises(HTTPError) as missing:
            page(local_cloud, path)
        assert (missing.value.code, "<main" in missing.value.read().decode()) == (404, True), path


@pytest.mark.parametrize("path", ["/", "/another-bucket", "/{bucket}/key", "/{bucket}?delete", "/_ministack/reset"])
def test_the_upload_port_takes_forms_for_the_landing_bucket_only(local_cloud: LocalCloud, path: str) -> None:
    path = path.format(bucket=local_cloud.outputs().landing_bucket)
    assert _status(local_cloud, UPLOAD, path, method="POST") == 404


def test_the_upload_port_ignores_headers_that_address_another_service(local_cloud: LocalCloud) -> None:
    path = f"/{local_cloud.outputs().landing_bucket}"
    target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools", "Content-Type": "application/json"}
    assert _status(local_cloud, UPLOAD, path, method="POST", **target) in (400, 403)


def test_no_port_of_the_web_app_opens_a_web_socket(local_cloud: LocalCloud) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for name in PORTS:
        assert _status(local_cloud, name, "/_aws/execute-api/a/b", **upgrade) == 403


def test_the_instance_answers_only_to_names_of_the_load_balancer(local_cloud: LocalCloud) -> None:
    elbv2 = local_cloud.session().client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    (health,) = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    connection = HTTPConnection(health["Target"]["Id"], health["Target"]["Port"], timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": "attacker.example"})
        assert connection.getresponse().status == 421
    finally:
        connection.close()


def test_who_viewed_rows_is_in_the_log_of_the_instance(local_cloud: LocalCloud) -> None:
    page(local_cloud, "datasets/orders/rows?limit=7")
    lines = [json.loads(line) for line in local_cloud.state.log(PROCESS).read_text().splitlines()]
    (viewed,) = [line for line in lines if line["message"] == "view rows" and line["rows"] == 7]
    assert (viewed["who"], viewed["dataset"]) == (None, "orders")


def test_the_instance_has_the_credentials_of_its_role_and_no_other_permissions(local_cloud: LocalCloud) -> None:
    session = _instance_session(local_cloud)
    services = local_cloud.services()
    url, authority = services.endpoint_url, services.ca_bundle
    identity = session.client("sts", endpoint_url=url, verify=authority).get_caller_identity()
    assert ":assumed-role/" in identity["Arn"]
    s3 = session.client("s3", endpoint_url=url, verify=authority)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket=local_cloud.outputs().landing_bucket)


def test_the_metadata_service_answers_only_with_a_token(local_cloud: LocalCloud) -> None:
    url = f"{metadata_url(local_cloud.services().ports)}/latest/meta-data/iam/security-credentials/"
    with pytest.raises(HTTPError, match="401") as refused:
        urlopen(url, timeout=10)
    refused.value.close()


def test_the_page_works_again_after_its_database_was_killed(local_cloud: LocalCloud) -> None:
    local_cloud.faults.kill_database()
    local_cloud.faults.start_database()
    assert "<main" in _page_when_it_has_connected(local_cloud)


def test_a_web_app_that_crashed_is_started_again_on_its_own(local_cloud: LocalCloud) -> None:
    before = processes.load(local_cloud.state.processes)
    restarts = len(local_cloud.status()["restarts"])
    (crashed,) = (each for each in before if each.name == PROCESS)
    os.kill(crashed.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while len(local_cloud.status()["restarts"]) == restarts:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "<main" in _page_when_it_has_connected(local_cloud)
    after = processes.load(local_cloud.state.processes)
    assert [each for each in after if each.name != PROCESS] == [each for each in before if each.name != PROCESS]


def _status(cloud: LocalCloud, name: str, path: str = "/", *, method: str = "GET", **headers: str) -> int:
    """The status of the answer to one request on the port with this name."""
    connection = HTTPConnection("127.0.0.1", cloud.services().ports[name], timeout=30)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _page_when_it_has_connected(cloud: LocalCloud) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            return page(cloud)
        except HTTPError as unavailable:
            unavailable.close()
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def _instance_session(cloud: LocalCloud) -> boto3.session.Session:
    """A session with the credentials that an SDK finds on the instance."""
    base = metadata_url(cloud.services().ports) + "/latest"
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
