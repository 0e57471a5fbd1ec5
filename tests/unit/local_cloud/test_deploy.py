"""Deployments with the CDK's command line, without running it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.deploy import CdkDeployment
from local_cloud.environment import Account
from local_cloud.errors import LocalCloudError
from local_cloud.state import StateFolder

ACCOUNT = Account(endpoint_url="https://localhost:1", access_key_id="a", secret_access_key="b", ca_bundle="ca")


def test_bundles_that_no_manifest_names_are_deleted(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    (state.assembly / ".cache").mkdir(parents=True)
    for name in ("now", "then"):
        (state.assembly / f"asset.{name}" / "package").mkdir(parents=True)
        (state.assembly / f"asset.zipped-{name}.zip").touch()
        (state.assembly / ".cache" / f"{name}.zip").touch()
    files = [{"source": {"path": name}} for name in ("asset.now", "asset.zipped-now.zip", "Local.template.json")]
    manifest = json.dumps({"files": {str(number): file for number, file in enumerate(files)}})
    (state.assembly / "Local.assets.json").write_text(manifest)
    (state.assembly / "Local.template.json").touch()

    CdkDeployment(state, ACCOUNT, print, list).prune()

    left = {str(path.relative_to(state.assembly)) for path in state.assembly.rglob("*")}
    assert left == {
        ".cache",
        ".cache/now.zip",
        "Local.assets.json",
        "Local.template.json",
        "asset.now",
        "asset.now/package",
        "asset.zipped-now.zip",
    }


def test_a_deployment_ends_as_soon_as_a_service_that_it_needs_has_crashed(tmp_path: Path) -> None:
    log = tmp_path / "cdk.log"
    log.touch()
    deployment = CdkDeployment(StateFolder(tmp_path), ACCOUNT, print, lambda: ["emulator crashed"])
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        with pytest.raises(LocalCloudError, match="emulator crashed"):
            deployment._follow(process, log)
        process.kill()


def test_a_deployment_that_is_forgotten_is_made_again(tmp_path: Path) -> None:
    deployment = CdkDeployment(StateFolder(tmp_path), ACCOUNT, print, list)
    assert not deployment.was_done()
    deployment.remember("sources", {"acme-data": "CREATE_COMPLETE 2026-11-20"})
    assert deployment.was_done()
    assert deployment.is_current("sources")
    assert deployment.has_left({"acme-data": "CREATE_COMPLETE 2026-11-20"})
    assert not deployment.has_left({})
    assert not deployment.has_left({"acme-data": "UPDATE_COMPLETE 2026-11-21"})
    deployment.forget()
    assert not deployment.was_done()
    assert not deployment.is_current("sources")
    assert not deployment.assembly_is_deployed()
