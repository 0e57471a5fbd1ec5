"""Prints the commit of the last successful deployment to an environment on GitHub; nothing if there is none.

A job that deploys is a deployment on GitHub, and its result is the result of the job, which ends with `make verify`. So
GitHub knows what worked last, and nothing else has to be written. It needs GitHub's `gh`, and Python alone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ops.common.terminal import show

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# GitHub makes a deployment inactive when a later one succeeds; one that failed leaves the last good one active.
GOOD = ("ACTIVE", "SUCCESS")
QUERY = """
query($owner: String!, $name: String!, $environment: String!) {
  repository(owner: $owner, name: $name) {
    deployments(environments: [$environment], first: 100, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { commitOid state }
    }
  }
}
"""


def main(repository: str, environment: str, *, run: Run = subprocess.run) -> str:
    """The commit, or an empty text. Raises CalledProcessError if GitHub refuses."""
    owner, _, name = repository.partition("/")
    values = {"query": QUERY, "owner": owner, "name": name, "environment": environment}
    fields = [part for key, value in values.items() for part in ("--raw-field", f"{key}={value}")]
    answer: Any = json.loads(run(["gh", "api", "graphql", *fields], check=True, capture_output=True, text=True).stdout)
    nodes = answer["data"]["repository"]["deployments"]["nodes"]
    return next((str(each["commitOid"]) for each in nodes if each["state"] in GOOD), "")


if __name__ == "__main__":
    try:
        show(main(os.environ["REPOSITORY"], os.environ["ENVIRONMENT"]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"last_good: GitHub refused: {error.stderr.strip()}")
