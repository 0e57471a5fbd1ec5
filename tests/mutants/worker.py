"""Runs tests repeatedly in one process. Each run imports all of our modules again from disk.

A process for each mistake would spend most of its time on starting the CDK. If a module were not imported again, its
mistakes would survive, which fails the run.

Each line of the input is a list of tests; each line of the output is a list of notes on their phases.
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

    The rule packs take longer than everything else, and no promise may depend on their findings: an environment may use
    none of them.
    """

    def __init__(self) -> None:
        self.taken: list[Note] = []

    def pytest_configure(self) -> None:
        """Before any test module is imported."""
        from tests.support import synthesis  # noqa: PLC0415 - imported again from disk

        synthesize = synthesis.synthesize

        def without_rule_packs(environment: Environment, *, validate: bool = False) -> synthesis.Synthesized:
            return synthesize(environment)

        synthesis.synthesize = without_rule_packs

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Notes setup, call and teardown of each test."""
        error = call.excinfo
        self._note(item.nodeid, call.when, error.typename if error else "", str(error.value) if error else "")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notes a test module that can't be imported."""
        if report.failed:
            self._note(report.nodeid, "collect", "CollectError", report.longreprtext)

    def _note(self, test: str, phase: str, error: str, message: str) -> None:
        self.taken.append({"test": test, "phase": phase, "error": error, "message": message})


def main() -> None:
    """Runs until the input ends. Standard output is reserved for answers; all else goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        notes = Notes()
        pytest.main(["-q", "-p", "no:cacheprovider", *json.loads(line)], plugins=[notes])
        print(json.dumps(notes.taken), file=answers, flush=True)
    os._exit(0)  # a normal exit would spend half a minute on freeing hundreds of synthesized stacks


if __name__ == "__main__":
    main()
