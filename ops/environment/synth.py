"""Synthesizes an environment's templates: the command of `make synth`, without credentials and network."""

import argparse
import sys
from collections.abc import Sequence

from config.checks import ConfigError
from ops.common.environment import configuration
from ops.common.terminal import show
from ops.environment import cdk
from ops.environment.assembly import emptied


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize, and return the exit code. Empty values are those that make was not given."""
    parser = argparse.ArgumentParser(prog="python -m ops.environment.synth", description=__doc__)
    for name in ("env", "account", "region"):
        parser.add_argument(f"--{name}", default="")
    given = parser.parse_args(arguments)
    try:
        configuration(given.env)
    except ConfigError as error:
        show(f"synth: {error}", error=True)
        return 1
    folder = str(emptied(given.env))
    options = [part for name, value in vars(given).items() if value for part in ("--context", f"{name}={value}")]
    # Only `cdk list` writes an assembly without building the code of functions, for which pip needs its index.
    # `cdk synth` of that assembly then reports the errors that constructs found.
    try:
        return cdk.run("list", "--output", folder, *options) or cdk.run("synth", "--quiet", "--app", folder)
    except KeyboardInterrupt:
        show("synth: interrupted", error=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
