"""The handler loads the files that events name, and reports the messages that failed."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.deadline import Deadline
from ingestion.event import FileEvent
from ingestion.ledger import Outcome
from tabular.declaration import Dataset
from tests.support.reading import ORDERS
from tests.unit.lambda_src.ingestion.test_event import body
from tests.unit.lambda_src.ingestion.test_settings import ENVIRONMENT


class Handled:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in (ENVIRONMENT | {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "ingestion.handler", raising=False)
        self.module: Any = importlib.import_module("ingestion.handler")
        self.loaded: list[FileEvent] = []
        self.backoffs: list[int] = []
        monkeypatch.setattr(self.module, "_loader", self)
        monkeypatch.setattr(self.module, "_sqs", self)

    def load(self, event: FileEvent, deadline: Deadline, *, retried: bool) -> Outcome:
        assert not retried
        assert 0 < deadline.milliseconds_left() <= 60_000
        self.loaded.append(event)
        return Outcome(status="loaded")

    def dataset(self, key: str) -> Dataset | None:
        return {"orders": ORDERS}.get(key.split("/")[1])

    def get_remaining_time_in_millis(self) -> int:
        return 60_000

    def change_message_visibility(self, **arguments: Any) -> None:
        self.backoffs.append(arguments["VisibilityTimeout"])

    def __call__(self, text: str) -> list[dict[str, str]]:
        record = {
            "messageId": "1",
            "receiptHandle": "r",
            "body": text,
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        failures: list[dict[str, str]] = self.module.handler({"Records": [record]}, self)["batchItemFailures"]
        return failures


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> Handled:
    return Handled(monkeypatch)


def test_a_file_under_the_prefix_is_loaded(handled: Handled) -> None:
    assert handled(body()) == []
    assert [each.version_id for each in handled.loaded] == ["v1"]


@pytest.mark.parametrize("key", ["outgoing/a.csv", "incoming", "incoming.csv"])
def test_keys_outside_the_prefix_are_ignored(handled: Handled, key: str) -> None:
    assert handled(body(key=key)) == []
    assert handled.loaded == []


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"Records": []})])
def test_an_invalid_message_fails_so_that_it_ends_in_the_dead_letter_queue(handled: Handled, text: str) -> None:
    assert handled(text) == [{"itemIdentifier": "1"}]
    assert handled.backoffs == [30]


def test_an_event_of_another_bucket_fails(handled: Handled) -> None:
    assert handled(body().replace('"landing"', '"another"')) == [{"itemIdentifier": "1"}]
    assert handled.loaded == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(),
        json_values.map(json.dumps),
        st.builds(
            lambda name, value: body(**{name: value}),
            st.sampled_from(
                ["key", "version-id", "sequencer", "size", "detail-type", "deletion-type", "time", "detail"]
            ),
            json_values,
        ),
    )
)
def test_no_message_crashes_the_function(handled: Handled, text: str) -> None:
    assert handled(text) in ([], [{"itemIdentifier": "1"}])
