"""Starts sessions of Session Manager on an instance of the web app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.common.terminal import show

PLUGIN = "session-manager-plugin"
# The plugin reads the session's token from this variable. Every user of this machine can read a process's arguments.
TOKEN_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"  # noqa: S105 - a variable's name


def find_plugin() -> str:
    """The path of the plugin. Raises CommandError if it isn't installed."""
    plugin = shutil.which(PLUGIN)
    if plugin is None:
        raise CommandError(
            f"{PLUGIN} is not on the PATH: install version 1.2.497 or newer (AWS Systems Manager User Guide, "
            '"Install the Session Manager plugin for the AWS CLI")'
        )
    return plugin


def run_session(
    environment: DeployedEnvironment,
    plugin: str,
    *,
    instance: str,
    document: str,
    parameters: dict[str, list[str]],
    message: str,
) -> int:
    """Start a session of this `document`, show the `message`, and return the exit code of the plugin when it ends."""
    session, ssm = environment.session, environment.session.client("ssm")
    started = ssm.start_session(Target=instance, DocumentName=document, Parameters=parameters)
    show(message)
    token = json.dumps({name: started[name] for name in ("SessionId", "TokenValue", "StreamUrl")})
    request = json.dumps({"Target": instance, "DocumentName": document, "Parameters": parameters})
    profile = "" if session.profile_name == "default" else session.profile_name
    command = [plugin, TOKEN_VARIABLE, session.region_name, "StartSession", profile, request, ssm.meta.endpoint_url]
    with subprocess.Popen(command, env={**os.environ, TOKEN_VARIABLE: token}) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 0  # after the block waited for the plugin, which gets Ctrl-C too and ends the session
