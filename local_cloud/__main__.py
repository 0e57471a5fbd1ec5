"""The command line: `python -m local_cloud up`, `down`, `status`, `reset`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import contents
from .cloud import LocalCloud
from .environment import clean_this_process
from .errors import LocalCloudError
from .report import render
from .state import CHECKOUT
from .supervisor import CORE


def main() -> int:
    """Run one command; an error that a person can fix is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status", "reset"))
    parser.add_argument("--state", type=Path, default=CHECKOUT / ".local", help="the folder of this local cloud")
    parser.add_argument("--yes", action="store_true", help="don't ask before reset deletes the data")
    arguments = parser.parse_args()
    clean_this_process()
    cloud = LocalCloud(arguments.state, say=_progress(), variables=os.environ)
    try:
        if arguments.command == "reset":
            return _reset(cloud, yes=arguments.yes)
        return {"up": _up, "down": _down, "status": _status}[arguments.command](cloud)
    except LocalCloudError as error:
        print(f"local cloud: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("local cloud: interrupted; `make up` continues, `make down` stops what has started", file=sys.stderr)
    return 1


def _up(cloud: LocalCloud) -> int:
    print(render(cloud.up(), cloud.state))
    return 0


def _down(cloud: LocalCloud) -> int:
    for crash in cloud.down():
        print(crash)
    print("The local cloud is stopped.")
    _say_what_is_kept(cloud)
    return 0


def _say_what_is_kept(cloud: LocalCloud) -> None:
    kept = contents.described(cloud.state)
    if kept:
        print("Its data stays, and `make up` continues with it (`make reset` deletes it):")
        for line in kept:
            print(f"  - {line}")


def _reset(cloud: LocalCloud, *, yes: bool) -> int:
    lost = contents.described(cloud.state)
    if lost:
        print(f"This deletes the data of the local cloud in {cloud.state.root} for good:")
        for line in lost:
            print(f"  - {line}")
        if not yes and not _confirmed():
            return 1
    cloud.reset()
    print("Deleted. `make up` starts anew." if lost else f"There is no data in {cloud.state.root}.")
    return 0


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        print("Nothing was deleted: there is no terminal to ask for confirmation. YES=1 skips the question.")
        return False
    try:
        answer = input("Delete it? [y/N] ").strip().lower()
    except EOFError:  # Ctrl-D
        answer = ""
    if answer in ("y", "yes"):
        return True
    print("Nothing was deleted.")
    return False


def _status(cloud: LocalCloud) -> int:
    found = cloud.status()
    for name in found["running"]:
        print(f"{name}: running")
    for restart in found["restarts"]:
        print(restart["message"].splitlines()[0].removesuffix(":"))
    for crash in found["crashes"].values():
        print(crash)
    if set(found["running"]) >= CORE and cloud.state.services.exists():
        for line in cloud.described():
            print(line)
    if not found["running"]:
        print(f"No local cloud is running in {cloud.state.root}.")
        _say_what_is_kept(cloud)
    return 1 if found["crashes"] else 0


def _progress() -> Callable[[str], None]:
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
