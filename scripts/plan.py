"""Prints what the working tree changes in an environment's templates: the command of `make plan`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks.changes import released, synthesis
from checks.changes.comparable import ChangesError
from checks.changes.formatting import lines
from checks.changes.report import rendered, report
from checks.cost.prices import prices
from checks.cost.report import difference
from checks.templates import Template
from config.model import Environment

ROOT = Path(__file__).parent.parent
RELEASED, RELEASED_TEMPLATES = "released", ROOT / "tests" / "released"
# The start of the app's error for an environment that it doesn't have (config/environments.py).
NO_SUCH_ENVIRONMENT = "env must be one of"


def main(arguments: list[str] | None = None) -> int:
    """Prints the report. An error that the user can fix is one line on stderr, and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        location = {"account": options.account, "region": options.region}
        print(_report(options.against, options.env, {name: value for name, value in location.items() if value}))
    except ChangesError as error:
        print(f"plan: {error}", file=sys.stderr)
        return 1
    return 0


def _report(against: str, environment: str, location: Mapping[str, str]) -> str:
    context = {"env": environment, **location}
    where = ", ".join(f"{name} {value}" for name, value in location.items())
    if against == RELEASED and where:
        raise ChangesError(
            f"released templates have no account and region, so they can't be compared for {where}: leave out ACCOUNT "
            "and REGION, or pass a git revision, AGAINST=..."
        )
    before, source = _source(against, context)
    with ThreadPoolExecutor() as threads:
        old = threads.submit(before)
        new = threads.submit(
            lambda: synthesis.synthesized(ROOT, context, name="the working tree", absent=NO_SUCH_ENVIRONMENT)
        )
        templates = old.result(), new.result()
    subject = f"{environment}, {where}" if where else environment
    title = "\n".join(lines(f"{subject}, from {source} to the working tree", indent=0, hang=4))
    had, has = (", ".join(one) for one in templates)
    if had and has:
        changes = report(*templates, with_code=against != RELEASED)
        cost = "" if changes.same else f"\n\n{difference(*templates, prices(region_of(environment, location)))}"
        return f"{title}\n{rendered(changes)}{cost}"
    if had and against == RELEASED:
        raise ChangesError(
            f"the working tree has no environment {environment!r}: it was removed, or only tests synthesize it. ENV is "
            f"one of {', '.join(environments())}"
        )
    if had:
        return f"{title}\nThe environment is removed. Its deployed stacks stay deployed: {had}."
    if has:
        return f"{title}\nThe environment is new. Its stacks: {has}."
    raise ChangesError(
        f"neither {source} nor the working tree has an environment {environment!r}: "
        f"ENV is one of {', '.join(environments())}"
    )


def environments() -> Mapping[str, Environment]:
    """The environments of the working tree. The import fails if a value is invalid, so call it after a synthesis."""
    from config.environments import ENVIRONMENTS  # noqa: PLC0415 - see above

    return ENVIRONMENTS


def region_of(environment: str, location: Mapping[str, str]) -> str:
    """The given region, else the environment's own; empty if that leaves it open."""
    from config.environments import named  # noqa: PLC0415 - see above

    return location.get("region") or named(environment).region or ""


def _source(against: str, context: Mapping[str, str]) -> tuple[Callable[[], Mapping[str, Template]], str]:
    """A function that returns the older templates, and a description of where they come from."""
    if against == RELEASED:
        return lambda: _released(context["env"]), "the last release"
    revision, name = (against, "") if against else synthesis.fork_point(ROOT)
    return (
        lambda: synthesis.at_revision(revision, context, root=ROOT, absent=NO_SUCH_ENVIRONMENT),
        synthesis.described(revision, ROOT, name=name),
    )


def _released(environment: str) -> Mapping[str, Template]:
    try:
        return released.read(environment, folder=RELEASED_TEMPLATES)
    except ChangesError as error:
        raise ChangesError(f"{error}; `make mark-released` keeps them for every environment but local") from error


def _parser() -> argparse.ArgumentParser:
    """Values may be empty: make passes variables that are not set as empty values."""
    parser = argparse.ArgumentParser(prog="python -m scripts.plan", description=__doc__)
    parser.add_argument("--env", required=True, help="the environment, of config/environments.py")
    parser.add_argument("--account", default="", help="twelve digits, for both sides")
    parser.add_argument("--region", default="", help="for both sides")
    parser.add_argument(
        "--against",
        default="",
        help=f"a git revision, or {RELEASED!r}; by default, the commit at which this branch left main",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
