"""What set-up runs, what assets contain, under which licences, and what is audited."""

import json
import re
import shutil
import stat
import subprocess
import venv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from local_cloud import toolchain
from scripts import audit, bootstrap, sbom
from scripts.licences import ALLOWED, is_allowed, licence, refused
from scripts.lock import main as write_locks

ROOT = Path(__file__).parent.parent.parent.parent
SHIPPED = sorted(ROOT.glob("*_src/**/requirements.txt"))


def _locked(lock: Path) -> list[Distribution]:
    """The packages of a lock file that are installed here: those of other platforms are not."""
    found = []
    for name in re.findall(r"(?m)^([A-Za-z0-9][\w.-]*)==", lock.read_text()):
        try:
            found.append(distribution(name))
        except PackageNotFoundError:
            continue
    return found


@pytest.mark.parametrize("lock", SHIPPED, ids=lambda lock: lock.parent.name)
def test_shipped_packages_have_licences_that_may_be_shipped(lock: Path) -> None:
    packages = _locked(lock)
    assert len(packages) >= 3
    assert refused(packages) == []


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", True),
        ("AGPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_licence_must_be_allowed_in_each_of_its_parts(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


@pytest.fixture
def asset(tmp_path: Path) -> Path:
    """An asset with two packages, of which one needs the other, and another one that isn't there."""
    for name, fields in {
        "Upper_Case": "Version: 1.0\nLicense-Expression: MIT\nRequires-Dist: lower>=2\nRequires-Dist: absent",
        "lower": "Version: 2.0\nLicense: Beerware",
    }.items():
        folder = tmp_path / f"{name}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\n{fields}\n")
    return tmp_path


def test_an_sbom_lists_each_package_of_the_asset_with_licence_and_needs(asset: Path) -> None:
    packages = sbom.packages_in(asset)
    found = sbom.document("ingestion", "asset.1", packages)
    assert [(each["purl"], each["licenses"]) for each in found["components"]] == [
        ("pkg:pypi/lower@2.0", [{"license": {"name": "Beerware"}}]),
        ("pkg:pypi/upper-case@1.0", [{"license": {"id": "MIT"}}]),
    ]
    assert {"ref": "pkg:pypi/upper-case@1.0", "dependsOn": ["pkg:pypi/lower@2.0"]} in found["dependencies"]
    assert found == sbom.document("ingestion", "asset.1", packages)
    assert "lower has the licence 'Beerware': use another package" in refused(packages)[0]


def test_an_sbom_has_one_document_for_each_function_and_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sbom, "OUTPUT", sbom.ROOT / ".local" / tmp_path.name)
    names = ["ingestion", "web_src"] if (ROOT / "web_src").exists() else ["ingestion"]

    def synthesize(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        assembly, files = Path(command[command.index("--output") + 1]), {}
        for name in names:
            for package in (name, "common"):
                (assembly / f"asset.{name}" / package).mkdir(parents=True)
            files[name] = {"source": {"path": f"asset.{name}", "packaging": "zip"}}
        files["template"] = {"source": {"path": "x.template.json", "packaging": "file"}}
        (assembly / "a.assets.json").write_text(json.dumps({"files": files}))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", synthesize)
    try:
        assert sbom.main(["--env", "dev"]) == 0
        written = sorted(file.name for file in (sbom.OUTPUT / "dev").iterdir())
        assert written == [f"{name}.cdx.json" for name in names]
    finally:
        shutil.rmtree(sbom.OUTPUT)


def test_every_lock_file_is_audited_and_one_failure_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = tmp_path / "noted"
    for name, script in {
        "pip-audit": f'echo "$@" >> "{noted}"; case "$*" in */ingestion/*) exit 1;; esac',
        "npm": f'echo npm "$@" >> "{noted}"',
    }.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / ".lock").write_text(audit.TOOL.read_text())
    monkeypatch.setattr(audit, "VENV", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert audit.main() == 1
    assert "audit: lambda_src/ingestion/requirements.txt: read the advisories" in capsys.readouterr().err
    calls = noted.read_text().splitlines()
    locks = sorted(
        str(each)
        for each in ROOT.glob("**/*requirements*.txt")
        if not {".venv", ".local", "node_modules"} & set(each.parts)
    )
    assert sorted(call.rpartition(" ")[2] for call in calls[:-1]) == locks
    assert all("--strict" in call and "--require-hashes" in call for call in calls[:-1])
    assert calls[-1].startswith("npm audit")


def test_set_up_runs_no_code_of_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def noted(command: list[Any], *_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", noted)
    monkeypatch.setattr(bootstrap, "_run", noted)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    (tmp_path / "node_modules").mkdir()
    for name in ("package-lock.json", "requirements-dev.txt"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    bootstrap._install(tmp_path / "requirements-dev.txt", "packages")
    bootstrap._install_cdk()
    monkeypatch.setattr(venv, "create", lambda *_, **__: None)
    toolchain.make_venv(tmp_path / "venv", toolchain.REQUIREMENTS)
    pips = [command for command in commands if "pip" in command and "install" in command]
    assert len(pips) == 2
    assert all({"--require-hashes", "--only-binary=:all:"} <= set(command) for command in pips)
    (npm,) = (command for command in commands if "ci" in command)
    assert "--ignore-scripts" in npm
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text().splitlines()


def test_resolving_a_lock_runs_no_code_of_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, commands = {each.relative_to(ROOT) for each in audit.locks()}, list[list[str]]()
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    write_locks()
    locked = {Path(each).with_suffix(".txt") for command in commands for each in command if each.endswith(".in")}
    assert locked == expected
    assert all({"--only-binary=:all:", "--generate-hashes"} <= set(command) for command in commands)


def test_allowed_licences_are_in_use() -> None:
    used = {part for lock in SHIPPED for each in _locked(lock) for part in licence(each).split(" OR ")}
    common = {"0BSD", "ISC"}
    assert used - common >= ALLOWED - common, "a licence that no package has needs no reason"
    assert all(canonicalize_name(each) for each in used)
