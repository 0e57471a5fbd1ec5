"""Opens a port of this machine that leads to the app on one instance, through Session Manager."""

import json
import os
import shutil
import subprocess
from typing import Any

from components.common.ports import WEB_APP
from ops.web.web_stack import WebAccessError, WebStack

DOCUMENT = "AWS-StartPortForwardingSession"
PLUGIN = "session-manager-plugin"
# Where the plugin finds the session's token; among its arguments every user of this machine could read it.
TOKEN_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"  # noqa: S105 - a variable's name


def open_tunnel(session: Any, stack: WebStack, *, port: int) -> int:
    """Forward `port` until the person ends it. Returns the plugin's exit code; raises WebAccessError."""
    if stack.user_pool_id:
        raise WebAccessError(
            f"{stack.environment} is on the internet and asks for a sign-in: open {stack.url} "
            f"(make invite ENV={stack.environment} EMAIL=... lets somebody in)"
        )
    plugin = shutil.which(PLUGIN)
    if plugin is None:
        raise WebAccessError(
            f"{PLUGIN} is not on the PATH: install it (AWS Systems Manager User Guide, "
            '"Install the Session Manager plugin for the AWS CLI"), 1.2.497 or newer'
        )
    request = {
        "Target": healthy_instance(session, stack),
        "DocumentName": DOCUMENT,
        "Parameters": {"portNumber": [str(WEB_APP)], "localPortNumber": [str(port)]},
    }
    ssm = session.client("ssm")
    started = ssm.start_session(**request)
    print(f"http://localhost:{port}/ shows {stack.environment} on {request['Target']}; Ctrl-C ends it.", flush=True)
    token = json.dumps({name: started[name] for name in ("SessionId", "TokenValue", "StreamUrl")})
    profile = "" if session.profile_name == "default" else session.profile_name
    done = subprocess.run(
        [
            *(plugin, TOKEN_VARIABLE, session.region_name, "StartSession"),
            *(profile, json.dumps(request), ssm.meta.endpoint_url),
        ],
        env={**os.environ, TOKEN_VARIABLE: token},
        check=False,
    )
    return done.returncode


def healthy_instance(session: Any, stack: WebStack) -> str:
    """The id of an instance that serves; raises WebAccessError that says how the others are."""
    answer = session.client("elbv2").describe_target_health(TargetGroupArn=stack.target_group_arn)
    states: dict[str, str] = {
        each["Target"]["Id"]: each["TargetHealth"]["State"] for each in answer["TargetHealthDescriptions"]
    }
    for instance, state in states.items():
        if state == "healthy":
            return instance
    found = ", ".join(f"{instance} is {state}" for instance, state in states.items()) or "there is none"
    raise WebAccessError(
        f"no instance of {stack.environment} is healthy ({found}): the group's activity and the boot log say why"
    )
