"""What a measured program is told, and what it says of its work."""

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
    """A version of a file in S3; where `path` is set, its bytes are read from there instead."""

    sslmode: str
    key: str
    version_id: str
    uploaded_at: str
    size_bytes: int
    path: str | None

    @classmethod
    def told(cls) -> Job:
        """The last word of the command line."""
        return cls(**json.loads(sys.argv[-1]))


@dataclass(frozen=True, kw_only=True)
class Done:
    """Seconds of the work, its connection included, by the clock and of CPU; the process's largest resident set."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    status: str
    reason: str | None


def pieces_of(path: str) -> Iterator[bytes]:
    """A file as it comes from S3: in pieces."""
    with Path(path).open("rb", buffering=0) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


class Watch:
    """Times one piece of work."""

    seconds = cpu_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure what is done in here."""
        started, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds, self.cpu_seconds = time.perf_counter() - started, time.process_time() - cpu

    def report(self, status: str, reason: str | None = None) -> None:
        """Tell the process that waits for this one."""
        done = Done(
            seconds=self.seconds, cpu_seconds=self.cpu_seconds, peak_mb=_peak_mb(), status=status, reason=reason
        )
        print(json.dumps(asdict(done)))


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: Linux counts there what this process was before it became this program.
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS, in bytes
