"""What `make up` ends with can be copied to the shell."""

import re
from dataclasses import fields

import pytest

from local_cloud.report import Summary, render
from local_cloud.state import CHECKOUT, Outputs, StateFolder


def test_the_file_that_is_suggested_to_upload_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    outputs = Outputs(**{field.name: "x" for field in fields(Outputs)})
    text = render(
        Summary(stacks=[], recorded_only={}, files=[], rejects=[], outputs=outputs), StateFolder(CHECKOUT / ".local")
    )
    found = re.search(r'awscli s3 cp (\S+) "s3://\$LANDING_BUCKET/\$\{INCOMING_PREFIX\}mine\.csv"', text)
    assert found is not None, text
    assert (CHECKOUT / found[1]).is_file()
