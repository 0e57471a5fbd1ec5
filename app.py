"""Chooses an environment (-c env=NAME, default dev), builds its platform and synthesizes it."""

import sys
import traceback

from aws_cdk import App

from config.checks import ConfigError
from stacks.platform import Platform
from stacks.rule_packs import check_with


def main() -> None:
    """Synthesizes into the CDK's output folder. Exits with one line for a configuration that can't be."""
    app = App()
    try:
        # Here, because a value that isn't allowed stops this import.
        from config.environments import choose  # noqa: PLC0415

        environment = choose(
            app.node.try_get_context("env") or "dev",
            account=app.node.try_get_context("account"),
            region=app.node.try_get_context("region"),
        )
    except (ConfigError, TypeError) as error:  # TypeError: a field that doesn't exist, or one left out
        place = _where(error)
        if not place and not isinstance(error, ConfigError):
            raise
        sys.exit(f"Configuration: {error}{place}")
    Platform(app, environment=environment)
    check_with(environment.rule_packs, app)
    try:
        app.synth()
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed"):
            raise
        sys.exit("Synthesis: the findings above must be fixed, or acknowledged where the architecture wants them.")


def _where(error: Exception) -> str:
    """The line of config/environments.py that the error came through, for a value that stands there."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith("environments.py") and frame.name == "<module>":
            return f" (config/environments.py, line {frame.lineno})"
    return ""


if __name__ == "__main__":
    main()
