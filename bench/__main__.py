"""Runs every measurement, prints it, and writes all of them to .local/bench.json."""

import json
from pathlib import Path

from bench import synthesis

RESULTS = Path(".local/bench.json")


def main() -> None:
    """Measures and reports."""
    results = {"synthesis": synthesis.measure()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(f"Written to {RESULTS}")


if __name__ == "__main__":
    main()
