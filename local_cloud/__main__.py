"""The command line: `python -m local_cloud up`, `down`, `status`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .cloud import LocalCloud
from .environment import clean_this_process
from .errors import LocalCloudError
from .report import render
from .state import CHECKOUT


def main() -> int:
    """Run one command; an error that a person can fix is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--state", type=Path, default=CHECKOUT / ".local", help="the folder of this local cloud")
    arguments = parser.parse_args()
    clean_this_process()
    cloud = LocalCloud(arguments.state, say=_progress(), variables=os.environ)
    try:
        return {"up": _up, "down": _down, "status": _status}[arguments.command](cloud)
    except LocalCloudError as error:
        print(f"local cloud: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("local cloud: interrupted; `make down` stops what has started", file=sys.stderr)
    return 1


def _up(cloud: LocalCloud) -> int:
    print(render(cloud.up(), cloud.state))
    return 0


def _down(cloud: LocalCloud) -> int:
    for crash in cloud.down():
        print(crash)
    print("The local cloud is stopped.")
    return 0


def _status(cloud: LocalCloud) -> int:
    found = cloud.status()
    for name in found["running"]:
        print(f"{name}: running")
    for crash in found["crashes"].values():
        print(crash)
    if not found["running"]:
        print(f"No local cloud is running in {cloud.state.root}.")
    return 1 if found["crashes"] else 0


def _progress() -> Callable[[str], None]:
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
