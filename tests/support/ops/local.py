"""Runs commands against the local cloud of the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from local_cloud.environment import clean
from local_cloud.state import CHECKOUT
from ops.common.environment import DeployedEnvironment
from ops.ingestion.deployed import DeployedIngestion
from tests.support.orders import eventually


def deployed_environment(cloud: LocalCloud) -> DeployedEnvironment:
    """As a command finds it, for calls within this process."""
    return DeployedEnvironment(
        name=LOCAL.name,
        project=LOCAL.project,
        is_local=True,
        account=LOCAL.account or "",
        session=cloud.session(),
    )


def run(cloud: LocalCloud, capability: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a shell that has sourced the local cloud's env.sh, without a terminal."""
    command = [sys.executable, "-m", f"ops.{capability}", *arguments]
    return subprocess.run(
        ["bash", "-euc", 'source "$0" && exec "$@"', cloud.state.env, *command],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=CHECKOUT,
        env=clean(),
        check=False,
    )


def output(cloud: LocalCloud, capability: str, *arguments: str) -> str:
    """Runs a command that must succeed, and returns the command's output."""
    finished = run(cloud, capability, *arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@contextmanager
def without_events(ingestion: DeployedIngestion) -> Iterator[None]:
    """EventBridge sends no event of the bucket to the queue."""
    names = [each.rpartition("/")[2] for each in ingestion.rule_arns]
    for name in names:
        ingestion.events.disable_rule(Name=name)
    try:
        yield
    finally:
        for name in names:
            ingestion.events.enable_rule(Name=name)


def receive(sqs: Any, url: str, part: str, *, delete: bool = False) -> None:
    """Wait for a message whose body has that part; it stays visible unless it is deleted."""

    def found() -> bool:
        for message in sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, WaitTimeSeconds=1).get("Messages", []):
            if part in message["Body"]:
                if delete:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return True
        return False

    eventually(found, f"a message with {part!r}", seconds=20)
