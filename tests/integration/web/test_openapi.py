"""The running app answers whatever Schemathesis draws from the API's description as that description states."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.support.web.process import WebProcess


@pytest.fixture(scope="module")
def description(web: WebProcess) -> BaseSchema:
    """The description that the app serves."""
    return schemathesis.openapi.from_url(f"{web.client.base_url}/api/openapi.json")


drawn = schemathesis.pytest.from_fixture("description")


@drawn.parametrize()
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_answer_is_one_that_the_description_states(case: Case[Any]) -> None:
    response = case.call()
    names = [name for name, _ in parse_qsl(urlsplit(str(response.request.url)).query, keep_blank_values=True)]
    excluded: list[Any] = []
    # A description can't state which cursors there are, what can't be combined, nor the largest file of each dataset.
    if case.method == "POST" or "after" in names or {"search", "until"} <= set(names):
        excluded.append(positive_data_acceptance)
    # Of a parameter that comes several times, the last counts, and it may be valid. Schemathesis does not know 431.
    if len(set(names)) < len(names) or response.status_code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        excluded.append(negative_data_rejection)
    case.validate_response(response, excluded_checks=excluded)
