"""Waits until the emulator has saved what it answered so far."""

from __future__ import annotations

import time

from local_cloud.cloud import LocalCloud
from tests.support.orders import eventually


def wait_until_saved(cloud: LocalCloud) -> None:
    """Returns when a crash of the emulator would lose nothing."""
    asked = time.time()
    cloud.session().client("sts").get_caller_identity()  # after a request it saves
    queues = cloud.state.resources / "sqs.json"
    eventually(lambda: queues.exists() and queues.stat().st_mtime > asked, "a save of the queues")
