"""Forwards a port of this machine to the web app on an instance, through Session Manager."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.web.deployed import DeployedWeb

DOCUMENT = "AWS-StartPortForwardingSession"
PLUGIN = "session-manager-plugin"
# The plugin reads the session's token from this variable. Every user of this machine can read a process's arguments.
TOKEN_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"  # noqa: S105 - a variable's name


def open_tunnel(web: DeployedWeb, *, port: int) -> int:
    """Forward `port` until the user presses Ctrl-C. Returns the exit code of the plugin."""
    environment = web.environment
    if web.user_pool_id:
        raise CommandError(
            f"the pages of {environment.label} are public: open {web.url} "
            f"(make invite ENV={environment.name} EMAIL=... lets a person sign in)"
        )
    plugin = shutil.which(PLUGIN)
    if plugin is None:
        raise CommandError(
            f"{PLUGIN} is not on the PATH: install version 1.2.497 or newer (AWS Systems Manager User Guide, "
            '"Install the Session Manager plugin for the AWS CLI")'
        )
    instance, app_port = healthy_target(web)
    session, ssm = environment.session, environment.session.client("ssm")
    parameters = {"portNumber": [str(app_port)], "localPortNumber": [str(port)]}
    started = ssm.start_session(Target=instance, DocumentName=DOCUMENT, Parameters=parameters)
    show(f"http://localhost:{port}/ shows the pages of {environment.label} on {instance}; Ctrl-C ends the tunnel.")
    token = json.dumps({name: started[name] for name in ("SessionId", "TokenValue", "StreamUrl")})
    request = json.dumps({"Target": instance, "DocumentName": DOCUMENT, "Parameters": parameters})
    profile = "" if session.profile_name == "default" else session.profile_name
    command = [plugin, TOKEN_VARIABLE, session.region_name, "StartSession", profile, request, ssm.meta.endpoint_url]
    with subprocess.Popen(command, env={**os.environ, TOKEN_VARIABLE: token}) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 0  # after the block waited for the plugin, which gets Ctrl-C too and ends the session


def healthy_target(web: DeployedWeb) -> tuple[str, int]:
    """The id of a healthy instance and the port of its web app. Raises CommandError if no instance is healthy."""
    load_balancing = web.environment.session.client("elbv2")
    answer = load_balancing.describe_target_health(TargetGroupArn=web.target_group_arn)
    states = [(each["Target"], each["TargetHealth"]["State"]) for each in answer["TargetHealthDescriptions"]]
    for target, state in states:
        if state == "healthy":
            return target["Id"], target["Port"]
    found = ", ".join(f"{target['Id']} is {state}" for target, state in states) or "the target group is empty"
    raise CommandError(
        f"no instance of {web.environment.label} is healthy ({found}): "
        "read the activity of the Auto Scaling group, and the boot logs"
    )
