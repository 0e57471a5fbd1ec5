"""Nothing that the local cloud starts can reach a real account."""

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest
from botocore.utils import get_environ_proxies

from local_cloud.environment import Account, clean, clean_this_process, refuse_unless_loopback
from local_cloud.errors import LocalCloudError
from local_cloud.ports import LOOPBACK, free_port


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:4566", "http://localhost:4566/", "https://127.0.0.2:1", "http://[::1]:9"]
)
def test_loopback_endpoints_are_accepted(url: str) -> None:
    refuse_unless_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.us-east-1.amazonaws.com",
        "https://10.0.0.4:4566",
        "https://0.0.0.0:4566",
        "https://localhost.example.com",
        "https://127.0.0.1.example.com",
        "https://127.0.0.1@example.com/",
        "",
    ],
)
def test_any_other_endpoint_is_refused(url: str) -> None:
    with pytest.raises(LocalCloudError, match="connects to this machine only"):
        refuse_unless_loopback(url)


def test_an_account_elsewhere_is_refused() -> None:
    with pytest.raises(LocalCloudError):
        Account(endpoint_url="https://s3.amazonaws.com", access_key_id="a", secret_access_key="b", ca_bundle="ca.pem")


def test_the_users_own_aws_settings_are_removed() -> None:
    mine = {
        "AWS_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_ENDPOINT_URL_S3": "https://s3",
        "CDK_DEFAULT_ACCOUNT": "1",
    }
    kept = clean({**mine, "PATH": "/bin", "HTTPS_PROXY": "http://proxy"})
    assert not mine.keys() & kept.keys()
    assert kept["PATH"] == "/bin"
    assert kept["HTTPS_PROXY"] == "http://proxy"
    assert kept["AWS_CONFIG_FILE"] == kept["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_local_calls_never_go_through_a_proxy() -> None:
    assert clean({"NO_PROXY": "intranet"})["NO_PROXY"] == "intranet,127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"no_proxy": "intranet"}, "intranet,127.0.0.1,localhost"),
        ({"NO_PROXY": "a, b", "no_proxy": "b,localhost"}, "a,b,localhost,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_the_users_own_exemptions_are_kept(theirs: dict[str, str], ours: str) -> None:
    cleaned = clean(theirs)
    assert cleaned["NO_PROXY"] == cleaned["no_proxy"] == ours
    assert clean(cleaned) == cleaned


def test_local_calls_of_this_process_bypass_a_proxy_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = dict(os.environ)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        environment[name] = f"http://{LOOPBACK}:{free_port()}"
    environment["NO_PROXY"] = environment["no_proxy"] = ""
    monkeypatch.setattr(os, "environ", environment)
    with HTTPServer((LOOPBACK, 0), _Answer) as server:
        threading.Thread(target=server.handle_request).start()
        url = f"http://{LOOPBACK}:{server.server_port}/"
        with pytest.raises(URLError):
            build_opener(ProxyHandler()).open(url, timeout=5)
        clean_this_process(os.environ)
        with build_opener(ProxyHandler()).open(url, timeout=5) as answer:
            assert answer.read() == b"here"
    assert get_environ_proxies("https://localhost:4566") == {}


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, *_: object) -> None:
        """Say nothing."""
