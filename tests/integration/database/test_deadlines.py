"""A load ends by its deadline, and a file that takes too much time or memory is refused after some attempts."""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, LiteralString

import psycopg
import pytest

from ingestion import loader as loader_module
from ingestion import tables
from ingestion.content import Content
from ingestion.deadline import Deadline, OutOfTimeError
from ingestion.event import FileEvent
from ingestion.ledger import Outcome
from ingestion.loader import ALREADY_KNOWN
from ingestion.messages import is_transient
from tests.integration.database.conftest import Pipeline, Shop, csv
from tests.support.contracts.handlers import deployed_handler


def test_ingestion_limits_its_statements_itself_and_is_never_idle_for_too_long(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.seconds("ingestion", "statement_timeout") == 0
    aws = deployed_handler("ingestion", monkeypatch)._TIMEOUTS
    longest_call = aws.retries["total_max_attempts"] * (aws.connect_timeout + aws.read_timeout)
    assert longest_call < shop.seconds("ingestion", "idle_in_transaction_session_timeout")


class TestDeadline:
    """A function that runs out of time stops by itself, and everything is rolled back."""

    @pytest.fixture
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Pipeline, FileEvent], Outcome]:
        """Loads a file that takes so much work that the time is over when a part of it was read."""

        def load(pipeline: Pipeline, put: FileEvent, *, retried: bool = False) -> Outcome:
            deadline = Deadline(60)
            pieces = pipeline.bucket._pieces

            def slow_pieces(content: bytes) -> Iterator[bytes]:
                for number, piece in enumerate(pieces(content)):
                    if number == 20:
                        work, began = time.process_time(), time.monotonic()
                        while time.process_time() - work < max(0.1, (time.monotonic() - began) / 3):
                            pass
                        deadline._end = 0.0
                    yield piece

            with monkeypatch.context() as patch:
                patch.setattr(pipeline.bucket, "_pieces", slow_pieces)
                return pipeline.loader().load(put, deadline, retried=retried)

        return load

    @staticmethod
    def put(pipeline: Pipeline) -> FileEvent:
        return pipeline.put("incoming/orders/a.csv", csv(*((f"A{n}", 1) for n in range(1000))), at=1)

    @staticmethod
    def attempts(pipeline: Pipeline) -> list[Any]:
        with pipeline.shop.connect() as connection:
            return connection.execute("SELECT attempts FROM load_attempts").fetchall()

    def test_running_out_of_time_is_a_transient_error(
        self, pipeline: Pipeline, slow: Callable[[Pipeline, FileEvent], Outcome]
    ) -> None:
        with pytest.raises(OutOfTimeError) as caught:
            slow(pipeline, self.put(pipeline))
        assert is_transient(caught.value)
        assert pipeline.tables() == ([], [], [])
        assert self.attempts(pipeline) == [(1,)]

    @pytest.mark.parametrize("retried", [False, True], ids=["two messages", "one message"])
    def test_a_file_that_runs_out_of_time_twice_is_refused_with_the_reason(
        self, pipeline: Pipeline, slow: Callable[..., Outcome], retried: bool
    ) -> None:
        put = self.put(pipeline)
        with pytest.raises(OutOfTimeError):
            slow(pipeline, put)
        outcome = slow(pipeline, put, retried=retried)
        assert outcome.status == "refused"
        assert "took too much time or memory" in str(outcome.reason)
        assert pipeline.loader().load(put) is ALREADY_KNOWN
        assert self.attempts(pipeline) == []

    def test_a_file_that_ends_the_process_again_and_again_is_refused_before_it_is_read(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = self.put(pipeline)

        class EndOfProcessError(BaseException):
            """Stands for a process that Lambda kills: no code runs after it."""

        def end(_: bytes) -> Iterator[bytes]:
            raise EndOfProcessError
            yield b""

        with monkeypatch.context() as patch:
            patch.setattr(pipeline.bucket, "_pieces", end)
            for retried in (False, True, True):
                with pytest.raises(EndOfProcessError):
                    pipeline.loader().load(put, retried=retried)
            assert self.attempts(pipeline) == [(2,)]
            assert pipeline.loader().load(put, retried=True).status == "refused"
        assert self.attempts(pipeline) == []

    def test_attempts_that_fail_for_other_reasons_do_not_count(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = self.put(pipeline)

        def fail(_: bytes) -> Iterator[bytes]:
            raise psycopg.OperationalError
            yield b""

        with monkeypatch.context() as patch:
            patch.setattr(pipeline.bucket, "_pieces", fail)
            for _ in range(4):
                with pytest.raises(psycopg.OperationalError):
                    pipeline.loader().load(put, retried=True)
        assert self.attempts(pipeline) == []
        assert pipeline.loader().load(put, retried=True).status == "loaded"
        assert pipeline.loader().load(put, retried=True) is ALREADY_KNOWN
        assert self.attempts(pipeline) == []

    def test_a_file_that_is_loaded_at_the_second_attempt_is_loaded_as_usual(
        self, pipeline: Pipeline, slow: Callable[[Pipeline, FileEvent], Outcome]
    ) -> None:
        put = self.put(pipeline)
        with pytest.raises(OutOfTimeError):
            slow(pipeline, put)
        assert pipeline.loader().load(put).status == "loaded"
        assert self.attempts(pipeline) == []

    def test_a_loaded_file_that_cannot_be_loaded_again_in_time_keeps_its_result(
        self, pipeline: Pipeline, slow: Callable[[Pipeline, FileEvent], Outcome]
    ) -> None:
        put = self.put(pipeline)
        pipeline.loader().load(put)
        before = pipeline.tables()
        again = replace(put, reprocess=True)
        with pytest.raises(OutOfTimeError):
            slow(pipeline, again)
        assert slow(pipeline, again) is ALREADY_KNOWN
        assert pipeline.tables() == before

    @pytest.mark.parametrize("content", [b"\n" * 900_000, csv() + b"\n" * 900_000], ids=["before", "after"])
    @pytest.mark.parametrize("compress", [bytes, gzip.compress])
    def test_a_file_of_empty_lines_is_read_in_few_steps(
        self,
        pipeline: Pipeline,
        monkeypatch: pytest.MonkeyPatch,
        content: bytes,
        compress: Callable[[bytes], bytes],
    ) -> None:
        put = pipeline.put("incoming/orders/a.csv", compress(content), at=1)
        steps = 0
        skip_line = Content.skip_line

        def counted(self: Content) -> None:
            nonlocal steps
            steps += 1
            skip_line(self)

        monkeypatch.setattr(Content, "skip_line", counted)
        assert pipeline.loader().load(put).status == "refused"
        assert steps < 100

    def test_a_gzip_file_of_empty_members_does_not_exceed_the_deadline(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = pipeline.put("incoming/orders/a.csv.gz", gzip.compress(b"") * 40_000, at=1)
        deadline = Deadline(60)
        numbers: list[int] = []
        pieces = pipeline.bucket._pieces

        def counted(content: bytes) -> Iterator[bytes]:
            for number, piece in enumerate(pieces(content)):
                numbers.append(number)
                if number == 20:
                    deadline._end = 0.0
                yield piece

        monkeypatch.setattr(pipeline.bucket, "_pieces", counted)
        with pytest.raises(OutOfTimeError):
            pipeline.loader().load(put, deadline)
        assert len(numbers) == 21

    def test_each_statement_gets_only_the_time_that_is_left(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1))
        put = pipeline.put("incoming/orders/b.csv", csv(("A", 2), ("B", 1)), at=2)
        limits: list[int] = []
        limit = tables.limit_statements

        def recorded(connection: psycopg.Connection, deadline: Deadline) -> None:
            limit(connection, deadline)
            limits.extend(
                connection.execute("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'").fetchone()
                or ()
            )
            deadline._end -= 1

        for module in (tables, loader_module):
            monkeypatch.setattr(module, "limit_statements", recorded)
        pipeline.loader().load(put)
        # The ledger, two copies, four statements for the temporary tables, three of the merge, and the ledger again.
        assert len(limits) == 11
        assert all(later <= earlier - 1000 for earlier, later in itertools.pairwise(limits))

    @pytest.mark.parametrize(
        "holding", ["SELECT pg_advisory_xact_lock(7001002)", "LOCK TABLE orders", "LOCK TABLE files"]
    )
    def test_waiting_for_a_lock_does_not_exceed_the_deadline(self, pipeline: Pipeline, holding: LiteralString) -> None:
        put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
        with pipeline.shop.connect() as connection, connection.transaction():
            connection.execute(holding)
            with pytest.raises(psycopg.errors.QueryCanceled) as caught:
                pipeline.loader().load(put, Deadline(1.5))
        assert is_transient(caught.value)
        assert self.attempts(pipeline) == [], "any file would have run out of time"
        assert pipeline.loader().load(put).rows_loaded == 1
