"""The CDK's command line."""

import subprocess


def run(*arguments: str) -> int:
    """Run it, and return its exit code."""
    return subprocess.run(["cdk", *arguments], check=False).returncode
