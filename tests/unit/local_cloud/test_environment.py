"""Nothing that the local cloud starts can reach a real account."""

from pathlib import Path

import pytest

from local_cloud.environment import Account, clean, refuse_unless_loopback
from local_cloud.errors import LocalCloudError


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:4566", "http://localhost:4566/", "https://127.0.0.2:1", "http://[::1]:9"]
)
def test_loopback_endpoints_are_taken(url: str) -> None:
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
    with pytest.raises(LocalCloudError, match="speaks to this machine only"):
        refuse_unless_loopback(url)


def test_an_account_elsewhere_cannot_even_be_described() -> None:
    with pytest.raises(LocalCloudError):
        Account(
            endpoint_url="https://s3.amazonaws.com", access_key_id="a", secret_access_key="b", ca_bundle=Path("ca.pem")
        )


def test_the_users_own_aws_settings_do_not_leak_in() -> None:
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
