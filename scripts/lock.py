"""Resolves every requirements.in into a lock file with hashes: the command of `make lock`."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT = ROOT / "requirements-dev.txt"
# Resolved without constraints. The emulator, awswrangler and pip-audit have virtual environments of their own, and pin
# other versions.
ALONE = (
    *("requirements-dev.in", "scripts/requirements-node.in", "scripts/requirements-audit.in"),
    *("local_cloud/requirements.in", "bench/requirements.in"),
)
OLDEST_PYTHON = "3.11"


def main() -> None:
    """Writes all lock files. The development lock constrains those of deployed code: it has the versions under test."""
    shipped = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("*_src/**/requirements.in"))
    for source in ALONE:
        _compile(source)
    for source in ("requirements.in", *shipped):
        _compile(source, "--constraint", str(DEVELOPMENT.relative_to(ROOT)))


def _compile(source: str, *options: str) -> None:
    target = str(Path(source).with_suffix(".txt"))
    print(target, flush=True)
    # Wheels alone, as in set-up: for the needs of a source distribution, uv would run its code.
    subprocess.run(
        [
            *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON),
            *("--generate-hashes", "--no-emit-index-url", "--only-binary=:all:", "--upgrade"),
            *("--custom-compile-command", "make lock"),
            *(*options, source, "--output-file", target),
        ],
        check=True,
        cwd=ROOT,
    )


if __name__ == "__main__":
    main()
