"""Runs measurements, prints them as one table, and writes them to .local/bench.json.

A section is a function that returns figures. A section of the core is listed in SECTIONS. An optional capability has
its section in bench/<capability>/section.py, as the function `measure`, and is found there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from bench import awswrangler, cliffs, cold_start, loading, memory, synthesis, usual_samples
from bench.figures import Figure, table

RESULTS = Path(".local/bench.json")
SECTIONS: dict[str, Callable[[], list[Figure]]] = {
    "loading": loading.measure,
    "memory": memory.measure,
    "cold-start": cold_start.measure,
    "cliffs": cliffs.measure,
    "usual-samples": usual_samples.measure,
    "awswrangler": awswrangler.measure,
    "synthesis": synthesis.measure,
    **{
        file.parent.name: importlib.import_module(f"bench.{file.parent.name}.section").measure
        for file in sorted(Path(__file__).parent.glob("*/section.py"))
    },
}
# Its packages come from PyPI, and are larger than all others together.
ONLY_WHEN_ASKED = frozenset({"awswrangler"})


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("section", nargs="?", choices=[*SECTIONS, "all"])
    asked = parser.parse_args().section
    # So that SIGTERM, too, stops the servers that a section started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    chosen = [name for name in SECTIONS if _wanted(name, asked)]
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"This machine is busy (load {load:.1f} on {cores} cores): expect the ratios to vary.")
    found: dict[str, list[Figure]] = {}
    for name in chosen:
        print(f"Measuring {name} ...", flush=True)
        found[name] = SECTIONS[name]()
    print(f"\n{table(found)}\n")
    if not asked:
        print(
            f"Not measured: {', '.join(sorted(ONLY_WHEN_ASKED))}, which needs 290 MB of packages: make bench BENCH=all"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    figures = {section: [figure.as_json() for figure in figures] for section, figures in found.items()}
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"Written to {RESULTS}")


def _wanted(name: str, asked: str | None) -> bool:
    if asked is None:
        return name not in ONLY_WHEN_ASKED
    return asked in (name, "all")


if __name__ == "__main__":
    main()
