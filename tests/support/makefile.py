"""Runs make targets on a copy of the makefiles, with programs that only record how they are called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKEFILES = [ROOT / "Makefile", *sorted(ROOT.glob("ops/*/targets.mk"))]
HOSTILE = (
    """it's a "$(touch made)" `touch made` $(shell touch made)${shell touch made} $list $$5 %20 #x ; touch made \\"""
)
# How it is called: the number of arguments, then each of them.
RECORDER = """#!/bin/sh
[ "${1:-}" != -c ] || exec %s "$@"
{ printf '%%s\\0' "$#" "$(basename "$0")" "$@"; } >> "$CALLS"
printf '%%s' "${AWS_ENDPOINT_URL:-}" > "$CALLS.endpoint"
"""


class Checkout:
    """A copy of the makefiles, without the rest of the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = folder / "calls"
        self._tools = folder / "tools"
        self._tools.mkdir(parents=True)
        for file in MAKEFILES:
            copy = folder / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        for name in ("python", "python3", "cdk", "git"):
            program = self._tools / name
            program.write_text(RECORDER % shutil.which("python3"))
            program.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run make in a shell that has these variables."""
        return self._run(["make", "--no-print-directory", *arguments], variables)

    def _run(self, command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        self._calls.write_bytes(b"")
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": f"{self._tools}{os.pathsep}{os.defpath}", "CALLS": str(self._calls), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def make(self, *arguments: str, **variables: str) -> list[list[str]]:
        """The commands that a successful make ran, except those of `setup`."""
        return self._recorded(self.run(*arguments, **variables))

    def script(self, text: str, **variables: str) -> list[list[str]]:
        """The commands that a successful script ran, as a workflow on GitHub runs it, except those of `setup`."""
        return self._recorded(self._run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text], variables))

    def _recorded(self, finished: subprocess.CompletedProcess[str]) -> list[list[str]]:
        assert finished.returncode == 0, finished.stderr
        words, commands = self._calls.read_text().split("\0")[:-1], []
        while words:
            count = int(words[0]) + 1
            commands.append(words[1 : count + 1])
            words = words[count + 1 :]
        return [command for command in commands if command != ["python3", "scripts/bootstrap.py"]]

    @property
    def endpoint(self) -> str:
        """The AWS endpoint of the last command."""
        return (self.folder / "calls.endpoint").read_text()

    def assert_unchanged_and_not_executed(self, target: str, variable: str, expected: str) -> None:
        """A hostile value of the variable reaches the target's command as `expected`, however make gets it."""
        for arguments, variables in (([f"{variable}={HOSTILE}"], {}), ([], {variable: HOSTILE})):
            commands = self.make(target, *arguments, **variables)
            assert expected.format(HOSTILE) in [word for command in commands for word in command]
            assert not (self.folder / "made").exists()
