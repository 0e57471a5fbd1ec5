"""`make bench` finds this section."""

from __future__ import annotations

from bench.__main__ import SECTIONS
from bench.web import section


def test_pages_are_measured_with_everything_else() -> None:
    assert SECTIONS["web"] is section.measure
