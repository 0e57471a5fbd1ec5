"""The command line behind `make diff`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from checks.changes import released, synthesis
from checks.changes.errors import ChangesError
from checks.changes.report import rendered, report
from checks.changes.wording import lines
from checks.templates import Template

RELEASED = "released"


def main(arguments: list[str] | None = None) -> int:
    """Prints the report; whatever a person can mend is one clear line and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        where = {"account": options.account, "region": options.region}
        print(_report(options.against, options.env, {name: value for name, value in where.items() if value}))
    except ChangesError as error:
        print(f"diff: {error}", file=sys.stderr)
        return 1
    return 0


def _report(against: str, environment: str, where: Mapping[str, str]) -> str:
    context = {"env": environment, **where}
    place = ", ".join(f"{name} {value}" for name, value in where.items())
    if against == RELEASED and place:
        raise ChangesError(
            f"what was last released is kept for no account or region, and can't be compared for {place}: "
            "leave that out, or name a revision, AGAINST=..."
        )
    before, whence = _source(against, context)
    with ThreadPoolExecutor() as threads:
        old = threads.submit(before)
        new = threads.submit(lambda: synthesis.synthesized(synthesis.ROOT, context, whose="the working tree"))
        templates = old.result(), new.result()
    subject = f"{environment}, {place}" if place else environment
    title = "\n".join(lines(f"{subject}, from {whence} to the working tree", indent=0, hang=4))
    had, has = (", ".join(one) for one in templates)
    if had and has:
        return f"{title}\n{rendered(report(*templates, with_code=against != RELEASED))}"
    if had:
        return f"{title}\nThe environment is gone. What is deployed of it stays deployed: {had}."
    if has:
        return f"{title}\nThe environment is new. Its stacks: {has}."
    # Here, because a value that isn't allowed stops this import. The working tree's synthesis got past it.
    from config.environments import ENVIRONMENTS  # noqa: PLC0415 - see above

    raise ChangesError(
        f"neither {whence} nor the working tree has an environment {environment!r}: "
        f"ENV is one of {', '.join(ENVIRONMENTS)}"
    )


def _source(against: str, context: Mapping[str, str]) -> tuple[Callable[[], Mapping[str, Template]], str]:
    """Where the older templates come from, and what to call that."""
    if against == RELEASED:
        return lambda: released.read(context["env"]), "what was last released"
    revision, name = (against, "") if against else synthesis.fork_point()
    return lambda: synthesis.at_revision(revision, context), synthesis.described(revision, name=name)


def _parser() -> argparse.ArgumentParser:
    """Values may be empty, as a make variable that nobody gave is."""
    parser = argparse.ArgumentParser(prog="python -m checks.changes", description=__doc__)
    parser.add_argument("--env", required=True, help="the environment, of config/environments.py")
    parser.add_argument("--account", default="", help="twelve digits, for both sides")
    parser.add_argument("--region", default="", help="for both sides")
    parser.add_argument(
        "--against",
        default="",
        help=f"a git revision, or {RELEASED!r}; where not given, the commit at which this branch left main",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
