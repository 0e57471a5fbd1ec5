"""The local cloud as an object, without its services."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from local_cloud.supervisor import RunningServices

SERVICES = RunningServices(
    endpoint_url="https://127.0.0.1:4566",
    access_key_id="LOCALCLOUD0000000000",
    secret_access_key="secret",
    ca_bundle="ca.pem",
    metadata_url="http://127.0.0.1:1338",
    web_url="http://localhost:8080/",
    upload_url="http://127.0.0.1:8081",
    database_superuser_url="postgresql://localhost:5432/postgres",
    supervisor_pid=1,
    code="digest",
)


def test_a_profile_that_does_not_exist_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile other]\nregion = eu-west-1\n[nonsense")
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))
    cloud = LocalCloud(tmp_path)
    cloud.state.services.write_text(json.dumps(asdict(SERVICES)))
    client = cloud.session().client("s3")
    assert (client.meta.endpoint_url, client.meta.region_name) == (SERVICES.endpoint_url, "us-east-1")


class _Unlucky(LocalCloud):
    """Its services don't start for the given reasons, one at a time, and then do."""

    def __init__(self, state: Path, say: Callable[[str], None], *reasons: str) -> None:
        super().__init__(state, say=say)
        self.reasons = list(reasons)

    def _start_services(self) -> None:
        if self.reasons:
            raise LocalCloudError(self.reasons.pop(0))


def test_a_port_that_another_program_took_meanwhile_is_tried_again_once(tmp_path: Path) -> None:
    said: list[str] = []
    _Unlucky(tmp_path, said.append, "bind: Address already in use")._ensure_services()
    assert [line for line in said if "took a port" in line]
    with pytest.raises(LocalCloudError, match="already in use"):
        _Unlucky(tmp_path, said.append, *["bind: address already in use"] * 2)._ensure_services()


def test_whatever_else_keeps_the_services_from_starting_is_told_at_once(tmp_path: Path) -> None:
    cloud = _Unlucky(tmp_path, lambda line: None, "no PostgreSQL here", "not reached")
    with pytest.raises(LocalCloudError, match="no PostgreSQL here"):
        cloud._ensure_services()
    assert cloud.reasons == ["not reached"]
