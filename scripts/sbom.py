"""Writes what each deployed asset contains, as CycloneDX: the command of `make sbom`. It also checks the licences.

It reads the built assets instead of the lock files: what is inside counts. The format needs no library: it is one JSON
document with a list.
"""

import argparse
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.licences import ALLOWED, licence, refused

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / ".local" / "sbom"
# Licences with a choice or a combination are expressions; others are ids of SPDX.
_OPERATORS = (" OR ", " AND ", " WITH ")


def main(arguments: list[str] | None = None) -> int:
    """Builds the assets of an environment, and writes a file for each. Exit code 1 if a licence is not allowed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.sbom", description=__doc__)
    parser.add_argument("--env", required=True, help="the environment, of config/environments.py")
    environment = parser.parse_args(arguments).env
    folder = OUTPUT / environment
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    problems: dict[str, None] = {}
    with TemporaryDirectory(prefix="sbom-") as assembly:
        command = ["cdk", "synth", "--quiet", "--output", assembly, "--context", f"env={environment}"]
        if code := subprocess.run(command, check=False, cwd=ROOT).returncode:
            return code
        for name, asset in sorted(assets(Path(assembly))):
            packages = packages_in(asset)
            file = folder / f"{name}.cdx.json"
            file.write_text(json.dumps(document(name, asset.name, packages), indent=2) + "\n")
            licences = ", ".join(sorted(set(map(licence, packages))))
            print(f"{file.relative_to(ROOT)}: {len(packages)} packages, {licences}")
            problems |= dict.fromkeys(refused(packages))
    for problem in problems:
        print(f"sbom: {problem}", file=sys.stderr)
    return 1 if problems else 0


def assets(assembly: Path) -> Iterator[tuple[str, Path]]:
    """The name of each asset that contains code, which is that of its package, and its folder."""
    packages = [file.parent.name for file in (*ROOT.glob("lambda_src/*/__init__.py"), *ROOT.glob("*_src/__init__.py"))]
    found: dict[str, Path] = {}
    for manifest in assembly.glob("*.assets.json"):
        for file in json.loads(manifest.read_text())["files"].values():
            if file["source"].get("packaging") == "zip":
                folder = assembly / file["source"]["path"]
                # `common` is in each.
                (name,) = (each for each in packages if each != "common" and (folder / each).is_dir())
                found[name] = folder
    yield from found.items()


def packages_in(asset: Path) -> list[Distribution]:
    """The packages that pip installed into the folder, by name."""
    return sorted(distributions(path=[str(asset)]), key=lambda each: canonicalize_name(each.metadata["Name"]))


def document(name: str, version: str, packages: list[Distribution]) -> dict[str, Any]:
    """The CycloneDX document of an asset; the same packages give the same bytes."""
    root = {"type": "application", "bom-ref": name, "name": name, "version": version}
    inside: dict[str, str] = {canonicalize_name(each.metadata["Name"]): _reference(each) for each in packages}
    dependencies = {name: sorted(inside.values())} | {_reference(each): _needed(each, inside) for each in packages}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ' '.join([name, version, *inside.values()]))}",
        "version": 1,
        "metadata": {"component": root},
        "components": [_component(each) for each in packages],
        "dependencies": [{"ref": ref, "dependsOn": needs} for ref, needs in dependencies.items()],
    }


def _component(package: Distribution) -> dict[str, Any]:
    expression = licence(package)
    is_expression = any(operator in expression for operator in _OPERATORS)
    named = {"license": {"id" if expression in ALLOWED else "name": expression}}
    licences = [{"expression": expression}] if is_expression else [named]
    return {
        "type": "library",
        "bom-ref": _reference(package),
        "name": package.metadata["Name"],
        "version": package.version,
        "purl": _reference(package),
        "licenses": licences if expression else [],
    }


def _reference(package: Distribution) -> str:
    """The package URL, which identifies a package in every database of advisories."""
    return f"pkg:pypi/{canonicalize_name(package.metadata['Name'])}@{package.version}"


def _needed(package: Distribution, inside: dict[str, str]) -> list[str]:
    names: set[str] = {canonicalize_name(Requirement(each).name) for each in package.requires or ()}
    return sorted(inside[name] for name in names & inside.keys())


if __name__ == "__main__":
    sys.exit(main())
