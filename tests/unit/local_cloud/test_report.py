"""The report at the end of `make up`."""

import re

import pytest

from local_cloud.report import Summary, render
from local_cloud.state import CHECKOUT, StateFolder


def _report(*services: str) -> str:
    summary = Summary(stacks=[], recorded_only={}, files=[], rejects=[], services=list(services))
    return render(summary, StateFolder(CHECKOUT / ".local"))


def test_services_of_capabilities_have_their_lines() -> None:
    assert "\n\nThe page: http://localhost\n\nTry next:" in _report("The page: http://localhost")


def test_the_file_that_is_suggested_to_upload_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    text = _report()
    found = re.search(r'awscli s3 cp (\S+) "s3://\$LANDING_BUCKET/\$\{INCOMING_PREFIX\}(\w+)/mine\.csv"', text)
    assert found is not None, text
    assert (CHECKOUT / found[1]).is_file()
    assert (CHECKOUT / "datasets" / found[2]).is_dir()
