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
from functools import partial
from pathlib import Path

from .errors import LocalCloudError
from .state import CHECKOUT

REQUIREMENTS = CHECKOUT / "local_cloud" / "requirements.txt"
SHARED = CHECKOUT / ".local"
# Links to the current ones.
SERVICES_VENV = SHARED / "venv"
FUNCTION_VENV = SHARED / "function-python"
_FINISHED = ".local-cloud-stamp"


def prepare(say: Callable[[str], None]) -> None:
    """Make both virtual environments where they are missing or out of date; all instances share them."""
    SHARED.mkdir(exist_ok=True)
    with (SHARED / "toolchain.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        interpreter = sys.version.encode()
        _provide(SERVICES_VENV, REQUIREMENTS.read_bytes() + interpreter, partial(_make_services_venv, say=say))
        _provide(FUNCTION_VENV, interpreter, partial(venv.create, with_pip=False, symlinks=True))


def program(name: str) -> Path:
    """A program of the services' virtual environment."""
    return SERVICES_VENV.resolve() / "bin" / name


def function_python() -> Path:
    """The interpreter that runs functions and the web app: only their bundles add packages to it."""
    return FUNCTION_VENV.resolve() / "bin" / "python"


def node_path() -> str:
    """The PATH on which the setup guarantees Node and the CDK's command line."""
    folders = [str(CHECKOUT / ".venv" / "bin"), str(CHECKOUT / "node_modules" / ".bin")]
    return os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])


def _provide(link: Path, made_from: bytes, make: Callable[[Path], None]) -> None:
    """Point `link` at the environment made from just this and here, making it where it is missing.

    Its programs name its folder, so one that moved along with its checkout is of no use. Each has a folder of its own
    and former ones stay: an instance that runs still uses the one it was started with.
    """
    folder = link.with_name(f"{link.name}-{hashlib.sha256(made_from + bytes(link.parent.resolve())).hexdigest()[:12]}")
    if not (folder / _FINISHED).exists():
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)
        (folder / _FINISHED).touch()
    if link.is_symlink() and link.readlink() == Path(folder.name):
        return
    if link.is_dir() and not link.is_symlink():
        link.rename(link.with_name(f"{link.name}-former"))  # made before environments had folders of their own
    draft = link.with_name(f".{link.name}.draft")
    draft.unlink(missing_ok=True)
    draft.symlink_to(folder.name)
    draft.replace(link)


def _make_services_venv(folder: Path, *, say: Callable[[str], None]) -> None:
    say("installing the emulator and PostgreSQL")
    venv.create(folder, symlinks=True)
    # The checkout's own pip: one that comes with Python 3.11 does not trust the machine's certificates.
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install",
         "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", REQUIREMENTS],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-5:])
        raise LocalCloudError(
            f"installing {REQUIREMENTS.relative_to(CHECKOUT)} failed. The first set-up needs the Python package "
            f"index: is the network there? pip said:\n{said}"
        )
