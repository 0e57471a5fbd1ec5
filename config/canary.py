"""The file of `make verify`: one row that no partner sent, which must become a row in the database."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from config.datasets import datasets
from tabular.declaration import Field
from tabular.types import BadValueError

WORDS = ("canary", "canary@example.com")  # keys that no partner uses


@dataclass(frozen=True, kw_only=True)
class Canary:
    """The dataset, the key of the file below the incoming prefix, and its content with one row."""

    dataset: str
    key: str
    content: bytes


@cache
def canary() -> Canary | None:
    """The canary of the first dataset that can have one; None if none can.

    The key must have text: a number or a time could be the key of a partner's row, which the canary would replace. The
    examples of the required columns must be valid: declare an `example` where the one of the type is not.
    """
    return next(_canaries(), None)


def _canaries() -> Iterator[Canary]:
    for dataset in datasets().values():
        texts = [name for name in dataset.primary_key if dataset.by_name[name].column.sql_type == "text"]
        fields = [field for field in dataset.fields if field.required]
        for word in WORDS:
            row = {field.name: word if field.name in texts else _example(field) for field in fields}
            valid = all(_is_valid(field, row[field.name]) for field in fields)
            if texts and valid and dataset.known_key != "reject":
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows([row, row.values()])
                key = f"{dataset.name}/canary/verify.csv"
                yield Canary(dataset=dataset.name, key=key, content=text.getvalue().encode())


def _example(field: Field) -> str:
    return field.column.example if field.example is None else str(field.example)


def _is_valid(field: Field, value: str) -> bool:
    with suppress(BadValueError):
        return bool(field.column.check(value))
    return False
