"""The job that a measured program gets, and the result that it prints."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Job:
    """A version of a file in S3; if `path` is set, its bytes are read from this path instead."""

    sslmode: str
    dataset: str
    key: str
    version_id: str
    uploaded_at: str
    size_bytes: int
    path: str | None

    @classmethod
    def from_command_line(cls) -> Job:
        """The last argument, as JSON."""
        return cls(**json.loads(sys.argv[-1]))


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """Elapsed and CPU seconds of the work, the connection included, and the process's largest resident set."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    status: str
    reason: str | None


def pieces_of(path: str) -> Iterator[bytes]:
    """The content of a file in pieces, as S3 delivers it."""
    with Path(path).open("rb", buffering=0) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


class Timer:
    """Times one piece of work."""

    seconds = cpu_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the body of the `with` statement."""
        started, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds, self.cpu_seconds = time.perf_counter() - started, time.process_time() - cpu

    def report(self, status: str, reason: str | None = None) -> None:
        """Print the result, for the process that started this one."""
        result = JobResult(
            seconds=self.seconds, cpu_seconds=self.cpu_seconds, peak_mb=_peak_mb(), status=status, reason=reason
        )
        print(json.dumps(asdict(result)))


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux it includes the memory of the process before it executed this program.
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS, in bytes
