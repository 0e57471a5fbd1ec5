"""Looks up known vulnerabilities of every locked package: the command of `make audit`. It needs the network.

pip-audit has a virtual environment of its own, with a lock file of its own.
"""

import subprocess
import sys
from pathlib import Path

from local_cloud.errors import LocalCloudError
from local_cloud.toolchain import make_venv

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "scripts" / "requirements-audit.txt"
VENV = ROOT / ".local" / "audit"


def main() -> int:
    """Audits each lock file. Exit code 1 if a package has a known vulnerability, or could not be looked up."""
    try:
        _make_tool()
    except LocalCloudError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 1
    failed = [str(lock.relative_to(ROOT)) for lock in locks() if not _is_clean(lock)]
    if subprocess.run(["npm", "audit", "--audit-level=low"], check=False, cwd=ROOT).returncode:
        failed.append("package-lock.json")
    if failed:
        print(
            f"audit: {', '.join(failed)}: read the advisories above, then UV_EXCLUDE_NEWER='0 days' make lock. If the "
            "network is missing, nothing was looked up; Dependabot's alerts read the same lock files",
            file=sys.stderr,
        )
    return 1 if failed else 0


def locks() -> list[Path]:
    """Every lock file of Python packages in the repository, new ones too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*requirements*.txt"]
    listed = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.splitlines()]


def _make_tool() -> None:
    stamp = VENV / ".lock"
    if not stamp.exists() or stamp.read_text() != TOOL.read_text():
        make_venv(VENV, TOOL)
        stamp.write_text(TOOL.read_text())


def _is_clean(lock: Path) -> bool:
    print(lock.relative_to(ROOT), flush=True)
    command = [
        str(VENV / "bin" / "pip-audit"),
        "--strict",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
    ]
    return subprocess.run([*command, "--requirement", str(lock)], check=False, cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
