"""Ctrl-C and a closed pipe end a command of the repository without a traceback."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


# Programs in the background of a shell without job control ignore Ctrl-C, and so do the programs that they start.
_HEED_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""


def _started(code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _HEED_CTRL_C, f"import scripts, signal\n{code}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def test_ctrl_c_is_one_line() -> None:
    with _started("print('ready', flush=True)\nsignal.pause()") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "interrupted\n"
    assert process.returncode == -signal.SIGINT


def test_a_closed_pipe_is_silent() -> None:
    with _started("print('line\\n' * 1_000_000)") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        assert process.stderr.read() == ""


def test_another_error_keeps_its_traceback() -> None:
    with _started("1 / 0") as process:
        assert "Traceback" in process.communicate()[1]
