"""Prints what an environment costs in a month, from its templates and a price table: the command of `make cost`."""

import argparse
import sys
import tomllib
from pathlib import Path

from checks.changes import synthesis
from checks.changes.comparable import ChangesError
from checks.cost.load import Load, LoadError, changed, read
from checks.cost.prices import prices
from checks.cost.report import rendered
from scripts.plan import NO_SUCH_ENVIRONMENT, environments, region_of

ROOT = Path(__file__).parent.parent
LOADS = ROOT / "config" / "load.toml"


def main(arguments: list[str] | None = None) -> int:
    """Prints the costs. An error that the user can fix is one line on stderr, and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        load = _load(options.env, options.load)
        print(_report(options.env, options.region, load))
    except (ChangesError, LoadError) as error:
        print(f"cost: {error}", file=sys.stderr)
        return 1
    return 0


def _report(environment: str, region: str, load: Load) -> str:
    context = {"env": environment} | ({"region": region} if region else {})
    stacks = synthesis.synthesized(ROOT, context, name="the working tree", absent=NO_SUCH_ENVIRONMENT)
    if not stacks:
        raise ChangesError(f"there is no environment {environment!r}: ENV is one of {', '.join(environments())}")
    return f"{environment}\n{rendered(stacks, prices(region_of(environment, context)), load)}"


def _load(environment: str, overrides: str) -> Load:
    """The environment's own assumptions over the default ones, and over both those given as `name=value ...`."""
    loads = tomllib.loads(LOADS.read_text(encoding="utf-8"))
    load = read(loads["default"] | loads.get(environment, {}))
    return changed(load, dict(one.partition("=")[::2] for one in overrides.split()))


def _parser() -> argparse.ArgumentParser:
    """Values may be empty: make passes variables that are not set as empty values."""
    parser = argparse.ArgumentParser(prog="python -m scripts.cost", description=__doc__)
    parser.add_argument("--env", required=True, help="the environment, of config/environments.py")
    parser.add_argument("--region", default="", help="by default the environment's own")
    parser.add_argument("--load", default="", help="assumptions to change, such as 'objects_per_day=500 users=20'")
    return parser


if __name__ == "__main__":
    sys.exit(main())
