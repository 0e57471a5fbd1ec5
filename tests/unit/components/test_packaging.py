"""Assets contain what the target needs, nothing of the builder's machine, and the same bytes each time."""

import hashlib
import py_compile
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from components.common import packaging
from components.common.packaging import _Bundle, bundle
from config.model import RuntimeConfig

pytestmark = pytest.mark.thorough  # real packages, installed

HERE = RuntimeConfig(architecture="x86_64", python=f"3.{sys.version_info.minor}")
ELSEWHERE = RuntimeConfig(architecture="arm64", python="3.14" if sys.version_info.minor != 14 else "3.13")
SOURCE = Path("lambda_src/ingestion")


def _tree(root: Path) -> dict[str, str]:
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ingestion function's asset, built for this interpreter."""
    folder = tmp_path_factory.mktemp("asset")
    assert _Bundle(SOURCE, HERE, ()).try_bundle(str(folder))
    return folder


def test_an_asset_is_the_same_byte_for_byte(built: Path, tmp_path: Path) -> None:
    _Bundle(SOURCE, HERE, ()).try_bundle(str(tmp_path))
    assert _tree(tmp_path) == _tree(built)


def test_an_asset_contains_the_package_its_dependencies_and_the_certificates(built: Path) -> None:
    assert (built / "ingestion/handler.py").exists()
    assert (built / "psycopg/__init__.py").exists()
    assert (built / "certificates/database-ca.pem").read_bytes() == Path(
        "components/database/certificates/database-ca.pem"
    ).read_bytes()
    assert not (built / "ingestion/requirements.txt").exists()


def test_an_asset_contains_the_common_package_once(built: Path) -> None:
    held = {file.name for file in (built / "common").glob("*.py")}
    assert held == {file.name for file in Path("lambda_src/common").glob("*.py")}
    assert list((built / "common/__pycache__").glob("database.*.pyc"))
    done = subprocess.run(
        [sys.executable, "-c", "import common.database; print(common.database.__file__)"],
        env={"PYTHONPATH": str(built)},
        cwd=built,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()) == built / "common/database.py"


def test_an_asset_is_much_smaller_than_the_limit_of_lambda(built: Path) -> None:
    """The limit is 250 MB unzipped (AWS Lambda Developer Guide, "Lambda quotas"). A larger asset starts more slowly."""
    size = sum(file.stat().st_size for file in built.rglob("*") if file.is_file())
    assert size < 60_000_000


def test_an_asset_contains_no_path_of_the_machine_that_built_it(built: Path) -> None:
    traces = [str(Path.cwd()).encode(), sys.prefix.encode(), str(built).encode()]
    found = [
        file for file in built.rglob("*") if file.is_file() and any(trace in file.read_bytes() for trace in traces)
    ]
    assert found == []


def test_bytecode_is_used_without_checking_the_source(built: Path) -> None:
    compiled = next((built / "ingestion/__pycache__").glob("handler.*.pyc")).read_bytes()
    flags = int.from_bytes(compiled[4:8], "little")
    assert flags == 0b01, "hash-based, unchecked (PEP 552)"
    assert py_compile.PycInvalidationMode.UNCHECKED_HASH


def test_an_asset_for_another_platform_has_its_binaries_and_no_bytecode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _Bundle(SOURCE, ELSEWHERE, ()).try_bundle(str(tmp_path))
    binaries = [file.relative_to(tmp_path) for file in tmp_path.rglob("*.so")]
    assert {"psycopg_binary"} <= {binary.parts[0] for binary in binaries}
    minor = f"cpython-{ELSEWHERE.python.replace('.', '')}-aarch64"
    assert all(minor in binary.name for binary in binaries)
    assert not list(tmp_path.rglob("*.pyc"))
    assert f"Python {ELSEWHERE.python} would make it" in capsys.readouterr().err


def test_a_changed_asset_has_another_hash(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "code.py").write_text("one = 1\n")
    hashes = {bundle(package, HERE)["asset_hash"], bundle(package, ELSEWHERE)["asset_hash"]}
    (package / "code.py").write_text("one = 2\n")
    hashes.add(bundle(package, HERE)["asset_hash"])
    assert len(hashes) == 3
    (package / "__pycache__").mkdir()
    (package / "__pycache__/code.pyc").write_text("compiled")
    assert bundle(package, HERE)["asset_hash"] in hashes


def test_files_of_editors_and_operating_systems_change_nothing(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "code.py").write_text("one = 1\n")
    (package / "requirements.txt").touch()
    before = bundle(package, HERE)["asset_hash"], packaging.content(package)
    left_behind = (
        ".DS_Store",
        "._code.py",
        ".idea/workspace.xml",
        "code.py~",
        ".code.py.swp",
        "code.py.orig",
        "Thumbs.db",
    )
    for name in left_behind:
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).touch()
    assert (bundle(package, HERE)["asset_hash"], packaging.content(package)) == before
    built = tmp_path / "built"
    built.mkdir()
    _Bundle(package, HERE, ()).try_bundle(str(built))
    assert [path.name for path in (built / "package").rglob("*") if "__pycache__" not in path.parts] == ["code.py"]


def test_every_python_builds_the_same_code_where_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = set()
    for minor in (11, 14):
        monkeypatch.setattr(packaging, "sys", SimpleNamespace(version_info=SimpleNamespace(major=3, minor=minor)))
        hashes.add(bundle(SOURCE, replace(ELSEWHERE, compiled=False))["asset_hash"])
    assert len(hashes) == 1


def test_a_change_of_the_common_package_changes_every_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    package.mkdir()
    before = bundle(package, HERE)["asset_hash"]
    common = tmp_path / "common"
    shutil.copytree(packaging.COMMON, common)
    monkeypatch.setattr(packaging, "COMMON", common)
    assert bundle(package, HERE)["asset_hash"] == before
    (common / "settings.py").write_text("one = 1\n")
    assert bundle(package, HERE)["asset_hash"] != before


def test_an_unavailable_dependency_is_reported_in_one_message(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "requirements.txt").write_text("psycopg==0.0.1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(SystemExit, match=r"Bundling .*package failed; pip said:"):
        _Bundle(package, HERE, ()).try_bundle(str(tmp_path / "out"))
