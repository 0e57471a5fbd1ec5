"""The order in which contenders are measured."""

from __future__ import annotations

from functools import partial

from bench.rounds import alternate


def test_contenders_take_turns_in_alternating_order() -> None:
    called: list[str] = []

    def call(name: str) -> str:
        called.append(name)
        return f"{name}{len(called)}"

    found = alternate({"a": partial(call, "a"), "b": partial(call, "b")}, 3)

    assert called == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": ["a1", "a4", "a5"], "b": ["b2", "b3", "b6"]}
