"""The command line behind `make diff`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tools.changes import released, synthesis
from tools.changes.errors import ChangesError
from tools.changes.report import rendered, report
from tools.changes.templates import Template
from tools.changes.wording import lines

RELEASED = "released"


def main(arguments: list[str] | None = None) -> int:
    """Prints the report; whatever a person can mend is one clear line and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        print(_report(options.against, options.env))
    except ChangesError as error:
        print(f"diff: {error}", file=sys.stderr)
        return 1
    return 0


def _report(against: str, environment: str) -> str:
    before, whence = _source(against, environment)
    with ThreadPoolExecutor() as threads:
        old = threads.submit(before)
        new = threads.submit(lambda: synthesis.synthesized(synthesis.ROOT, environment, whose="the working tree"))
        templates = old.result(), new.result()
    title = "\n".join(lines(f"{environment}, from {whence} to the working tree", indent=0, hang=4))
    had, has = (", ".join(one) for one in templates)
    if had and has:
        return f"{title}\n{rendered(report(*templates, with_code=against != RELEASED))}"
    if had:
        return f"{title}\nThe environment is gone. What is deployed of it stays deployed: {had}."
    if has:
        return f"{title}\nThe environment is new. Its stacks: {has}."
    raise ChangesError(f"neither {whence} nor the working tree has an environment {environment!r}")


def _source(against: str, environment: str) -> tuple[Callable[[], Mapping[str, Template]], str]:
    """Where the older templates come from, and what to call that."""
    if against == RELEASED:
        return lambda: released.read(environment), "what was last released"
    revision = against or synthesis.fork_point()
    return lambda: synthesis.at_revision(revision, environment), synthesis.described(revision)


def _parser() -> argparse.ArgumentParser:
    """Values may be empty, as a make variable that nobody gave is."""
    parser = argparse.ArgumentParser(prog="python -m tools.changes", description=__doc__)
    parser.add_argument("--env", required=True, help="the environment, of config/environments.py")
    parser.add_argument(
        "--against",
        default="",
        help=f"a git revision, or {RELEASED!r}; where not given, the commit at which this branch left main",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
