"""Which sections are measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.figures import Figure


@pytest.fixture(autouse=True)
def _sections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections that measure nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    for name in bench.SECTIONS:
        monkeypatch.setitem(bench.SECTIONS, name, lambda: [Figure(name="it", values=[1.0])])


def measured(monkeypatch: pytest.MonkeyPatch, *asked: str) -> set[str]:
    monkeypatch.setattr("sys.argv", ["bench", *asked])
    bench.main()
    return set(json.loads(bench.RESULTS.read_text()))


def test_large_downloads_are_made_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measured(monkeypatch) == set(bench.SECTIONS) - {"awswrangler"}
    assert "make bench BENCH=all" in capsys.readouterr().out


def test_all_measures_every_section(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, "all") == set(bench.SECTIONS)


def test_one_section_can_be_measured_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, "memory") == {"memory"}


def test_an_unknown_section_is_refused_with_those_that_exist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        measured(monkeypatch, "speed")
    assert "loading" in capsys.readouterr().err
