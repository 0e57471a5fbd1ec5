"""Runs tests again and again in one process, each time with all of our modules as they now stand on disk.

A process for each mistake would spend most of its time on starting the CDK. One that kept an old module by mistake
would let mistakes survive, which fails the run.

Each line of the input is a list of tests, each line of the output the notes of what became of them.
"""

import json
import os
import sys
from typing import Any

import pytest

from config.model import Environment

OURS = {"components", "config", "stacks", "tests", "checks", "ops", "local_cloud"}

Note = dict[str, str]


class Notes:
    """A pytest plugin that notes every phase of every test, and synthesizes without rule packs.

    They take longer than all the rest, and what they find is nothing that a promise may lean on: an environment may be
    gated by none of them.
    """

    def __init__(self) -> None:
        self.taken: list[Note] = []

    def pytest_configure(self) -> None:
        """Before any test module is imported."""
        from tests.support import synthesis  # noqa: PLC0415 - as it stands on disk now

        synthesize = synthesis.synthesize

        def without_rule_packs(environment: Environment, *, validate: bool = False) -> synthesis.Synthesized:
            return synthesize(environment)

        synthesis.synthesize = without_rule_packs

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Setup, call and teardown of each test."""
        error = call.excinfo
        self._note(item.nodeid, call.when, error.typename if error else "", str(error.value) if error else "")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test module that can't be imported."""
        if report.failed:
            self._note(report.nodeid, "collect", "CollectError", report.longreprtext)

    def _note(self, test: str, phase: str, error: str, message: str) -> None:
        self.taken.append({"test": test, "phase": phase, "error": error, "message": message})


def main() -> None:
    """Until the input ends. Standard output is kept for the answers; whatever else is printed goes to the errors."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        notes = Notes()
        pytest.main(["-q", "-p", "no:cacheprovider", *json.loads(line)], plugins=[notes])
        print(json.dumps(notes.taken), file=answers, flush=True)
    os._exit(0)  # at once: Python would first take apart, for half a minute, what hundreds of synthesized stacks left


if __name__ == "__main__":
    main()
