"""`make synth` writes the templates of one environment into a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.environment import assembly, cdk, synth
from ops.environment.assembly import emptied


@pytest.fixture(autouse=True)
def assemblies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(assembly, "ASSEMBLIES", tmp_path / "cdk.out")
    return tmp_path / "cdk.out"


def test_nothing_of_an_earlier_synthesis_is_left_but_bundles_which_are_named_by_their_content(assemblies: Path) -> None:
    for name in ("dev/old.template.json", "dev/assembly-old/x", "dev/asset.1/code.py", "prod/new.template.json"):
        (assemblies / name).parent.mkdir(parents=True, exist_ok=True)
        (assemblies / name).touch()
    assert emptied("dev") == assemblies / "dev"
    files = {str(path.relative_to(assemblies)) for path in assemblies.rglob("*") if path.is_file()}
    assert files == {"dev/asset.1/code.py", "prod/new.template.json"}


@pytest.mark.parametrize("link", ["dev", "dev/file", "dev/folder"])
def test_what_a_link_leads_to_is_not_deleted(assemblies: Path, tmp_path: Path, link: str) -> None:
    precious = tmp_path / "elsewhere/folder/precious"
    precious.parent.mkdir(parents=True)
    precious.touch()
    (assemblies / link).parent.mkdir(parents=True)
    (assemblies / link).symlink_to(precious if link == "dev/file" else tmp_path / "elsewhere")
    emptied("dev")
    assert precious.exists()
    assert not (assemblies / link).is_symlink()


def test_no_code_is_built_so_no_network_is_needed(assemblies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def run(*arguments: str) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(cdk, "run", run)
    assert synth.main(["--env", "pr-12", "--account=", "--region", "eu-central-1"]) == 0
    folder = str(assemblies / "pr-12")
    assert calls == [
        ("list", "--output", folder, "--context", "env=pr-12", "--context", "region=eu-central-1"),
        ("synth", "--quiet", "--app", folder),
    ]


@pytest.mark.parametrize("name", ["../dev", "", ".", "qa"])
def test_another_name_deletes_nothing(name: str, assemblies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = assemblies / "dev/old.template.json"
    template.parent.mkdir(parents=True)
    template.touch()
    assert synth.main(["--env", name]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"synth: env must be one of local, dev, staging, prod, got {name!r}")
    assert template.exists()
