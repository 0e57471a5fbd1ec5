"""How the app part of the user data is read."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from local_cloud import stack_outputs, toolchain
from local_cloud.errors import LocalCloudError
from local_cloud.web.instance import Unit, WebApp, app_part, read_environment_file, read_unit
from tests.support.paths import AWKWARD


def test_only_the_lines_between_the_markers_run() -> None:
    assert app_part("#!/bin/bash\ndnf install x\n# --- app: begin\necho app\n# --- app: end\nuseradd y") == "echo app\n"


@pytest.mark.parametrize("script", ["", "# --- app: begin\necho", "echo\n# --- app: end"])
def test_a_script_without_both_markers_is_refused(script: str) -> None:
    with pytest.raises(LocalCloudError, match="user data lacks the lines"):
        app_part(script)


def test_the_app_starts_as_its_unit_says() -> None:
    text = (
        "[Unit]\nAfter=a\nAfter=b\n\n[Service]\nUser=web\nWorkingDirectory=/opt/web\nEnvironmentFile=/etc/web.env\n"
        "ExecStart=/usr/bin/python3.14 -m web_src --say '100% true'\n"
    )
    assert read_unit(text) == Unit(
        command=["/usr/bin/python3.14", "-m", "web_src", "--say", "100% true"],
        folder="/opt/web",
        environment_file="/etc/web.env",
    )


def test_an_environment_file_is_read_as_systemd_does() -> None:
    text = "# note\nA=1\n\nURL=https://x?a=b\nEMPTY=\n"
    assert read_environment_file(text) == {"A": "1", "URL": "https://x?a=b", "EMPTY": ""}


def test_an_instance_finds_its_programs_below_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / AWKWARD
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = checkout / "bin" / "python"
    python.parent.mkdir(parents=True)
    (checkout / "lib" / version).mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(toolchain, "function_python", lambda: python)
    monkeypatch.setattr(toolchain, "program", python.with_name)
    web = checkout / "web"
    web.mkdir()
    monkeypatch.setattr(stack_outputs, "select", Mock())
    WebApp(Mock(state=Mock(capabilities=checkout)))._provide_tools()

    def said(program: str) -> str:
        return subprocess.run([web / "tools" / program, "x y"], check=True, capture_output=True, text=True).stdout

    assert said("aws") == "-m awscli x y\n"
    assert said(version) == "x y\n"
