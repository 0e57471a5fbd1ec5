"""The command line of `make redrive`, `make replay` and `make reprocess`."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ops.common.command_line import CommandLine, required
from ops.common.environment import DeployedEnvironment
from ops.ingestion import redrive, replay, reprocess
from ops.ingestion.deployed import find


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    command_line = CommandLine("ingestion")
    command_line.add("redrive", _redrive, "move dead letters and undelivered events back to the queue")
    replaying = command_line.add("replay", _replay, "send the archived events of a time span again")
    replaying.add_argument("--from", dest="start", default="", help="for example 2026-11-20T10:00Z")
    replaying.add_argument("--to", dest="end", default="", help="default: now")
    reprocessing = command_line.add("reprocess", _reprocess, "load a version of a file again")
    reprocessing.add_argument("--key", default="")
    reprocessing.add_argument("--version", default="", help="default: the newest")
    reprocessing.add_argument("--why", default="", help="is kept in the database")
    reprocessing.add_argument("--yes", action="store_true", help="do not ask")
    return command_line.run(arguments)


def _redrive(environment: DeployedEnvironment, _: Namespace) -> int:
    return redrive.run(find(environment))


def _replay(environment: DeployedEnvironment, options: Namespace) -> int:
    start = required(options.start, "FROM", "make replay FROM=2026-11-20T10:00Z TO=2026-11-20T12:00Z")
    return replay.run(find(environment), start=start, end=options.end)


def _reprocess(environment: DeployedEnvironment, options: Namespace) -> int:
    key = required(options.key, "KEY", "make reprocess KEY=incoming/orders/a.csv")
    return reprocess.run(find(environment), key=key, version_id=options.version, yes=options.yes, why=options.why)


if __name__ == "__main__":
    sys.exit(main())
