"""The first command on a fresh machine says clearly what is missing."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import bootstrap

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 11, 2)])
def test_a_python_that_is_too_old_is_named(version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    this = ".".join(map(str, version))
    words = rf"Python 3\.11\.5 or newer is needed, this is {this} .*make PYTHON=python3.12"
    with pytest.raises(SystemExit, match=words):
        bootstrap.main()


@pytest.mark.thorough
def test_no_network_is_one_clear_message(tmp_path: Path) -> None:
    for name in ("scripts/bootstrap.py", "requirements-dev.txt", "scripts/requirements-node.txt", "package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "scripts/bootstrap.py"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            # Nothing listens there, and no cached or local package helps.
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
        },
    )
    assert done.returncode == 1
    assert (
        "installing requirements-dev.txt failed. The first setup needs the Python and npm package indexes"
        in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_a_second_run_does_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/bootstrap.py"], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_checkout_that_was_moved_gets_its_environment_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def create(folder: Path, **_: object) -> None:
        made.append(folder)
        venv.create(folder, symlinks=True)

    monkeypatch.setattr(bootstrap, "venv", SimpleNamespace(create=create))

    def set_up(checkout: Path) -> None:
        monkeypatch.setattr(bootstrap, "VENV", checkout / ".venv")
        monkeypatch.setattr(bootstrap, "PYTHON", checkout / ".venv" / "bin" / "python")
        bootstrap._make_venv()

    first, second = tmp_path / "first", tmp_path / "second"
    set_up(first)
    set_up(first)
    first.rename(second)
    set_up(second)
    assert made == [first / ".venv", second / ".venv"]


@pytest.mark.parametrize(("shown", "major"), [("v24.19.0", 24), ("v9.1.2", 9), ("", 0)])
def test_nodes_version_is_read(shown: str, major: int, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {shown}\n")
    node.chmod(0o755)
    assert bootstrap._major_of(str(node)) == major


def test_lock_files_carry_hashes_and_no_address() -> None:
    locks = [
        *ROOT.glob("requirements*.txt"),
        *ROOT.glob("*/requirements.txt"),
        *ROOT.glob("lambda_src/*/requirements.txt"),
    ]
    assert len(locks) >= 7
    for lock in locks:
        text = lock.read_text()
        assert "--hash=sha256:" in text, lock
        assert "://" not in text, lock
    assert "://" not in (ROOT / "package-lock.json").read_text()


def test_what_ships_has_the_version_that_is_tested() -> None:
    def pins(lock: Path) -> set[str]:
        return {line.split()[0] for line in lock.read_text().splitlines() if "==" in line and not line.startswith(" ")}

    tested = pins(ROOT / "requirements-dev.txt")
    for lock in (
        *ROOT.glob("lambda_src/*/requirements.txt"),
        ROOT / "web_src/requirements.txt",
        ROOT / "requirements.txt",
    ):
        assert pins(lock) <= tested, lock
