"""`cdk synth` as a user runs it: without credentials, and with one clear line for each error."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from aws_cdk import App

import app
from config.environments import PROD
from config.model import RULE_PACKS
from tests.support.synthesis import CONTEXT, synthesize

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder, so without credentials."""
    return tmp_path / "home"


def _synth(
    home: Path, tmp_path: Path, context: dict[str, str], *, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs the app as the CDK's command line does, with an empty environment and without bundling."""
    settings = json.loads((ROOT / "cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": []} | context
    return subprocess.run(
        [sys.executable, "app.py"],
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CDK_CONTEXT_JSON": json.dumps(settings),
            "CDK_OUTDIR": str(tmp_path / "cdk.out"),
            # Outside the empty home, because jsii would unpack its libraries there, which takes seconds.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".local" / "jsii"),
        },
    )


@pytest.mark.thorough
def test_prod_synthesizes_for_china_without_credentials_and_warns_about_the_certificate(
    tmp_path: Path, home: Path
) -> None:
    """Tests in tests/stacks and CI's job `synth` synthesize the other environments."""
    done = _synth(home, tmp_path, {"env": "prod", "region": "cn-north-1"})
    assert done.returncode == 0, done.stderr
    assert "no root certificate of RDS in cn-north-1" in done.stdout + done.stderr
    manifest = json.loads((tmp_path / "cdk.out/manifest.json").read_text())
    assert "missing" not in manifest, "the app looks up values"
    assert not (ROOT / "cdk.context.json").exists()
    stacks = {a["displayName"] for a in manifest["artifacts"].values() if "stack" in a["type"]}
    assert stacks == {f"Prod/{stack}" for stack in synthesize(PROD).templates}
    report = json.loads((tmp_path / "cdk.out/validation-report.json").read_text())
    packs = {plugin["pluginName"] for plugin in report["pluginReports"]}
    assert set(RULE_PACKS) <= packs, "not every rule pack checked the deployed stacks"


def test_an_unknown_environment_is_reported_in_one_line_without_a_traceback(tmp_path: Path, home: Path) -> None:
    done = _synth(home, tmp_path, {"env": "qa"})
    assert done.returncode == 1
    assert "env must be one of local, dev, staging, prod, got 'qa'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"env": "qa"}, "env must be one of local, dev, staging, prod, got 'qa'"),
        ({"account": "12"}, "account must be twelve digits"),
        ({"region": "Mars"}, "region must be an AWS region"),
        ({"region": "ca-west-1"}, "database.instance_type must be of a family that RDS offers in ca-west-1"),
        ({"env": "prod", "region": "ap-east-2"}, "database.connections must be Direct() in ap-east-2"),
    ],
)
def test_invalid_context_is_reported_in_one_line_without_a_traceback(
    context: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, because each start of the app takes seconds; the test above shows what a user sees of it."""
    monkeypatch.setattr(app, "App", partial(App, context=CONTEXT | context, analytics_reporting=False))
    with pytest.raises(SystemExit) as stopped:
        app.main()
    assert isinstance(stopped.value.code, str)
    assert stopped.value.code.startswith(f"Configuration: {message}")
    assert len(stopped.value.code.splitlines()) == 1


def _fork(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """A copy of the app with one text in one file replaced."""
    fork = tmp_path / "fork"
    for folder in ("config", "components", "datasets", "stacks", "tabular"):
        shutil.copytree(ROOT / folder, fork / folder)
    for asset in ROOT.glob("*_src"):
        (fork / asset.name).symlink_to(asset)
    (fork / "app.py").write_text((ROOT / "app.py").read_text())
    text = (fork / file).read_text()
    assert old in text
    (fork / file).write_text(text.replace(old, new))
    return fork


@pytest.mark.thorough
def test_a_finding_stops_the_synthesis_with_its_message(tmp_path: Path, home: Path) -> None:
    fork = _fork(tmp_path, "components/foundation/keys.py", "enable_key_rotation=True", "enable_key_rotation=False")
    done = _synth(home, tmp_path, {}, cwd=fork)
    assert done.returncode == 1
    assert "KMS" in done.stdout + done.stderr
    assert "Synthesis: the findings above must be fixed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        ("backup_days=99", "database.backup_days must be 1 to 35, got 99"),
        ("backup_days='14'", "database.backup_days must be a whole number, got '14'"),
        ("backup_day=14", "unexpected keyword argument 'backup_day'"),
    ],
)
def test_a_wrong_value_is_reported_with_its_line(slip: str, message: str, tmp_path: Path, home: Path) -> None:
    fork = _fork(tmp_path, "config/environments.py", "backup_days=14", slip)
    done = _synth(home, tmp_path, {}, cwd=fork)
    assert done.returncode == 1
    assert message in done.stderr
    assert "(config/environments.py, line " in done.stderr
    assert "Traceback" not in done.stderr
