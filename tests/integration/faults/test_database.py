"""The database fails while files are loaded: the tables end up as without the failure."""

from __future__ import annotations

from tests.support.faults.trial import LARGE, Trial
from tests.support.orders import eventually


def test_a_database_killed_in_the_middle_of_a_load_changes_nothing(trial: Trial) -> None:
    with trial.sessions.held_up(trial.order_id(LARGE - 1000)):
        landed = trial.land(trial.content(rows=LARGE))
        trial.sessions.wait_until_held()
        ((_, statement),) = trial.sessions.held()
        trial.land_other_datasets()
        assert statement.startswith("COPY")
        trial.faults.kill_database()
    trial.faults.start_database()
    trial.rest()
    assert trial.failures(landed)
    assert trial.tables() == trial.undisturbed()


def test_a_file_that_lands_while_the_database_is_down_is_loaded_soon_after(trial: Trial) -> None:
    trial.faults.stop_database()
    trial.land_other_datasets()
    landed = trial.land(trial.content(rows=100))
    trial.wait_for_failure(landed)
    trial.faults.start_database()
    trial.rest()
    assert trial.tables() == trial.undisturbed()


def test_a_connection_lost_in_the_middle_of_a_load_changes_nothing(trial: Trial) -> None:
    content = trial.content(rows=LARGE)
    trial.faults.connections.cut_after(len(content) // 2)
    landed = trial.land(content)
    trial.rest()
    assert len(trial.failures(landed)) == 1
    assert trial.tables() == trial.undisturbed()


def test_readers_see_all_of_a_file_or_nothing_of_it(trial: Trial) -> None:
    with trial.sessions.held_up(trial.order_id(LARGE)):
        trial.land(trial.content(rows=LARGE))
        trial.sessions.wait_until_held()
        assert {count for count, _ in trial.tables().values()} == {0}
    trial.rest()
    counts = {table: count for table, (count, _) in trial.tables().items() if count}
    assert counts == {"files": 1, "orders": LARGE, "rejected_rows": 1}


def test_two_files_that_hold_the_same_orders_in_opposite_order_deadlock_and_both_load(trial: Trial) -> None:
    before = trial.sessions.deadlocks()
    # When both wait for the order in the middle, each has locked half of the orders. Then each needs the other half.
    with trial.sessions.held_up(trial.order_id(1000)):
        trial.land(trial.content(rows=2000, seed=1), key="upwards.csv")
        trial.land(trial.content(rows=2000, seed=2, backwards=True), key="downwards.csv")
        trial.sessions.wait_until_held(loads=2)
    trial.rest()
    eventually(lambda: trial.sessions.deadlocks() > before, "a deadlock in the server's statistics")
    assert trial.tables() == trial.undisturbed()
