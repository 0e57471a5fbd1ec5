"""Every value in the configuration has its row in docs/changing.md, and no deployment is worse than its row says."""

import os
import random
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from checks.changes.report import Report, report
from checks.changes.transitions import ELSEWHERE, Row, outcome, row, severity
from config.checks import ConfigError
from config.model import Environment
from tests.support.synthesis import Template, synthesize
from tests.support.transitions import BASE, Transition, every_value, get, transitions, with_values

PAGE = Path(__file__).parent.parent.parent / "docs" / "changing.md"
PAIRS = int(os.environ.get("CHANGE_PAIRS", "4"))
# `make test` computes these rows again, `make test-slow` all.
SAMPLE = ("network.nat", "network.cidr", "database.connections", "database.storage_gib", "removal")
INTRODUCTION = """
# Changing a value

What a deployment does if you change one value of an environment that is deployed. Run `make plan ENV=prod` before you
merge: it says the same about your change as a whole, resource by resource, with AWS's documents. `make deploy` makes
the plan again, against what is really deployed, and stops if AWS would refuse it.

| Outcome | Meaning |
|---|---|
| nothing | The templates stay the same |
| in place | AWS changes the resource, and nothing is down |
| in place, with an interruption | Something is down for a while, or open connections end |
| replaced | CloudFormation creates a new resource and deletes the old one; the row says what is lost with it |
| refused | The deployment fails and is rolled back, or leaves something behind; the row says what to do instead |
| another environment | New stacks are created, and the old ones stay |

"Possibly" means that the outcome also depends on the state of the resource, or on a quota of the account.

Each row is computed from the templates of prod in `eu-central-1` before and after the change, by the resource schemas
and the rules in `checks/changes/service_rules.py`. The value before is that of prod, unless the change needs another
one. With other values around it the outcome can differ: plan your own change.

`make deploy` itself solves two of the refusals. It switches off the protection of a load balancer that is removed. If
later stacks still use a removed resource, it keeps what is removed until a second run, after those stacks are updated.
It stops if stored content would be deleted, unless you add `LOSS=accept`.

[upgrading.md](upgrading.md) is about new versions, going back, and restoring data. `make snapshots` writes this page.
"""
TABLE = "| Value | Change | Outcome | What happens, and what to do |\n|---|---|---|---|\n"


@cache
def _templates(environment: Environment) -> dict[str, Template]:
    synthesized = synthesize(environment)
    return {
        synthesized.stack(id_).stack_name: {**template, "TerminationProtection": environment.termination_protection}
        for id_, template in synthesized.templates.items()
    }


def _report(transition: Transition, background: Environment) -> Report:
    old, new = transition.old(background), transition.new(background)
    return report(_templates(old), _templates(new))


def _rows(found: Iterable[Transition]) -> list[Row]:
    return [row(each.value, each.change, _report(each, each.base), elsewhere=each.is_elsewhere) for each in found]


def _markdown(rows: Iterable[Row]) -> str:
    """The page: a table for each section of the configuration, and one for the values of the environment itself."""
    tables: dict[str, list[str]] = {}
    all_ = list(rows)
    sections = {each.value.partition(".")[0] for each in all_ if "." in each.value}
    for each in all_:
        first = each.value.partition(".")[0]
        tables.setdefault(first if first in sections else "environment", []).append(f"{each}\n")
    return INTRODUCTION.lstrip() + "".join(f"\n## {name}\n\n{TABLE}{''.join(lines)}" for name, lines in tables.items())


def _on_page() -> dict[str, str]:
    """The worst outcome of each value, by the page."""
    found: dict[str, str] = {}
    for value, outcome_ in re.findall(r"^\| `([\w.]+)` \| .+? \| ([a-z, ]+) \| .*\|$", PAGE.read_text(), re.MULTILINE):
        found[value] = max(found.get(value, outcome_), outcome_, key=severity)
    return found


@pytest.mark.slow
def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    """The first test, because the others read the page, and `make snapshots` writes it here."""
    made = _markdown(_rows(transitions()))
    if request.config.getoption("--update-snapshots"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "docs/changing.md is out of date: make snapshots"


def test_every_value_is_changed_once_at_least() -> None:
    changed = {each.value for each in transitions()}
    assert changed == {*every_value()}, "add it to tests/support/transitions.py, or to that of its capability"
    assert changed == _on_page().keys(), "docs/changing.md is out of date: make snapshots"


@pytest.mark.parametrize("value", SAMPLE)
def test_these_rows_are_up_to_date(value: str) -> None:
    page = PAGE.read_text().splitlines()
    for each in _rows(one for one in transitions() if one.value == value):
        assert str(each) in page, "docs/changing.md is out of date: make snapshots"


@pytest.mark.thorough
def test_no_change_is_worse_than_the_page_says_whatever_the_other_values_are() -> None:
    chance, on_page, found = random.Random(12), _on_page(), transitions()  # noqa: S311 - drawn tests, not secrets
    for _ in range(PAIRS):
        transition, background = _drawn(chance, found)
        result = ELSEWHERE if transition.is_elsewhere else outcome(_report(transition, background))
        assert severity(result) <= severity(on_page[transition.value]), (
            f"{transition.value} -> {transition.to}: {result}, and the page says {on_page[transition.value]}; "
            f"the other values: {background}"
        )


def _drawn(chance: random.Random, found: tuple[Transition, ...]) -> tuple[Transition, Environment]:
    """A change, and an environment with other values than prod's in which it can be made."""
    while True:
        transition, background = chance.choice(found), BASE
        for other in chance.sample(found, k=chance.randint(1, 4)):
            try:
                background = other.new(background)
            except (ConfigError, AttributeError, TypeError):
                continue  # these values don't fit together
        try:
            old, new = transition.old(background), transition.new(background)
        except (ConfigError, AttributeError, TypeError):
            continue
        if get(old, transition.value) != get(new, transition.value):
            return transition, background


def test_values_of_a_section_change_together() -> None:
    changed = with_values(BASE, {"database.storage_gib": 2000, "database.max_storage_gib": 3000})
    assert (get(changed, "database.storage_gib"), get(changed, "database.max_storage_gib")) == (2000, 3000)
    assert get(changed, "database.readers") is None
