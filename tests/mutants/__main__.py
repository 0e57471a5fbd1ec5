"""`python -m tests.mutants [NAME PART ...]`: makes the mistakes whose names hold one of the parts, or all of them."""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.mutants.catalogue import CATALOGUE
from tests.mutants.mutant import Fate, Mutant, Result
from tests.mutants.workshop import ROOT, Workshop

WORKERS = 2
REPORT = ROOT / ".local/mutants.md"


def main(parts: Sequence[str]) -> int:
    """Returns the exit status: 0 if all were killed by what their test said."""
    wanted = [mutant for mutant in CATALOGUE if not parts or any(part.lower() in mutant.name.lower() for part in parts)]
    if not wanted:
        print(f"No mutant's name holds {' or '.join(map(repr, parts))}; their names stand in tests/mutants/catalogue.")
        return 2
    started = time.monotonic()
    with (
        TemporaryDirectory(prefix="mutants-") as folder,
        ExitStack() as at_the_end,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        workshops = list(pool.map(Workshop, [Path(folder, str(number)) for number in range(WORKERS)]))
        for workshop in workshops:
            at_the_end.callback(workshop.close)
        tests = sorted({mutant.test for mutant in wanted})
        shares = [tests[number::WORKERS] for number in range(WORKERS)]
        broken = pool.map(lambda workshop, share: workshop.broken(share) if share else "", workshops, shares)
        if problems := "\n".join(filter(None, broken)):
            print(f"These tests must pass before any mistake is made:\n{problems}")
            return 1
        free: SimpleQueue[Workshop] = SimpleQueue()
        for workshop in workshops:
            free.put(workshop)
        results = list(pool.map(lambda mutant: _made(mutant, free), wanted))
    return _conclude(results, seconds=time.monotonic() - started)


def _made(mutant: Mutant, free: "SimpleQueue[Workshop]") -> Result:
    workshop = free.get()
    try:
        result = workshop.make(mutant)
    finally:
        free.put(workshop)
    print(f"{result.fate.value}: {mutant.name}\n  by {mutant.test}\n  {result.line or '(nothing)'}", flush=True)
    return result


def _conclude(results: list[Result], *, seconds: float) -> int:
    counts = {fate: sum(result.fate is fate for result in results) for fate in Fate}
    said = ", ".join(f"{count} {fate.value}" for fate, count in counts.items())
    summary = f"{len(results)} mutants: {said}, in {seconds:.0f} s"
    rows = (
        f"| {result.mutant.name} | {result.mutant.file} | {result.fate.value} | `{result.mutant.test}` "
        f"| {result.line.replace('|', chr(92) + '|')} |"
        for result in results
    )
    REPORT.parent.mkdir(exist_ok=True)
    head = (
        "# Infrastructure mutants",
        "",
        summary,
        "",
        "| mistake | in | fate | test | what it said |",
        "|" + "---|" * 5,
    )
    REPORT.write_text("\n".join((*head, *rows)) + "\n")
    for result in results:
        if result.fate is not Fate.KILLED:
            print(f"\n{result.mutant.name}: {result.fate.value}; expected {result.mutant.says!r} from")
            print(f"  {result.mutant.test}\n{result.said}")
    print(f"\n{summary}; report: {REPORT.relative_to(ROOT)}")
    return 0 if counts[Fate.KILLED] == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
