"""An instance's folder."""

import shlex
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.state import Outputs, StateFolder

OUTPUTS = Outputs(**{field.name: f"the {field.name}'s $value" for field in fields(Outputs)})


def test_a_second_command_at_once_is_turned_away(tmp_path: Path) -> None:
    with (
        StateFolder(tmp_path).lock(),
        pytest.raises(LocalCloudError, match="another command is already changing the local cloud"),
        StateFolder(tmp_path).lock(),
    ):
        pass


def test_the_lock_is_free_again_after_a_command_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), StateFolder(tmp_path).lock():
        raise ZeroDivisionError
    with StateFolder(tmp_path).lock():
        pass


def test_instances_do_not_lock_each_other(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "one").lock(), StateFolder(tmp_path / "two").lock():
        pass


def test_outputs_come_back_as_written_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    assert state.read_outputs() == OUTPUTS
    for file in (state.outputs, state.env):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_shell_reads_the_very_same_values(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    script = f'. "{state.env}"; exec {shlex.quote(sys.executable)} -c "import os; print(os.environ[\'DATABASE_URL\'])"'
    shown = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"AWS_PROFILE": "prod"}
    )
    assert shown.stdout == f"{OUTPUTS.database_url}\n"


def test_a_profile_of_the_users_own_is_put_aside(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_outputs(OUTPUTS)
    script = f'. "{state.env}"; echo "[$AWS_PROFILE]"'
    shown = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"AWS_PROFILE": "prod"}
    )
    assert shown.stdout == "[]\n"


def test_where_nothing_is_up_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="run `make up` first"):
        StateFolder(tmp_path).read_outputs()
