"""The folder of a local cloud."""

import shlex
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.state import Outputs, StateFolder

OUTPUTS = Outputs(
    **{field.name: f"the {field.name}'s $value" for field in fields(Outputs) if field.name != "variables"},
    variables={"PAGE_URL": "the page's $value"},
)


def test_a_second_command_at_the_same_time_is_refused(tmp_path: Path) -> None:
    with (
        StateFolder(tmp_path).lock(),
        pytest.raises(LocalCloudError, match="another command is already changing the local cloud"),
        StateFolder(tmp_path).lock(),
    ):
        pass


def test_a_failed_command_releases_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), StateFolder(tmp_path).lock():
        raise ZeroDivisionError
    with StateFolder(tmp_path).lock():
        pass


def test_local_clouds_do_not_lock_each_other(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "one").lock(), StateFolder(tmp_path / "two").lock():
        pass


def test_outputs_are_read_as_written_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    assert state.read_outputs() == OUTPUTS
    for file in (state.outputs, state.env):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("variable", "value"), [("DATABASE_URL", OUTPUTS.database_url), ("PAGE_URL", "the page's $value")]
)
def test_a_shell_reads_the_same_values(tmp_path: Path, variable: str, value: str) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    script = f'. "{state.env}"; exec {shlex.quote(sys.executable)} -c "import os; print(os.environ[\'{variable}\'])"'
    shown = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"AWS_PROFILE": "prod"}
    )
    assert shown.stdout == f"{value}\n"


def test_the_users_own_profile_is_unset(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    script = f'. "{state.env}"; echo "[$AWS_PROFILE]"'
    shown = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"AWS_PROFILE": "prod"}
    )
    assert shown.stdout == "[]\n"


def test_the_error_when_nothing_runs_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="run `make up` first"):
        StateFolder(tmp_path).read_outputs()


def test_a_shell_that_sources_it_calls_this_machine_without_a_proxy(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    script = f'. "{state.env}"; echo "$NO_PROXY $no_proxy"'
    found = subprocess.run(
        ["sh", "-euc", script], capture_output=True, text=True, check=True, env={"NO_PROXY": "example.com"}
    )
    assert found.stdout.split() == ["example.com,127.0.0.1,localhost", "127.0.0.1,localhost"]
