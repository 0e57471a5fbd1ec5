"""`make tunnel` forwards a port to the web app on a healthy instance; `make shell` opens a shell with a log there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.common.errors import CommandError
from ops.web.shell import open_shell
from ops.web.tunnel import open_tunnel
from tests.support.ops.stubs import Stubs
from tests.support.web.deployed import GROUP, SHELL_DOCUMENT, TUNNEL_DOCUMENT, internal, public

TOKEN = {"SessionId": "ada-1", "TokenValue": "secret", "StreamUrl": "wss://example.com"}


def _health(**states: str) -> dict[str, Any]:
    return {
        "TargetHealthDescriptions": [
            {"Target": {"Id": name.replace("_", "-"), "Port": 8088}, "TargetHealth": {"State": state}}
            for name, state in states.items()
        ]
    }


def _plugin(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A session-manager-plugin that runs a script instead."""
    path = folder / "session-manager-plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def _starts(aws: Stubs) -> dict[str, Any]:
    request = {
        "Target": "i-2",
        "DocumentName": TUNNEL_DOCUMENT,
        "Parameters": {"localPortNumber": ["9000"]},
    }
    aws.expect("elbv2", "describe_target_health", _health(i_1="initial", i_2="healthy"), {"TargetGroupArn": GROUP})
    aws.expect("ssm", "start_session", TOKEN, request)
    return request


def test_the_tunnel_leads_to_the_app_port_of_a_healthy_instance(
    aws: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = tmp_path / "noted"
    _plugin(tmp_path, monkeypatch, f'printf "%s\\n" "$@" "$AWS_SSM_START_SESSION_RESPONSE" > "{noted}"; exit 3')
    request = _starts(aws)
    assert open_tunnel(internal(aws), port=9000) == 3
    assert "http://localhost:9000/ shows the pages of dev in eu-central-1 on i-2" in capsys.readouterr().out
    *arguments, private = noted.read_text().splitlines()
    assert arguments[:4] == ["AWS_SSM_START_SESSION_RESPONSE", "eu-central-1", "StartSession", ""]
    assert json.loads(arguments[4]) == request
    assert json.loads(private) == TOKEN
    assert not [argument for argument in arguments if "secret" in argument], "every user sees a process's arguments"


def test_ctrl_c_lets_the_plugin_end_the_session(aws: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = tmp_path / "ended"
    _plugin(tmp_path, monkeypatch, f"sleep 0.5; touch '{ended}'; exit 3")
    wait = subprocess.Popen.wait
    interruptions = [KeyboardInterrupt()]

    def interrupted_wait(process: Any, timeout: float | None = None) -> int:
        if interruptions:
            raise interruptions.pop()
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted_wait)
    _starts(aws)
    assert open_tunnel(internal(aws), port=9000) == 0
    assert ended.exists()


def test_without_a_healthy_instance_the_states_are_shown(
    aws: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plugin(tmp_path, monkeypatch, "exit 0")
    aws.expect("elbv2", "describe_target_health", _health(i_1="unhealthy"), {"TargetGroupArn": GROUP})
    with pytest.raises(CommandError, match=r"no instance of dev in eu-central-1 is healthy \(i-1 is unhealthy\)"):
        open_tunnel(internal(aws), port=8080)


def test_a_missing_plugin_is_named(aws: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CommandError, match="session-manager-plugin is not on the PATH: install version"):
        open_tunnel(internal(aws), port=8080)


def test_public_pages_need_no_tunnel(aws: Stubs) -> None:
    with pytest.raises(CommandError, match=r"open https://orders\.example\.com"):
        open_tunnel(public(aws), port=8080)


@pytest.mark.parametrize("instance", ["", "i-9"])
def test_a_shell_has_the_document_that_logs_it(
    aws: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: str
) -> None:
    """Also on an instance that is unhealthy, where a shell is needed most."""
    _plugin(tmp_path, monkeypatch, "exit 0")
    if not instance:
        aws.expect("elbv2", "describe_target_health", _health(i_2="healthy"), {"TargetGroupArn": GROUP})
    request = {"Target": instance or "i-2", "DocumentName": SHELL_DOCUMENT, "Parameters": {}}
    aws.expect("ssm", "start_session", TOKEN, request)
    assert open_shell(public(aws), instance=instance) == 0
