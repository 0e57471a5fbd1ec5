"""The supervisor starts every process, starts crashed ones again, and leaves no process behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from local_cloud import contents, processes, toolchain
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from local_cloud.ports import free_port, is_free
from local_cloud.postgres import data_folder
from local_cloud.report import Summary
from local_cloud.state import CHECKOUT
from local_cloud.supervisor import CORE, MAX_RESTARTS
from tests.support.saved import wait_until_saved
from tests.support.without_stacks import WithoutStacks


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own, with nothing deployed."""
    cloud = WithoutStacks(tmp_path / "one")
    cloud.up()
    yield cloud
    cloud.reset()


def _pid(cloud: LocalCloud, name: str) -> int:
    return next(each.pid for each in processes.load(cloud.state.processes) if each.name == name)


def _all_gone(recorded: list[processes.ProcessRecord]) -> bool:
    return not [each.name for each in recorded if processes.runs(each)]


def test_all_processes_run_and_down_ends_them(services: LocalCloud) -> None:
    assert set(services.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}
    recorded = processes.load(services.state.processes)
    services.down()
    assert _all_gone(recorded)
    assert services.status() == {"running": [], "crashes": {}, "restarts": []}
    assert not services.state.services.exists()


def _kill(cloud: LocalCloud, name: str) -> None:
    os.kill(_pid(cloud, name), signal.SIGKILL)


def _crash(cloud: LocalCloud, name: str) -> None:
    """Kill the process, and wait until another one replaces it and the restart is reported."""
    pid, restarts = _pid(cloud, name), len(cloud.status()["restarts"])
    _kill(cloud, name)
    _wait_until(lambda: len(cloud.status()["restarts"]) > restarts and _pid(cloud, name) != pid)


def _wait_until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("name", sorted(CORE))
def test_a_crashed_process_is_started_again_and_reported_with_the_last_lines_of_its_log(
    services: LocalCloud, name: str
) -> None:
    before = _pid(services, name)
    _kill(services, name)
    _wait_until(lambda: services.status()["restarts"])
    (restart,) = services.status()["restarts"]
    first, *rest = restart["message"].splitlines()
    assert restart["name"] == name
    assert first.startswith(f"{name} crashed (killed by SIGKILL) at ")
    assert " and was started again; see the end of its log " in first
    assert rest
    _wait_until(lambda: _pid(services, name) != before)
    _wait_until(partial(_answers, services))
    assert services.status()["crashes"] == {}
    assert services.down() == []


def _answers(cloud: LocalCloud) -> bool:
    """Whether the database and the API answer."""
    try:
        psycopg.connect(cloud.services().database_superuser_url, connect_timeout=5).close()
        cloud.session().client("sts").get_caller_identity()
    except (psycopg.OperationalError, BotoCoreError):
        return False
    return True


def test_a_process_that_crashes_again_and_again_stays_down_and_is_reported(services: LocalCloud) -> None:
    for _ in range(MAX_RESTARTS):
        _crash(services, "database proxy")
    _kill(services, "database proxy")
    _wait_until(lambda: services.status()["crashes"])
    (crash,) = services.status()["crashes"].values()
    assert f"and stays down, because it was restarted {MAX_RESTARTS} times" in crash
    assert "database proxy" not in services.status()["running"]
    assert services.down() == [crash]


def test_down_ends_everything_even_if_the_supervisor_was_killed(services: LocalCloud) -> None:
    recorded = processes.load(services.state.processes)
    (supervisor,) = (each for each in recorded if each.name == "supervisor")
    os.kill(supervisor.pid, signal.SIGKILL)
    _wait_until(lambda: not processes.runs(supervisor))
    assert "supervisor" in services.status()["crashes"]
    assert [each.name for each in recorded if not processes.runs(each)] == ["supervisor"]
    (crash,) = services.down()
    assert "supervisor crashed without stopping the other processes" in crash
    assert _all_gone(recorded)


def test_two_local_clouds_run_side_by_side_and_share_nothing(services: LocalCloud, tmp_path: Path) -> None:
    other = WithoutStacks(tmp_path / "two")
    other.up()
    try:
        ours, theirs = services.services(), other.services()
        for name in ("endpoint_url", "database_superuser_url", "secret_access_key"):
            assert getattr(ours, name) != getattr(theirs, name), name
        assert not set(ours.ports.values()) & set(theirs.ports.values())
    finally:
        other.reset()
    assert set(services.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}


def test_only_their_owner_may_read_files_with_secrets(services: LocalCloud) -> None:
    state = services.state
    for path in (state.services, state.control, state.database_proxy_control, state.emulator / "settings.json"):
        json.loads(path.read_text())
        assert path.stat().st_mode & 0o077 == 0, path
    secrets = state.resources / "secretsmanager.json"
    services.session().client("secretsmanager").create_secret(Name="kept", SecretString="a password")
    _wait_until(lambda: secrets.exists() and "a password" in secrets.read_text())
    for path in (path for folder in (state.resources, state.objects) for path in folder.rglob("*") if path.is_file()):
        assert path.stat().st_mode & 0o077 == 0, path


class _EmulatorCrashes(LocalCloud):
    """Its emulator crashes during `up`."""

    def _bring_up(self) -> Summary:
        # Without retries, because the next emulator might answer them. And only when nothing listens any more: a
        # connection that is reset during its handshake leaves a socket open, which fails a later test.
        client = self.session().client("sts", config=Config(retries={"total_max_attempts": 1}))
        port = urlsplit(self.services().endpoint_url).port or 0
        _kill(self, "emulator")
        _wait_until(lambda: is_free(port))
        client.get_caller_identity()
        raise AssertionError("nothing should have answered")


def test_a_crash_during_up_is_reported_with_the_last_lines_of_the_log(services: LocalCloud) -> None:
    with pytest.raises(LocalCloudError) as error:
        _EmulatorCrashes(services.state.root).up()
    first, *rest = str(error.value).splitlines()
    assert first.startswith("emulator crashed (killed by SIGKILL) at ")
    assert len(rest) > 1
    assert rest[-1].startswith("After that, this failed: ")


def test_processes_of_the_same_code_stay_and_those_of_former_code_restart(services: LocalCloud) -> None:
    said: list[str] = []
    before = processes.load(services.state.processes)
    cloud = WithoutStacks(services.state.root, say=said.append)
    cloud.up()
    assert (said, processes.load(services.state.processes)) == ([], before)

    former = json.loads(services.state.services.read_text()) | {"code": "former"}
    services.state.services.write_text(json.dumps(former))
    cloud.up()

    assert "code or pinned versions changed" in said[0]
    assert _all_gone(before)
    assert set(cloud.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}
    cloud.down()


def test_processes_start_with_an_unreachable_proxy_and_a_missing_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    cloud = WithoutStacks(tmp_path)
    cloud.up()
    assert "emulator" in cloud.status()["running"]
    cloud.reset()


def test_down_keeps_the_data_addresses_and_keys_and_reset_deletes_them(services: LocalCloud) -> None:
    before = services.services()
    services.session().client("ssm").put_parameter(Name="kept", Value="value", Type="String")
    services.session().client("s3").create_bucket(Bucket="kept")
    services.session().client("s3").put_object(Bucket="kept", Key="a/key", Body=b"content")
    with psycopg.connect(before.database_superuser_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    services.down()
    services.up()
    after = services.services()
    assert replace(after, code=before.code) == before
    assert services.session().client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "value"
    assert services.session().client("s3").get_object(Bucket="kept", Key="a/key")["Body"].read() == b"content"
    with psycopg.connect(after.database_superuser_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert "1 object in the bucket kept" in contents.described(services.state)
    database = data_folder(services.state.root)
    services.reset()
    assert contents.described(services.state) == []
    assert database is not None
    assert not database.exists()
    services.up()
    assert services.session().client("s3").list_buckets()["Buckets"] == []
    assert services.services().secret_access_key != before.secret_access_key


def test_everything_killed_at_once_continues_with_its_data(services: LocalCloud) -> None:
    services.session().client("ssm").put_parameter(Name="kept", Value="value", Type="String")
    with psycopg.connect(services.services().database_superuser_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    wait_until_saved(services)
    for each in processes.load(services.state.processes):
        os.kill(each.pid, signal.SIGKILL)
    said: list[str] = []
    again = WithoutStacks(services.state.root, say=said.append)
    again.up()
    assert "stopping what is left of the last run; its data stays" in said
    assert services.session().client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "value"
    with psycopg.connect(services.services().database_superuser_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.down()


def test_a_message_in_flight_when_the_emulator_crashes_is_delivered_again(services: LocalCloud) -> None:
    sqs = services.session().client("sqs")
    queue = sqs.create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="again")
    sqs.receive_message(QueueUrl=queue)
    wait_until_saved(services)
    _kill(services, "emulator")
    _wait_until(lambda: services.status()["restarts"])
    _wait_until(partial(_answers, services))
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "again"


def test_lost_database_files_are_not_replaced_by_an_empty_database(services: LocalCloud) -> None:
    services.down()
    database = data_folder(services.state.root)
    assert database is not None
    shutil.rmtree(database)
    with pytest.raises(LocalCloudError, match="is gone: put it back, or start anew with `make reset`"):
        services.up()


def test_saved_resources_that_cannot_be_read_are_not_replaced_by_none(services: LocalCloud) -> None:
    services.session().client("sqs").create_queue(QueueName="kept")
    services.down()
    saved = services.state.resources / "sqs.json"
    content = saved.read_text()
    saved.write_text(content[:100])
    with pytest.raises(LocalCloudError, match=r"sqs\.json can't be read: put a copy of it there, or start anew"):
        services.up()
    assert saved.read_text() == content[:100]
    saved.write_text(content)
    services.up()
    assert services.session().client("sqs").get_queue_url(QueueName="kept")


def test_an_emulator_that_is_stopped_while_it_starts_keeps_what_was_saved(services: LocalCloud) -> None:
    services.session().client("sqs").create_queue(QueueName="kept")
    wait_until_saved(services)
    _kill(services, "emulator")
    before = _pid(services, "emulator")
    _wait_until(lambda: _pid(services, "emulator") != before)
    os.kill(_pid(services, "emulator"), signal.SIGTERM)
    _wait_until(lambda: services.status()["crashes"] or len(services.status()["restarts"]) > 1)
    services.up()
    assert services.session().client("sqs").get_queue_url(QueueName="kept")


def test_a_port_that_another_program_took_since_is_named(services: LocalCloud) -> None:
    port = int(services.services().endpoint_url.rpartition(":")[2])
    services.down()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(LocalCloudError, match=f"port {port}, which this local cloud has used"),
    ):
        services.up()
    services.up()


def test_a_failed_start_ends_cleanly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    toolchain.prepare(print)
    (tmp_path / "emulator").touch()  # where a folder must be
    command = [sys.executable, "-m", "local_cloud.supervisor", str(tmp_path), "--ports", "{}"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("FAILED ")
    assert LocalCloud(tmp_path).down() == []
