"""Ctrl-C and a closed pipe end a command of the repository without a traceback."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def _started(code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", f"import scripts, signal\n{code}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def test_ctrl_c_is_one_line() -> None:
    with _started("print('ready', flush=True)\nsignal.pause()") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate()[1] == "interrupted\n"
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
