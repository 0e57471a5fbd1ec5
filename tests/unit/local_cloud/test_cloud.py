"""The local cloud as an object, without its processes."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from local_cloud.service import LocalService, ServiceContext
from local_cloud.supervisor import RunningServices

SERVICES = RunningServices(
    endpoint_url="https://127.0.0.1:4566",
    access_key_id="LOCALCLOUD0000000000",
    secret_access_key="secret",
    ca_bundle="ca.pem",
    database_superuser_url="postgresql://localhost:5432/postgres",
    ports={"page": 8080},
    code="digest",
)


def test_a_missing_or_broken_profile_of_the_user_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile other]\nregion = eu-west-1\n[nonsense")
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))
    cloud = LocalCloud(tmp_path)
    cloud.state.services.write_text(json.dumps(asdict(SERVICES)))
    client = cloud.session().client("s3")
    assert (client.meta.endpoint_url, client.meta.region_name) == (SERVICES.endpoint_url, "us-east-1")


class _FailsToStart(LocalCloud):
    """A cloud whose processes fail to start for each of the given reasons in turn, and then start."""

    def __init__(self, state: Path, say: Callable[[str], None], *reasons: str) -> None:
        super().__init__(state, say=say)
        self.reasons = list(reasons)

    def _start_core(self) -> None:
        if self.reasons:
            raise LocalCloudError(self.reasons.pop(0))


def test_a_start_whose_port_another_program_took_is_tried_once_more(tmp_path: Path) -> None:
    said: list[str] = []
    _FailsToStart(tmp_path, said.append, "bind: Address already in use")._ensure_core()
    assert [line for line in said if "took a port" in line]
    with pytest.raises(LocalCloudError, match="already in use"):
        _FailsToStart(tmp_path, said.append, *["bind: address already in use"] * 2)._ensure_core()


def test_any_other_failure_to_start_is_reported_at_once(tmp_path: Path) -> None:
    cloud = _FailsToStart(tmp_path, lambda line: None, "no PostgreSQL here", "not reached")
    with pytest.raises(LocalCloudError, match="no PostgreSQL here"):
        cloud._ensure_core()
    assert cloud.reasons == ["not reached"]


def _running(state: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> LocalCloud:
    """A cloud that seems to run, on the ports of SERVICES."""
    cloud = LocalCloud(state, variables=variables)
    cloud.state.services.write_text(json.dumps(asdict(SERVICES)))
    cloud.state.deployed.touch()
    monkeypatch.setattr(cloud, "_supervisor_runs", lambda: True)
    monkeypatch.setattr(cloud, "_runs_this_code", lambda: True)
    return cloud


@pytest.mark.parametrize("variables", [{}, {"PAGE_PORT": ""}, {"PAGE_PORT": "8080"}])
def test_a_running_cloud_keeps_its_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    _running(tmp_path, monkeypatch, **variables)._ensure_core()


def test_another_port_for_a_running_cloud_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalCloudError, match="already running with PAGE_PORT=8080: run `make down` first"):
        _running(tmp_path, monkeypatch, PAGE_PORT="8081")._ensure_core()


class _WithService(LocalCloud):
    """A cloud with one service of a capability, which only records that it starts."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self.starts = 0
        self.running: list[str] = []
        self.fails = False

    def status(self) -> dict[str, Any]:
        return {"running": self.running, "crashes": {}}

    def ensure(self) -> None:
        service = LocalService(
            process="page", ports=(), start=self._start, variables=lambda ports: {}, report=lambda ports: []
        )
        context = ServiceContext(state=self.state, core=SERVICES, session=None, outputs={})
        self._ensure_service("pages", service, context)

    def _start(self, context: ServiceContext) -> None:
        self.starts += 1
        self.running = ["page"]
        if self.fails:
            raise LocalCloudError("not healthy")


def test_a_service_starts_once_for_each_deployment(tmp_path: Path) -> None:
    cloud = _WithService(tmp_path)
    cloud.ensure()
    cloud.ensure()
    assert cloud.starts == 1
    cloud._forget_started()
    cloud.ensure()
    assert cloud.starts == 2


def test_a_service_that_crashed_starts_again(tmp_path: Path) -> None:
    cloud = _WithService(tmp_path)
    cloud.ensure()
    cloud.running = []
    cloud.ensure()
    assert cloud.starts == 2


def test_a_service_that_failed_to_start_is_tried_again_though_its_process_runs(tmp_path: Path) -> None:
    cloud = _WithService(tmp_path)
    cloud.ensure()
    cloud.running, cloud.fails = [], True
    with pytest.raises(LocalCloudError, match="not healthy"):
        cloud.ensure()
    cloud.fails = False
    cloud.ensure()
    assert cloud.starts == 3


def test_a_crash_of_a_service_is_not_one_of_the_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = LocalCloud(tmp_path)
    found = {
        "running": [],
        "crashes": {"page": "p", "emulator": "e"},
        "restarts": [{"name": "page", "message": "p again"}, {"name": "PostgreSQL", "message": "d"}],
    }
    monkeypatch.setattr(cloud, "status", lambda: found)
    assert cloud._crashes_since_start(core_only=True) == ["e", "d"]
    assert cloud._crashes_since_start() == ["p", "e", "p again", "d"]
    monkeypatch.setattr(cloud, "_restarts_before", 2)
    assert cloud._crashes_since_start(core_only=True) == ["e"]
