"""An event is lost: `make reconcile` finds its file, and the tables end up as if the event had arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ops.operations import reconcile
from ops.operations.deployed import find
from tests.support.faults.trial import Trial
from tests.support.ops.local import deployed_environment


def test_a_file_whose_event_was_lost_is_found_and_loaded(trial: Trial) -> None:
    trial.land(trial.content(rows=100), key="told.csv")
    trial.rest()
    trial.faults.pause_event_source()
    lost = trial.land(trial.content(rows=200, seed=2), key="lost.csv")
    assert trial.take(trial.queue) == [lost.event]
    trial.faults.resume_event_source()
    assert trial.tables()["files"][0] == 1
    operations = find(deployed_environment(trial.cloud))
    own = replace(operations, ingestion=replace(operations.ingestion, incoming_prefix=trial.folder))
    assert reconcile.run(own, yes=True, minimum_age=timedelta(0)) == 0
    trial.rest()
    assert trial.tables() == trial.undisturbed()
