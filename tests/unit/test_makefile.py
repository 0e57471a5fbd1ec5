"""make passes the values of a person to programs unchanged, and executes none of them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.makefile import HOSTILE, MAKEFILES, ROOT, Checkout
from tests.support.paths import AWKWARD


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / AWKWARD)


@pytest.mark.parametrize(
    ("target", "variable", "expected"),
    [
        ("mutants", "MUTANTS", "{}"),
        ("plan", "ENV", "--env={}"),
        ("plan", "AGAINST", "--against={}"),
        ("plan", "ACCOUNT", "--account={}"),
        ("plan", "REGION", "--region={}"),
        ("cost", "ENV", "--env={}"),
        ("cost", "REGION", "--region={}"),
        ("cost", "LOAD", "--load={}"),
        ("mark-released", "ENV", "[{}]"),
        ("bench", "BENCH", "{}"),
        ("synth", "ENV", "--env={}"),
        ("synth", "ACCOUNT", "--account={}"),
        ("synth", "REGION", "--region={}"),
        ("deploy", "ENV", "--env={}"),
        ("remove", "CAPABILITY", "{}"),
        ("upstream", "UPSTREAM", "{}"),
        ("test-removal", "CAPABILITY", "{}"),
    ],
)
def test_a_value_arrives_unchanged_and_none_of_it_is_executed(
    target: str, variable: str, expected: str, checkout: Checkout
) -> None:
    checkout.assert_unchanged_and_not_executed(target, variable, expected)


def test_a_new_name_comes_only_from_the_command_line(checkout: Checkout) -> None:
    """WSL sets NAME to the machine's name in every shell."""
    (command,) = checkout.make("rename", f"NAME={HOSTILE}", NAME="machine")
    assert command[-1] == HOSTILE
    assert not (checkout.folder / "made").exists()
    (command,) = checkout.make("rename", NAME="machine")
    assert command[-1] == ""


@pytest.mark.parametrize("makefile", MAKEFILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_variable_is_left_out(makefile: Path) -> None:
    core, text = (ROOT / "Makefile").read_text(), makefile.read_text()
    inputs = {"ENV", *(name for line in re.findall(r"\$\(call inputs,(.*)\)", core + text) for name in line.split())}
    own = {*re.findall(r"(?m)^(?:export )?([A-Z_]+) :?= ", core + text), "CURDIR", "MAKEFILE_LIST", "AWS_ENDPOINT_URL"}
    assert {*re.findall(r"\$[({]([A-Z_]+)[)}]", text), *re.findall(r"\$\$\{?([A-Z_]+)", text)} <= own | inputs
    for recipe in re.findall(r"(?m)^\t.*$", text):
        executed = re.sub(r"\$\(if \$\([A-Z_]+\),|\$\(filter \w+,\$\([A-Z]+\)\)", "", recipe)
        assert not inputs & set(re.findall(r"\$\(([A-Z_]+)\)", executed)), recipe


def test_pytests_arguments_are_split_as_a_shell_would_and_not_executed(checkout: Checkout) -> None:
    (command,) = checkout.make("test-fast", "TEST=-k 'one or two' \"$(touch made)\" $(shell touch made);")
    expected = ["-k", "one or two", "$(touch made)", "$(shell", "touch", "made);"]
    assert command[-len(expected) :] == expected
    assert not (checkout.folder / "made").exists()


def test_a_given_python_is_looked_up_by_name_and_not_executed_as_shell(checkout: Checkout) -> None:
    assert checkout.run("setup", f"PYTHON={HOSTILE}").returncode != 0
    assert not (checkout.folder / "made").exists()


def test_the_default_environment_is_dev(checkout: Checkout) -> None:
    expected = ["python", "-m", "ops.environment.synth", "--env=dev", "--account=", "--region="]
    assert checkout.make("synth") == [expected]


def test_make_help_lists_every_target_below_its_heading(checkout: Checkout) -> None:
    expected: list[str] = []
    for file in MAKEFILES:
        for line in file.read_text().splitlines():
            if heading := re.fullmatch(r"# ---- (.*[^-]) -+", line):
                expected.append(f"{heading[1]}:")
            elif target := re.match(r"([a-z-]+):.*## (.*)", line):
                expected.append(f"make {target[1]} {target[2]}")
    # A heading is shown only if its own file has targets below it.
    pairs = zip(expected, [*expected[1:], ":"], strict=True)
    expected = [line for line, after in pairs if not (line.endswith(":") and after.endswith(":"))]
    assert expected
    shown = checkout.run("help").stdout.splitlines()
    found = [" ".join(line.split()) for line in shown if line and not line.startswith("Values: ")]
    assert found == [" ".join(line.split()) for line in expected]


@pytest.mark.parametrize("name", ["local", "nowhere"])
def test_marking_what_is_never_released_says_what_is_possible(name: str) -> None:
    command = ["-m", "pytest", "-q", "-n", "0", "tests/architecture/test_released.py", "--mark-released", f"-k[{name}]"]
    done = subprocess.run([sys.executable, *command], check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.startswith("ERROR: nothing is marked as released: ENV must be one of dev, staging, prod")


def test_the_python_of_an_earlier_setup_stays_unless_another_is_named(checkout: Checkout) -> None:
    own = checkout.folder / ".venv/bin/python"
    own.parent.mkdir(parents=True)
    shutil.copy(checkout.folder / "tools/python", own)
    own.rename(own.with_name("own"))
    own.symlink_to("own")
    assert checkout.make("setup") == [["python", "scripts/bootstrap.py"]]
    assert checkout.make("setup", "PYTHON=python3") == []  # python3 is the one that is not listed
    assert checkout.make("setup", PYTHON="python3") == []
    own.with_name("own").unlink()  # such as after its Python was uninstalled
    assert checkout.make("setup") == []


def test_python_2_is_refused_in_one_line(checkout: Checkout) -> None:
    old = checkout.folder / "tools/python2"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = checkout.run("setup", "PYTHON=python2")
    assert done.returncode != 0
    assert done.stdout == (
        "Python 3.11.5 or newer is needed, and 'python2' is Python 2. Name yours: make PYTHON=python3.12\n"
    )
