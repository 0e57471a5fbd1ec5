"""A copy of the tree in which mistakes are made, one at a time. The working tree is never changed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.mutant import Mutant, MutantResult, MutantStatus
from tests.mutants.worker import Note

ROOT = Path(__file__).parent.parent.parent
MUTABLE = ("components", "config", "stacks", "tabular")
SHARED = (".venv", "node_modules")
# A failed assertion raises these. Any other exception stopped the test before its assertion.
ASSERTION_ERRORS = ("AssertionError", "Failed")


class Sandbox:
    """One copy of the tree, and a process that runs tests in it."""

    def __init__(self, folder: Path) -> None:
        """Copies the tree into `folder`, which does not exist yet."""
        self._root = folder / "tree"
        self._log = folder / "log"
        _copy(self._root)
        # Python would treat a file of the same size, written in the same second, as unchanged.
        compiled = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash", *MUTABLE]
        subprocess.run([sys.executable, *compiled], cwd=self._root, check=True)
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.worker"],
            cwd=self._root,
            env=os.environ | {"PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("w"),
            text=True,
        )

    def close(self) -> None:
        """Ends the process."""
        assert self._worker.stdin
        self._worker.stdin.close()
        self._worker.wait()

    def make(self, mutant: Mutant) -> MutantResult:
        """Makes the mistake, runs its test, and reverts the mistake."""
        file = self._root / mutant.file
        before = file.read_text()
        try:
            file.write_text(mutant.apply_to(before))
            notes = self._run([mutant.test])
        finally:
            file.write_text(before)
        return judge(mutant, notes)

    def broken(self, tests: Sequence[str]) -> str:
        """Why these tests fail without any mistake; empty if all of them pass."""
        notes = self._run(tests)
        failed = [f"{note['test']}: {note['error']}: {note['message']}" for note in notes if note["error"]]
        missing = set(tests) - {note["test"] for note in notes if note["phase"] == "call"}
        return "\n".join([*failed, *(f"{test}: did not run" for test in sorted(missing))])

    def _run(self, tests: Sequence[str]) -> list[Note]:
        assert self._worker.stdin
        assert self._worker.stdout
        self._worker.stdin.write(json.dumps(list(tests)) + "\n")
        self._worker.stdin.flush()
        answer = self._worker.stdout.readline()
        if not answer:
            raise RuntimeError(f"The process that runs tests has ended:\n{self._log.read_text()[-4000:]}")
        notes: list[Note] = json.loads(answer)
        return notes


def _copy(target: Path) -> None:
    """Copies the files that git tracks or would track, and links to what setup creates."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, target / name
        if source.is_file():  # and not deleted, or a link to a folder
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    for name in SHARED:
        if (ROOT / name).exists():
            (target / name).symlink_to((ROOT / name).resolve())


def judge(mutant: Mutant, notes: list[Note]) -> MutantResult:
    """The result of a mistake, from the notes on its test."""
    failed = next((note for note in notes if note["error"]), None)
    if failed is None:
        ran = any(note["phase"] == "call" for note in notes)
        return MutantResult(
            mutant=mutant,
            status=MutantStatus.SURVIVED if ran else MutantStatus.INVALID,
            message="" if ran else "It did not run.",
        )
    message = failed["message"]
    if failed["phase"] != "call" or failed["error"] not in ASSERTION_ERRORS:
        return MutantResult(
            mutant=mutant, status=MutantStatus.INVALID, message=f"{failed['error']} in {failed['phase']}: {message}"
        )
    return MutantResult(
        mutant=mutant, status=MutantStatus.KILLED if mutant.says in message else MutantStatus.UNNAMED, message=message
    )
