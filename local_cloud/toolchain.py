"""The interpreters of the local cloud: one with the emulator and PostgreSQL, and one with nothing, for functions."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from .errors import LocalCloudError
from .state import CHECKOUT

REQUIREMENTS = CHECKOUT / "local_cloud" / "requirements.txt"
SHARED = CHECKOUT / ".local"
SERVICES_VENV = SHARED / "venv"
FUNCTION_VENV = SHARED / "function-python"


def prepare(say: Callable[[str], None]) -> None:
    """Make both virtual environments where they are missing or out of date; all instances share them."""
    SHARED.mkdir(exist_ok=True)
    with (SHARED / "toolchain.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
        if _stamp(SERVICES_VENV) != wanted:
            say("installing the emulator and PostgreSQL")
            _make_services_venv()
            _write_stamp(SERVICES_VENV, wanted)
        interpreter = sys.version
        if _stamp(FUNCTION_VENV) != interpreter:
            shutil.rmtree(FUNCTION_VENV, ignore_errors=True)
            venv.create(FUNCTION_VENV, with_pip=False, symlinks=True)
            _write_stamp(FUNCTION_VENV, interpreter)


def program(name: str) -> Path:
    """A program of the services' virtual environment."""
    return SERVICES_VENV / "bin" / name


def function_python() -> Path:
    """The interpreter that runs functions and the web app: only their bundles add packages to it."""
    return FUNCTION_VENV / "bin" / "python"


def node_path() -> str:
    """The PATH on which the setup guarantees Node and the CDK's command line."""
    folders = [str(CHECKOUT / ".venv" / "bin"), str(CHECKOUT / "node_modules" / ".bin")]
    return os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])


def _make_services_venv() -> None:
    shutil.rmtree(SERVICES_VENV, ignore_errors=True)
    venv.create(SERVICES_VENV, with_pip=True, symlinks=True)
    done = subprocess.run(
        [program("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--require-hashes", "--requirement", REQUIREMENTS],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-5:])
        raise LocalCloudError(
            f"installing {REQUIREMENTS.relative_to(CHECKOUT)} failed. The first set-up needs the Python package "
            f"index: is the network there? pip said:\n{said}"
        )


def _stamp(folder: Path) -> str:
    stamp = folder / ".local-cloud-stamp"
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def _write_stamp(folder: Path, text: str) -> None:
    (folder / ".local-cloud-stamp").write_text(text, encoding="utf-8")
