"""Values of the landing bucket and of ingestion that contradict each other are refused before synthesis."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from config.checks import ConfigError
from config.environments import DEV, LOCAL, PROD
from config.ingestion import (
    CheaperStorage,
    DeepArchive,
    GlacierInstantRetrieval,
    IntelligentTiering,
    ProvisionedConcurrency,
    SnapStart,
    StandardIa,
)


def _stored(*storage: CheaperStorage, **values: Any) -> Callable[[], object]:
    return lambda: replace(PROD.landing_bucket, storage=storage, **values)


def _ingestion(**values: Any) -> Callable[[], object]:
    return lambda: replace(DEV.ingestion, **values)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "noncurrent versions kept for 0 days": (
        _stored(noncurrent_days=0),
        "landing_bucket.noncurrent_days must be at least 1, got 0",
    ),
    "Standard-IA too soon": (
        lambda: StandardIa(after_days=29),
        "landing_bucket.storage.after_days must be at least 30, got 29: S3 moves only files that are 30 days old",
    ),
    "a negative number of days": (
        lambda: DeepArchive(after_days=-1),
        "landing_bucket.storage.after_days must be at least 0, got -1",
    ),
    "a colder class before a warmer one": (
        _stored(GlacierInstantRetrieval(after_days=30), StandardIa(after_days=200)),
        "landing_bucket.storage must be in the order StandardIa",
    ),
    "two classes that exclude each other": (
        _stored(StandardIa(after_days=30), IntelligentTiering(after_days=90)),
        "landing_bucket.storage must be in the order StandardIa",
    ),
    "a transition before the minimum storage duration": (
        _stored(StandardIa(after_days=30), GlacierInstantRetrieval(after_days=59)),
        "landing_bucket.storage must be GlacierInstantRetrieval from 60 days on, after StandardIa, got 59",
    ),
    "two transitions on one day": (
        _stored(IntelligentTiering(after_days=40), DeepArchive(after_days=40)),
        "landing_bucket.storage must be DeepArchive from 41 days on, after IntelligentTiering, got 40",
    ),
    "expiry before the minimum storage duration": (
        _stored(StandardIa(after_days=30), expire_days=59),
        "landing_bucket.expire_days must be 60 or more, or left open, got 59",
    ),
    "expiry after 0 days": (_stored(expire_days=0), "landing_bucket.expire_days must be 1 or more"),
    "Deep Archive while the dead-letter queue keeps the event": (
        _stored(DeepArchive(after_days=14)),
        "landing_bucket must be readable for more than 14 days, got 14",
    ),
    "a replay of files in Deep Archive": (
        lambda: replace(
            PROD,
            landing_bucket=replace(PROD.landing_bucket, noncurrent_days=400),
            ingestion=replace(PROD.ingestion, archive_days=365),
        ),
        "ingestion.archive_days must be below 365",
    ),
    "a replay of expired files": (
        lambda: replace(
            DEV,
            landing_bucket=replace(DEV.landing_bucket, noncurrent_days=30, expire_days=20),
            ingestion=replace(DEV.ingestion, archive_days=20),
        ),
        "ingestion.archive_days must be below 20",
    ),
    "a replay of expired noncurrent versions": (
        lambda: replace(PROD, ingestion=replace(PROD.ingestion, archive_days=120)),
        "ingestion.archive_days must be below 120",
    ),
    "a file that is too large for the memory": (
        _ingestion(memory_mb=512, timeout_seconds=300, max_file_mb=278),
        "ingestion.max_file_mb must be 1 to 277, got 278: a file must load within 80 % of 300 s",
    ),
    "too little memory": (_ingestion(memory_mb=64), "ingestion.memory_mb must be 128 to 10,240"),
    "a timeout that is too long": (_ingestion(timeout_seconds=901), "ingestion.timeout_seconds must be 30 to 900"),
    "too little concurrency": (_ingestion(max_concurrency=1), "ingestion.max_concurrency must be 2"),
    "a maximum file size of 0": (_ingestion(max_file_mb=0), "ingestion.max_file_mb"),
    "a file that is too large for the timeout": (
        _ingestion(max_file_mb=1000),
        "ingestion.max_file_mb must be 1 to 960",
    ),
    "too few receives": (_ingestion(max_receive_count=4), "ingestion.max_receive_count must be 5 to 1,000, got 4"),
    "no initial back-off": (
        _ingestion(initial_backoff_seconds=0),
        "ingestion.initial_backoff_seconds must be 1 to 900",
    ),
    "retries that take longer than the queue keeps messages": (
        lambda: replace(PROD.ingestion, max_receive_count=64),
        "ingestion.max_receive_count must be low enough that the retries end before the queue deletes a message",
    ),
    "an archive of 0 days": (_ingestion(archive_days=0), "ingestion.archive_days must be at least 1, got 0"),
    "no provisioned executions": (
        lambda: ProvisionedConcurrency(executions=0),
        "ingestion.start.executions must be at least 1, got 0",
    ),
    "more provisioned executions than concurrent loads": (
        _ingestion(start=ProvisionedConcurrency(executions=3)),
        "ingestion.start.executions must be at most ingestion.max_concurrency (2), got 3",
    ),
    "SnapStart with an old Python": (
        lambda: replace(
            DEV, runtime=replace(DEV.runtime, python="3.11"), ingestion=replace(DEV.ingestion, start=SnapStart())
        ),
        "runtime.python must be 3.12 or newer with ingestion.start = SnapStart(), got '3.11'",
    ),
    "SnapStart in a region without it": (
        lambda: replace(DEV, region="us-gov-west-1", ingestion=replace(DEV.ingestion, start=SnapStart())),
        "ingestion.start must be OnDemand() or ProvisionedConcurrency(...) in us-gov-west-1, got SnapStart()",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_values_are_refused_with_the_value_and_a_remedy(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(ConfigError) as caught:
        build()
    assert str(caught.value).startswith(message)
    assert ": " in str(caught.value).partition(", got ")[2], "and how to fix it"


ACCEPTED: dict[str, Callable[[], object]] = {
    "each transition as early as allowed": _stored(
        StandardIa(after_days=30),
        GlacierInstantRetrieval(after_days=60),
        DeepArchive(after_days=150),
        expire_days=330,
    ),
    "one transition": _stored(IntelligentTiering(after_days=0)),
    "expiry without transitions": _stored(expire_days=15),
    "a replay one day before Deep Archive": lambda: replace(
        PROD,
        landing_bucket=replace(PROD.landing_bucket, noncurrent_days=400),
        ingestion=replace(PROD.ingestion, archive_days=364),
    ),
    "the largest max_receive_count": lambda: replace(PROD.ingestion, max_receive_count=63),
    "as many provisioned executions as concurrent loads": _ingestion(start=ProvisionedConcurrency(executions=2)),
    "SnapStart": lambda: replace(DEV, region="eu-central-1", ingestion=replace(DEV.ingestion, start=SnapStart())),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_values_at_the_limits_are_accepted(case: str) -> None:
    ACCEPTED[case]()


def test_a_file_is_readable_until_deep_archive_or_deletion_whichever_comes_first() -> None:
    assert replace(PROD.landing_bucket, noncurrent_days=400).readable_days == 365
    assert replace(DEV.landing_bucket, noncurrent_days=40, expire_days=30).readable_days == 30
    assert replace(DEV.landing_bucket, noncurrent_days=20, expire_days=30).readable_days == 20


def test_the_longest_retry_time_assumes_a_function_that_is_killed_each_time() -> None:
    assert PROD.ingestion.max_retry_seconds == 10 * 6 * 900
    # The function's back-off counts if it is longer than the visibility timeout: 6 x 30 s against 30 + 900 s.
    short = replace(DEV.ingestion, timeout_seconds=30, max_file_mb=64, initial_backoff_seconds=900, max_receive_count=5)
    assert short.max_retry_seconds == 5 * (30 + 900)


def test_locally_the_retries_of_a_bad_file_wait_half_a_minute_in_total() -> None:
    waits = [LOCAL.ingestion.initial_backoff_seconds * 2**n for n in range(LOCAL.ingestion.max_receive_count)]
    assert sum(waits) <= 31
