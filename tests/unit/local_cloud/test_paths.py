"""The path of a checkout may have blanks, quotes, dollar signs and Unicode."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from local_cloud.database_user import DatabaseUser, make_home, reachable_installation
from local_cloud.postgres import INSTALLATION, PostgresEndpoint
from local_cloud.report import Summary, render
from local_cloud.state import StateFolder
from tests.support.paths import AWKWARD


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / AWKWARD
    folder.mkdir(parents=True)
    return folder


def test_the_databases_url_names_the_bundle_as_it_is(checkout: Path) -> None:
    bundle = checkout / "authority.pem"
    server = PostgresEndpoint(host="localhost", port=1, ca_bundle=bundle, superuser="s", superuser_password="p")
    assert conninfo_to_dict(server.url())["sslrootcert"] == str(bundle)


def test_postgresql_runs_from_a_path_that_initdb_can_give_to_a_shell(checkout: Path) -> None:
    installation = checkout / INSTALLATION
    (installation / "bin").mkdir(parents=True)
    (installation / "bin" / "postgres").touch()
    (installation.parent.parent / f"{installation.parent.name}.libs").mkdir()
    home = make_home(DatabaseUser(), checkout / "postgres")
    try:
        postgres = reachable_installation(DatabaseUser(), installation, home) / "bin" / "postgres"
        found = subprocess.run(["sh", "-c", f'ls "{postgres}"'], check=False, capture_output=True, text=True)
        assert found.stdout == f"{postgres}\n"
    finally:
        shutil.rmtree(home)


def test_suggested_commands_can_be_copied_to_a_shell(checkout: Path) -> None:
    state = StateFolder(checkout)
    text = render(Summary(stacks=[], recorded_only={}, files=[], rejects=[], services=[]), state)
    (line,) = [line for line in text.splitlines() if line.startswith("  source ")]
    assert shlex.split(line) == ["source", str(state.env)]
