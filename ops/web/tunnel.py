"""Forwards a port of this machine to the web app on an instance, through Session Manager."""

from __future__ import annotations

from ops.common.errors import CommandError
from ops.web.deployed import DeployedWeb
from ops.web.sessions import find_plugin, run_session


def open_tunnel(web: DeployedWeb, *, port: int) -> int:
    """Forward `port` until the user presses Ctrl-C. Returns the exit code of the plugin."""
    environment = web.environment
    if web.user_pool_id:
        raise CommandError(
            f"the pages of {environment.label} are public: open {web.url} "
            f"(make invite ENV={environment.name} EMAIL=... lets a person sign in)"
        )
    plugin = find_plugin()
    instance = healthy_target(web)
    return run_session(
        environment,
        plugin,
        instance=instance,
        document=web.tunnel_document,
        parameters={"localPortNumber": [str(port)]},
        message=f"http://localhost:{port}/ shows the pages of {environment.label} on {instance}; Ctrl-C ends the "
        "tunnel.",
    )


def healthy_target(web: DeployedWeb) -> str:
    """The id of a healthy instance. Raises CommandError if none is healthy."""
    load_balancing = web.environment.session.client("elbv2")
    answer = load_balancing.describe_target_health(TargetGroupArn=web.target_group_arn)
    states = [(each["Target"]["Id"], each["TargetHealth"]["State"]) for each in answer["TargetHealthDescriptions"]]
    for target, state in states:
        if state == "healthy":
            return str(target)
    found = ", ".join(f"{target} is {state}" for target, state in states) or "the target group is empty"
    raise CommandError(
        f"no instance of {web.environment.label} is healthy ({found}): "
        "read the activity of the Auto Scaling group, and the boot logs"
    )
