"""Builds and synthesizes the platform of one environment (-c env=NAME, default dev)."""

import json
import sys
import traceback
from pathlib import Path

from aws_cdk import App

from config.checks import ConfigError
from stacks.expansion import keep
from stacks.platform import Platform
from stacks.protection import leave_unprotected
from stacks.rule_packs import add_rule_packs


def main() -> None:
    """Synthesizes into the CDK's output folder. Exits with a one-line message if the configuration is invalid."""
    app = App()
    try:
        # Imported here because the import checks all values.
        from config.datasets import datasets  # noqa: PLC0415 - see above
        from config.environments import choose  # noqa: PLC0415 - see above

        datasets()
        environment = choose(
            app.node.try_get_context("env") or "dev",
            account=app.node.try_get_context("account"),
            region=app.node.try_get_context("region"),
        )
    except (ConfigError, TypeError) as error:  # TypeError: an unknown field, or a missing one
        place = _where(error)
        if not place and not isinstance(error, ConfigError):
            raise
        sys.exit(f"Configuration: {error}{place}")
    platform = Platform(app, environment=environment)
    # `make deploy` names the stacks and resources that it first creates without protection.
    leave_unprotected(platform, (app.node.try_get_context("unprotected") or "").split(","))
    # A first run can also keep removed resources. The rule packs don't check that run: its templates are not those of
    # the code.
    if kept := app.node.try_get_context("kept"):
        keep(platform, json.loads(Path(kept).read_text()))
    else:
        add_rule_packs(environment.rule_packs, app)
    try:
        app.synth()
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed"):
            raise
        sys.exit("Synthesis: the findings above must be fixed, or acknowledged if they are intended.")


def _where(error: Exception) -> str:
    """Names the line of config/environments.py that caused the error. Returns an empty text if no line did."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith("environments.py") and frame.name == "<module>":
            return f" (config/environments.py, line {frame.lineno})"
    return ""


if __name__ == "__main__":
    main()
