"""On a new machine, the first command says clearly what is missing."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_cloud.tls import make_certificates
from scripts import bootstrap

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 11, 2)])
def test_an_old_python_is_refused_with_its_version(version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    this = ".".join(map(str, version))
    words = rf"Python 3\.11\.5 or newer is needed, this is {this} .*make PYTHON=python3.12"
    with pytest.raises(SystemExit, match=words):
        bootstrap.main()


@pytest.mark.thorough
def test_a_missing_network_is_reported_in_one_message(tmp_path: Path) -> None:
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


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty registry, whose certificate authority only the operating system trusts."""
    certificates = make_certificates(tmp_path / "tls")
    for name in ("PIP_CERT", "NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def _ask_with_node(registry: str) -> None:
    bootstrap._run(["node", "-e", f"fetch('{registry}').catch(error => {{ throw error.cause }})"], "asking with Node")


def test_node_and_pip_trust_the_certificates_of_this_machine(registry: str) -> None:
    _ask_with_node(registry)
    with pytest.raises(bootstrap.SetupError, match="The first setup needs") as refused:  # the registry is empty
        bootstrap._run([sys.executable, "-m", "pip", "download", "x", "--index-url", registry], "asking with pip")
    assert "No matching distribution" in str(refused.value)


def test_an_untrusted_certificate_authority_is_reported_with_the_remedy(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(bootstrap.SetupError, match=r"certificate authority.*NODE_EXTRA_CA_CERTS=FILE"):
        _ask_with_node(registry)
    with pytest.raises(bootstrap.SetupError, match=r"certificate authority.*PIP_CERT=FILE"):
        bootstrap._run([sys.executable, "-m", "pip", "download", "x", "--index-url", registry], "asking with pip")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pip finds the certificates itself, or in no file")
def test_an_old_pip_gets_the_certificates_unless_its_configuration_names_some(
    registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bootstrap._certificates()["PIP_CERT"] == os.environ["SSL_CERT_FILE"]
    (tmp_path / "pip.conf").write_text("[global]\ncert = /of/a/person\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert "PIP_CERT" not in bootstrap._certificates()


def test_a_second_run_does_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/bootstrap.py"], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_moved_checkout_gets_a_new_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_the_major_version_of_node_is_read(shown: str, major: int, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {shown}\n")
    node.chmod(0o755)
    assert bootstrap._major_version(str(node)) == major


def test_lock_files_contain_hashes_and_no_index_url() -> None:
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


def test_shipped_packages_have_the_tested_versions() -> None:
    def pins(lock: Path) -> set[str]:
        return {line.split()[0] for line in lock.read_text().splitlines() if "==" in line and not line.startswith(" ")}

    tested = pins(ROOT / "requirements-dev.txt")
    for lock in (ROOT / "requirements.txt", *ROOT.glob("*_src/**/requirements.txt")):
        assert pins(lock) <= tested, lock


def test_a_checkout_that_is_not_writable_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(bootstrap, "STATE", tmp_path / "file/.local")  # chmod does not stop root
    with pytest.raises(SystemExit, match=r"Setup: .*file/\.local'\. The checkout must be writable"):
        bootstrap.main()


def test_ctrl_c_during_setup_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "_make_venv", interrupt)
    with pytest.raises(SystemExit, match="Setup: interrupted; the next command continues"):
        bootstrap.main()


def test_a_long_step_says_that_it_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "PROGRESS_SECONDS", 1)
    bootstrap._run([sys.executable, "-c", "import time; time.sleep(2.5); print('x' * 200_000)"], "npm ci")
    assert capsys.readouterr().out.splitlines() == ["Setup: npm ci, 1 s so far", "Setup: npm ci, 2 s so far"]
