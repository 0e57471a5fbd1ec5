"""Opens a shell on an instance of the web app, through Session Manager. Everything that it shows is logged."""

from __future__ import annotations

from ops.web.deployed import DeployedWeb
from ops.web.sessions import find_plugin, run_session
from ops.web.tunnel import healthy_target


def open_shell(web: DeployedWeb, *, instance: str) -> int:
    """Open a shell on `instance`; on a healthy one if that is empty. Returns the exit code of the plugin."""
    plugin = find_plugin()
    target = instance or healthy_target(web)
    return run_session(
        web.environment,
        plugin,
        instance=target,
        document=web.shell_document,
        parameters={},
        message=f"A shell on {target} of {web.environment.label}. What it shows is logged; `exit` ends it.",
    )
