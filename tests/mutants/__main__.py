"""`python -m tests.mutants [PART OF A NAME ...]`: makes the mistakes whose names contain one of the parts, or all."""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.mutants.catalogue import CATALOGUE
from tests.mutants.mutant import Mutant, MutantResult, MutantStatus
from tests.mutants.sandbox import ROOT, Sandbox

WORKERS = 2
REPORT = ROOT / ".local/mutants.md"


def main(parts: Sequence[str]) -> int:
    """Returns the exit status: 0 if every mistake failed its test, and the test named what is wrong."""
    wanted = [mutant for mutant in CATALOGUE if not parts or any(part.lower() in mutant.name.lower() for part in parts)]
    if not wanted:
        print(f"No mutant's name contains {' or '.join(map(repr, parts))}; tests/mutants/catalogue lists the names.")
        return 2
    started = time.monotonic()
    with (
        TemporaryDirectory(prefix="mutants-") as folder,
        ExitStack() as at_exit,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        sandboxes = list(pool.map(Sandbox, [Path(folder, str(number)) for number in range(WORKERS)]))
        for sandbox in sandboxes:
            at_exit.callback(sandbox.close)
        tests = sorted({mutant.test for mutant in wanted})
        shares = [tests[number::WORKERS] for number in range(WORKERS)]
        broken = pool.map(lambda sandbox, share: sandbox.broken(share) if share else "", sandboxes, shares)
        if problems := "\n".join(filter(None, broken)):
            print(f"These tests fail before any mistake is made:\n{problems}")
            return 1
        free: SimpleQueue[Sandbox] = SimpleQueue()
        for sandbox in sandboxes:
            free.put(sandbox)
        results = list(pool.map(lambda mutant: _made(mutant, free), wanted))
    return _report(results, seconds=time.monotonic() - started)


def _made(mutant: Mutant, free: "SimpleQueue[Sandbox]") -> MutantResult:
    sandbox = free.get()
    try:
        result = sandbox.make(mutant)
    finally:
        free.put(sandbox)
    print(f"{result.status.value}: {mutant.name}\n  by {mutant.test}\n  {result.line or '(nothing)'}", flush=True)
    return result


def _report(results: list[MutantResult], *, seconds: float) -> int:
    counts = {status: sum(result.status is status for result in results) for status in MutantStatus}
    counted = ", ".join(f"{count} {status.value}" for status, count in counts.items())
    summary = f"{len(results)} mutants: {counted}, in {seconds:.0f} s"
    rows = (
        f"| {result.mutant.name} | {result.mutant.file} | {result.status.value} | `{result.mutant.test}` "
        f"| {result.line.replace('|', chr(92) + '|')} |"
        for result in results
    )
    REPORT.parent.mkdir(exist_ok=True)
    head = (
        "# Infrastructure mutants",
        "",
        summary,
        "",
        "| mistake | file | status | test | message |",
        "|" + "---|" * 5,
    )
    REPORT.write_text("\n".join((*head, *rows)) + "\n")
    for result in results:
        if result.status is not MutantStatus.KILLED:
            print(f"\n{result.mutant.name}: {result.status.value}; expected {result.mutant.says!r} from")
            print(f"  {result.mutant.test}\n{result.message}")
    print(f"\n{summary}; report: {REPORT.relative_to(ROOT)}")
    return 0 if counts[MutantStatus.KILLED] == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
