"""A key is found in whatever Unicode form the bucket has it."""

from __future__ import annotations

import subprocess
from unicodedata import normalize

import pytest

from ops.ingestion import keys
from tests.support.ops.stubs import Stubs, entry, page

COMPOSED = "incoming/r\u00e9/caf\u00e9.csv"
DECOMPOSED = normalize("NFD", COMPOSED)
MIXED = "incoming/r\u00e9/cafe\u0301.csv"


def lists(aws: Stubs, prefix: str, *found: str) -> None:
    """The next list of the bucket, which must ask for that prefix."""
    aws.expect(
        "s3",
        "list_object_versions",
        page([entry(key, "1") for key in found], []),
        {"Bucket": "landing", "Prefix": prefix, "OptionalObjectAttributes": ["RestoreStatus"]},
    )


def stored(aws: Stubs, key: str) -> list[str]:
    return list(keys.stored(aws.ingestion().s3, "landing", key))


def test_a_key_that_has_one_form_is_looked_up_once(aws: Stubs) -> None:
    lists(aws, "incoming/x.csv")
    assert stored(aws, "incoming/x.csv") == []


@pytest.mark.parametrize(("typed", "other"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_key_is_found_in_the_other_form(aws: Stubs, typed: str, other: str) -> None:
    lists(aws, typed)
    lists(aws, other, other)
    assert stored(aws, typed) == [other]


def test_all_forms_that_exist_are_found_and_the_typed_one_comes_first(aws: Stubs) -> None:
    lists(aws, DECOMPOSED, DECOMPOSED)
    lists(aws, COMPOSED, COMPOSED)
    assert stored(aws, DECOMPOSED) == [DECOMPOSED, COMPOSED]


def test_a_key_that_is_partly_composed_is_found_below_what_all_forms_share(aws: Stubs) -> None:
    lists(aws, COMPOSED)
    lists(aws, DECOMPOSED)
    lists(aws, "incoming/r", "incoming/rows.csv", MIXED)
    lists(aws, MIXED, MIXED)
    assert stored(aws, COMPOSED) == [MIXED]


def test_a_form_that_is_too_long_for_a_key_is_not_looked_up() -> None:
    typed = "incoming/" + "\u00e9" * 400
    assert keys.forms(typed) == [typed]


def test_only_the_form_may_differ() -> None:
    assert keys.same(COMPOSED, MIXED)
    assert not keys.same("incoming/1", "incoming/\u00b9")  # NFKC would make them equal


@pytest.mark.parametrize(("key", "form"), [(COMPOSED, "composed"), (DECOMPOSED, "decomposed"), (MIXED, "mixed")])
def test_a_description_tells_the_forms_apart_and_can_be_pasted_into_a_shell(key: str, form: str) -> None:
    key = f"{key} it's \\ $HOME"
    described = keys.described(key)
    assert described.isascii()
    assert described.startswith(f"in {form} Unicode, KEY=$'")
    typed = described.partition(", ")[2]
    shell = ["bash", "-c", f'{typed}; printf %s "$KEY"']
    assert subprocess.run(shell, capture_output=True, check=True).stdout.decode() == key
