"""Finds policy documents in templates."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from checks.templates import Templates, intrinsic


def documents(
    templates: Templates, value: Any, stack: str, *, path: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every policy document inside a value of `stack`, with the properties that lead to it, from `path` on.

    A policy document is whatever has a `Statement`; some resources take theirs as JSON text, written out or joined.
    """
    if intrinsic(value) in ("Fn::Join", "Fn::Sub"):
        value = templates.text(value, stack)
    if isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
        value = json.loads(value)
    if isinstance(value, Mapping) and "Statement" in value:
        yield path, value
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from documents(templates, below, stack, path=f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from documents(templates, below, stack, path=f"{path}[{index}]")
