"""Writes the output of `make plan` below a pull request, into one comment that later runs change.

It needs GitHub's `gh`, and Python alone.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., "subprocess.CompletedProcess[str]"]

MARK = "<!-- the comment of make plan -->"
AUTHOR = "github-actions[bot]"
MAX_CHARACTERS = 60_000  # of the plan; GitHub accepts 65,536 in a comment


def main(repository: str, number: str, plan: str, *, run: Run = subprocess.run) -> None:
    """Raises CalledProcessError if GitHub refuses."""
    issue = f"repos/{repository}/issues/{number}/comments"
    listed = _api(run, f"{issue}?per_page=100", "--paginate", "--slurp")
    comments = [comment for page in json.loads(listed) for comment in page]
    mine = next((one["id"] for one in comments if one["user"]["login"] == AUTHOR and MARK in one["body"]), None)
    target = (
        ("--method", "PATCH", f"repos/{repository}/issues/comments/{mine}") if mine else ("--method", "POST", issue)
    )
    _api(run, *target, "--raw-field", f"body={body(plan)}")


def body(plan: str) -> str:
    """The plan as text that can't contain anything else: no plan ends its own block."""
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`+", plan)), 3)
    cut = (
        "" if len(plan) <= MAX_CHARACTERS else "\nIt is longer than a comment may be: the job's summary has the rest.\n"
    )
    return (
        f"{MARK}\nWhat this pull request changes (`make plan`):\n\n{fence}text\n{plan[:MAX_CHARACTERS]}\n{fence}\n{cut}"
    )


def _api(run: Run, *arguments: str) -> Any:
    return run(["gh", "api", *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    try:
        main(os.environ["REPOSITORY"], os.environ["PULL_REQUEST"], Path(os.environ["PLAN"]).read_text())
    except subprocess.CalledProcessError as error:
        sys.exit(f"GitHub refused the comment with the plan: {error.stderr.strip()}")
