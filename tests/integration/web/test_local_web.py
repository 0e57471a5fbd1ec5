# ruff: noqa: S310 - every URL here is on loopback
"""The web app on the local cloud shows loaded files, and its instance has only the permissions of its role."""

from __future__ import annotations

import html
import json
import os
import signal
import time
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud import processes
from local_cloud.cloud import LocalCloud
from local_cloud.web.instance import PROCESS
from local_cloud.web.ports import metadata_url
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


@pytest.mark.parametrize("host", ["evil.example", "shop-web.alb.localhost:{port}", "bucket.s3.localhost:{port}"])
@pytest.mark.parametrize("path", ["", "healthz", "api/files", "_ministack/reset"])
def test_the_page_does_not_answer_to_other_host_names(local_cloud: LocalCloud, path: str, host: str) -> None:
    url = address(local_cloud)
    assert _status(url + path, Host=host.format(port=urlsplit(url).port)) == 421


def test_the_app_gets_the_host_name_that_the_client_called(local_cloud: LocalCloud) -> None:
    url = address(local_cloud)
    for name in ("localhost", "127.0.0.1"):
        assert _status(url.replace("localhost", name)) == 200
    assert _status(_instance_url(local_cloud), Host="evil.example") == 421


@pytest.mark.parametrize(
    "path", ["health", "_ministack/health", "_localstack/health", "_ministack/reset", "_alb/x", "oauth2/token", "//"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_app_answers_at_addresses_that_mean_something_to_the_emulator(
    local_cloud: LocalCloud, path: str, method: str
) -> None:
    asked = Request(address(local_cloud) + path, method=method)
    with pytest.raises(HTTPError) as answered:
        urlopen(asked, timeout=10)
    with answered.value as error:
        assert error.code == 404
        assert "There is no page at this address." in error.read().decode()


def test_who_viewed_rows_is_in_the_log_of_the_instance(local_cloud: LocalCloud) -> None:
    page(local_cloud, "datasets/orders/rows?limit=7")
    lines = [json.loads(line) for line in local_cloud.state.log(PROCESS).read_text().splitlines()]
    (viewed,) = [line for line in lines if line["message"] == "view rows" and line["rows"] == 7]
    assert (viewed["who"], viewed["dataset"]) == (None, "orders")


def _instance_url(cloud: LocalCloud) -> str:
    elbv2 = cloud.session().client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    (health,) = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return f"http://{health['Target']['Id']}:{health['Target']['Port']}/"


def _status(url: str, **headers: str) -> int:
    try:
        with urlopen(Request(url, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


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


def test_a_web_app_that_crashed_starts_again_without_a_deployment(local_cloud: LocalCloud) -> None:
    before = processes.load(local_cloud.state.processes)
    (crashed,) = (each for each in before if each.name == PROCESS)
    os.kill(crashed.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while PROCESS not in local_cloud.status()["crashes"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    said: list[str] = []
    LocalCloud(local_cloud.state.root, say=said.append).up()
    assert said[1:] == ["starting the web app", "loading the sample files"]
    after = processes.load(local_cloud.state.processes)
    assert [each for each in after if each.name != PROCESS] == [each for each in before if each.name != PROCESS]
    assert "<main" in _page_when_it_has_connected(local_cloud)


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
