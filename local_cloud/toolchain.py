"""The interpreters of the local cloud: one with the emulator and PostgreSQL, and one without packages for functions."""

from __future__ import annotations

import fcntl
import hashlib
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
# Links to the current environments.
SERVICES_VENV = SHARED / "venv"
FUNCTION_VENV = SHARED / "function-python"
_FINISHED = ".local-cloud-stamp"


def prepare(say: Callable[[str], None]) -> None:
    """Make both virtual environments if missing or out of date; all local clouds of the checkout share them."""
    SHARED.mkdir(exist_ok=True)
    with (SHARED / "toolchain.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        interpreter = sys.version.encode()
        _provide(SERVICES_VENV, REQUIREMENTS.read_bytes() + interpreter, partial(_make_services_venv, say=say))
        _provide(FUNCTION_VENV, interpreter, partial(venv.create, with_pip=False, symlinks=True))


def program(name: str) -> Path:
    """A program of the virtual environment of the emulator and PostgreSQL."""
    return SERVICES_VENV.resolve() / "bin" / name


def function_python() -> Path:
    """The interpreter of functions and other deployed code: only their bundles add packages to it."""
    return FUNCTION_VENV.resolve() / "bin" / "python"


def _provide(link: Path, made_from: bytes, make: Callable[[Path], None]) -> None:
    """Point `link` at the environment made from these contents in this place; makes it if it is missing.

    Its programs contain the path of its folder, so a checkout that was moved needs a new one. Each environment has its
    own folder and former ones stay, because a running local cloud still uses the one it was started with.
    """
    folder = link.with_name(f"{link.name}-{hashlib.sha256(made_from + bytes(link.parent.resolve())).hexdigest()[:12]}")
    if not (folder / _FINISHED).exists():
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)
        (folder / _FINISHED).touch()
    if link.is_symlink() and link.readlink() == Path(folder.name):
        return
    draft = link.with_name(f".{link.name}.draft")
    draft.unlink(missing_ok=True)
    draft.symlink_to(folder.name)
    draft.replace(link)


def _make_services_venv(folder: Path, *, say: Callable[[str], None]) -> None:
    say("installing the emulator and PostgreSQL")
    make_venv(folder, REQUIREMENTS)


def make_venv(folder: Path, requirements: Path) -> None:
    """Make a virtual environment with these pinned packages."""
    venv.create(folder, symlinks=True)
    # The checkout's own pip: one that comes with Python 3.11 does not trust the machine's certificates.
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install",
         "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:",
         "--requirement", requirements],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        end = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-5:])
        raise LocalCloudError(
            f"installing {requirements.relative_to(CHECKOUT)} failed: it needs the Python package index. "
            f"The end of pip's output:\n{end}"
        )
