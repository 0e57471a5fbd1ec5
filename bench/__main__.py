"""Runs measurements, prints the results as one table, and writes the results to .local/bench.json.

A section is a function that returns figures. SECTIONS lists the sections of the core by name, and collects the function
`measure` of bench/<capability>/section.py for each optional capability.
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
# Left out by default: awswrangler's packages must be downloaded, and are larger than all other packages together.
OPT_IN_SECTIONS = frozenset({"awswrangler"})


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("section", nargs="?", choices=[*SECTIONS, "all"])
    selected = parser.parse_args().section
    # SIGTERM must raise an exception, so that a section stops the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    chosen = [name for name in SECTIONS if _is_selected(name, selected)]
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"This machine is busy (load {load:.1f} on {cores} cores): expect the ratios to vary.")
    found: dict[str, list[Figure]] = {}
    for name in chosen:
        print(f"Measuring {name} ...", flush=True)
        found[name] = SECTIONS[name]()
    print(f"\n{table(found)}\n")
    if not selected:
        print(
            f"Not measured: {', '.join(sorted(OPT_IN_SECTIONS))} (needs 290 MB of packages). "
            "`make bench BENCH=all` measures every section."
        )
    RESULTS.parent.mkdir(exist_ok=True)
    figures = {section: [figure.as_json() for figure in figures] for section, figures in found.items()}
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"Written to {RESULTS}")


def _is_selected(name: str, selected: str | None) -> bool:
    if selected is None:
        return name not in OPT_IN_SECTIONS
    return selected in (name, "all")


if __name__ == "__main__":
    main()
