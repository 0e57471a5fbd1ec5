"""Values of a declaration that know where they stand in it, so that an error names the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

_MAX_LEVELS = 20
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class DeclarationError(ValueError):
    """A declaration can't be used. The message names the file, the JSON pointer, the value and what is allowed."""


class JsonNode:
    """A value of the declaration, with its JSON pointer (RFC 6901)."""

    def __init__(self, path: str, pointer: str, value: Any) -> None:
        self.path, self.pointer, self.value = path, pointer, value

    def fail(self, message: str, value: Any = ...) -> NoReturn:
        """Raise DeclarationError with the place, the message, and the value or another one."""
        shown = json.dumps(self.value if value is ... else value, ensure_ascii=False, default=str)
        shown = shown if len(shown) <= 100 else f"{shown[:100]}…"
        raise DeclarationError(f"{self.path} at {self.pointer or '/'}: {message}, got {shown}")

    def check_content(self) -> None:
        """Refuse texts that can't be stored (NUL and unpaired surrogates), and deeply nested values."""
        left = [(self.value, 1)]
        while left:
            value, level = left.pop()
            if level > _MAX_LEVELS:
                self.fail(f"must have at most {_MAX_LEVELS} levels", "more")
            if isinstance(value, str) and _UNSTORABLE.search(value):
                self.fail("no text may contain NUL or an unpaired surrogate", ascii(value))
            if isinstance(value, dict | list):
                left += [(each, level + 1) for each in value]
                left += [(each, level + 1) for each in value.values()] if isinstance(value, dict) else []

    def only(self, known: Iterable[str]) -> None:
        """Refuse values that are no object, and unknown properties."""
        if not isinstance(self.value, dict):
            self.fail("must be a JSON object")
        for name in self.value:
            if name not in known:
                from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

                near = get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}"
                self.child(name).fail(f"unknown property; {hint}")

    def child(self, path: str) -> JsonNode:
        """The node at the end of a path of names and numbers; its value is None if it does not exist."""
        node = self
        for name in path.split("/"):
            value = node.value
            if isinstance(value, list):
                value = value[int(name)]
            else:
                value = value.get(name) if isinstance(value, dict) else None
            node = JsonNode(node.path, f"{node.pointer}/{name.replace('~', '~0')}", value)
        return node

    def get(self, name: str) -> JsonNode | None:
        """The property, if there is one."""
        return self.child(name) if name in self.value else None

    def need(self, name: str, why: str) -> JsonNode:
        """The property; `why` says what it is for."""
        return self.get(name) or self.fail(f"{name} is missing: {why}")

    def object(self, name: str, known: Iterable[str]) -> JsonNode:
        """The object `name`, which may have only the known properties; an empty one if it is missing."""
        node = self.get(name) or JsonNode(self.path, f"{self.pointer}/{name}", {})
        node.only(known)
        return node

    def items(self) -> Iterator[JsonNode]:
        """The items of a list, which must not be empty."""
        if not isinstance(self.value, list) or not self.value:
            self.fail("must be a list with at least one item")
        for number in range(len(self.value)):
            yield self.child(str(number))

    def items_of(self, name: str) -> Iterator[JsonNode]:
        """The items of the list `name`; none if it is missing."""
        node = self.get(name)
        return node.items() if node else iter(())

    def names(self) -> tuple[str, ...]:
        """A name, or a list of different names."""
        found = [self.value] if isinstance(self.value, str) else self.value
        if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
            self.fail("must be a field's name, or a list of names")
        if len(set(found)) < len(found):
            self.fail("must not name a field twice")
        return tuple(found)

    def text(self, name: str) -> str:
        """The text `name`; empty if it is missing."""
        node = self.get(name)
        if node and not isinstance(node.value, str):
            node.fail("must be text")
        return node.value if node else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The list of texts `name`; empty if it is missing."""
        node = self.get(name)
        if node and not (isinstance(node.value, list) and all(isinstance(each, str) for each in node.value)):
            node.fail("must be a list of texts")
        return tuple(node.value) if node else ()

    def flag(self, name: str) -> bool:
        """Whether `name` is true."""
        node = self.get(name)
        if node and not isinstance(node.value, bool):
            node.fail("must be true or false")
        return bool(node and node.value)

    def integer(self, name: str, low: int, high: int) -> int | None:
        """The whole number `name` between both limits; None if it is missing."""
        node = self.get(name)
        if node and (type(node.value) is not int or not low <= node.value <= high):
            node.fail(f"must be a whole number from {low:,} to {high:,}")
        return node.value if node else None

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> Any:
        """The value of `name`, one of those allowed, or the default."""
        node = self.get(name)
        if node and node.value not in allowed:
            node.fail(f"must be one of {', '.join(allowed)}")
        return node.value if node else default
