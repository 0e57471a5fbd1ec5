"""Fault tests share one local cloud. Each has its own keys and orders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_cloud.cloud import LocalCloud
from tests.support.faults.trial import Trial
from tests.support.orders import EventTap, eventually, tapped_events


@pytest.fixture(scope="session")
def tap(local_cloud: LocalCloud) -> Iterator[EventTap]:
    """The events that EventBridge sends to the pipeline, so that tests can send them again."""
    with tapped_events(local_cloud) as tap:
        yield tap


@pytest.fixture
def trial(local_cloud: LocalCloud, tap: EventTap) -> Iterator[Trial]:
    """This test's files in an idle pipeline. Afterwards every fault is ended and the files are deleted."""
    trial = Trial(cloud=local_cloud, tap=tap)
    trial.rest()
    yield trial
    trial.faults.connections.resume()
    trial.faults.start_database()
    trial.faults.resume_event_source()
    trial.empty_queues()
    eventually(lambda: not trial.sessions.working(), "the end of all loads", seconds=60)
    trial.forget()
    trial.delete_files()
    trial.rest()
