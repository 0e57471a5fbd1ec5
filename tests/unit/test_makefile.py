"""make hands everything that a person passes to programs unchanged, and executes none of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import AWKWARD

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = (
    """it's a "$(touch made)" `touch made` $(shell touch made)${shell touch made} $list $$5 %20 #x ; touch made \\"""
)
# As it is called: the number of arguments, then each.
RECORDER = """#!/bin/sh
[ "${1:-}" != -c ] || exec %s "$@"
{ printf '%%s\\0' "$#" "$(basename "$0")" "$@"; } >> "$CALLS"
"""


class Checkout:
    """A Makefile without the rest, with programs that only record how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = folder / "calls"
        self._tools = folder / "tools"
        self._tools.mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", folder)
        for name in ("python", "python3", "cdk", "git"):
            program = self._tools / name
            program.write_text(RECORDER % shutil.which("python3"))
            program.chmod(0o755)

    def make(self, *arguments: str, **variables: str) -> list[list[str]]:
        """The commands that make ran, setup's left out."""
        self._calls.write_bytes(b"")
        subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=self.folder,
            env={"PATH": f"{self._tools}{os.pathsep}{os.defpath}", "CALLS": str(self._calls), **variables},
            check=True,
        )
        words, commands = self._calls.read_text().split("\0")[:-1], []
        while words:
            count = int(words[0]) + 1
            commands.append(words[1 : count + 1])
            words = words[count + 1 :]
        return [command for command in commands if command != ["python3", "scripts/bootstrap.py"]]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / AWKWARD)


@pytest.mark.parametrize(
    ("target", "variable", "expected"),
    [
        ("up", "WEB_PORT", "--web-port={}"),
        ("mutants", "MUTANTS", "{}"),
        ("diff", "ENV", "--env={}"),
        ("diff", "AGAINST", "--against={}"),
        ("diff", "ACCOUNT", "--account={}"),
        ("diff", "REGION", "--region={}"),
        ("mark-released", "ENV", "[{}]"),
        ("bench", "BENCH", "{}"),
        ("synth", "ENV", "env={}"),
        ("synth", "ACCOUNT", "account={}"),
        ("synth", "REGION", "region={}"),
        ("deploy", "ENV", "env={}"),
        ("inspect", "KEY", "--key={}"),
        ("inspect", "ENV", "--env={}"),
        ("reprocess", "VERSION", "--version={}"),
        ("replay", "FROM", "--from={}"),
        ("replay", "TO", "--to={}"),
        ("tunnel", "WEB_PORT", "--port={}"),
        ("tunnel", "ENV", "--env={}"),
        ("invite", "EMAIL", "--email={}"),
    ],
)
@pytest.mark.parametrize("from_environment", [False, True], ids=["on the command line", "in the environment"])
def test_a_value_arrives_unchanged_and_none_of_it_is_executed(
    target: str, variable: str, expected: str, from_environment: bool, checkout: Checkout
) -> None:
    if from_environment:
        commands = checkout.make(target, **{variable: HOSTILE})
    else:
        commands = checkout.make(target, f"{variable}={HOSTILE}")
    assert expected.format(HOSTILE) in [word for command in commands for word in command]
    assert not (checkout.folder / "made").exists()


def test_no_variable_is_left_out() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (inputs,) = [set(line.split()) for line in re.findall(r"(?m)^INPUTS = (.*)$", makefile)]
    own = {*re.findall(r"(?m)^(?:export )?([A-Z_]+) :?= ", makefile), "CURDIR", "MAKEFILE_LIST", "AWS_ENDPOINT_URL"}
    assert {*re.findall(r"\$[({]([A-Z_]+)[)}]", makefile), *re.findall(r"\$\$\{?([A-Z_]+)", makefile)} <= own | inputs
    for recipe in re.findall(r"(?m)^\t.*$", makefile):
        text = re.sub(r"\$\(if \$\([A-Z_]+\),|\$\(filter 1,\$\(YES\)\)", "", recipe)
        assert not inputs & set(re.findall(r"\$\(([A-Z_]+)\)", text)), recipe


def test_pytests_arguments_are_split_as_a_shell_would_and_not_executed(checkout: Checkout) -> None:
    (command,) = checkout.make("test-fast", "TEST=-k 'one or two' \"$(touch made)\" $(shell touch made);")
    expected = ["-k", "one or two", "$(touch made)", "$(shell", "touch", "made);"]
    assert command[-len(expected) :] == expected
    assert not (checkout.folder / "made").exists()


def test_a_python_that_is_named_is_asked_for_by_that_name(checkout: Checkout) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        checkout.make("setup", f"PYTHON={HOSTILE}")
    assert not (checkout.folder / "made").exists()


def test_an_environment_that_nobody_names_is_dev_but_counts_as_not_given(checkout: Checkout) -> None:
    assert checkout.make("synth") == [["cdk", "synth", "--quiet", "-c", "env=dev"]]
    (command,) = checkout.make("inspect", "KEY=x")
    assert "--env=" in command
