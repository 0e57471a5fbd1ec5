"""Values that differ in every release are masked, so that they don't count as changes."""

import pytest

from checks.changes.comparable import ChangesError, comparable, masked


def test_hashes_of_code_are_masked_on_request_and_version_ids_always() -> None:
    version = "FunctionCurrentVersion8AFE8E85" + "b" * 32
    template = {"Resources": {version: {"Key": "a" * 64 + ".zip"}}}
    assert '"FunctionCurrentVersion8AFE8E85<hash>"' in masked(template)
    assert '"<hash>.zip"' in masked(template)
    assert "a" * 64 + ".zip" in masked(template, with_code=True)
    assert version not in masked(template, with_code=True)


def test_an_empty_set_of_templates_is_refused() -> None:
    with pytest.raises(ChangesError, match="no template"):
        comparable({})
