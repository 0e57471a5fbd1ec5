"""The file that `make verify` uploads: its one row belongs to no partner, and must arrive in the database."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from config.datasets import datasets
from tabular.declaration import Dataset, Field
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
    """The canary of the first dataset that can have one; None if there is no such dataset.

    The key must contain text, because a number or a time could be the key of a partner's row, which the canary would
    replace. A dataset that rejects known keys would accept only the first canary.
    """
    return next(_canaries(), None)


def _canaries() -> Iterator[Canary]:
    for dataset in datasets().values():
        word = next((word for word in WORDS if _is_key(dataset, word)), None)
        if word and dataset.known_key != "reject":
            values = [word if field.name in _texts(dataset) else _example(field) for field in dataset.fields]
            lines = ";".join(dataset.columns), ";".join(values)
            content = "".join(f"{line}\n" for line in lines).encode()
            yield Canary(dataset=dataset.name, key=f"{dataset.name}/canary/verify.csv", content=content)


def _texts(dataset: Dataset) -> list[str]:
    """The columns of the key that hold text."""
    return [name for name in dataset.primary_key if dataset.by_name[name].column.sql_type == "text"]


def _is_key(dataset: Dataset, word: str) -> bool:
    """Whether the key has columns of text, and each accepts the word."""
    with suppress(BadValueError):
        return bool([dataset.by_name[name].column.check(word) for name in _texts(dataset)])
    return False


def _example(field: Field) -> str:
    return field.column.example if field.required and ";" not in field.column.example else ""
