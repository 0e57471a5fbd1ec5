"""Builds a Python asset for its target platform, without Docker, byte for byte the same each time."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from packaging.requirements import Requirement

from config.model import RuntimeConfig

COMMON = Path("lambda_src/common")  # copied into every asset
CERTIFICATES = Path("components/database/certificates/database-ca.pem")
BUNDLED_CERTIFICATES = Path("certificates/database-ca.pem")  # where runtimes look for them
# Wheels run on any glibc from the one in their tag on; Amazon Linux 2023, under Lambda and EC2 alike, has 2.34.
GLIBC_TAGS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Not part of any source: what Python, editors and operating systems leave behind.
NOT_SOURCE = ("__pycache__", "*.pyc", ".*", "Thumbs.db", "desktop.ini", "*~", "#*#", "*.orig", "*.rej", "*.bak")
IGNORED = (*NOT_SOURCE, "requirements.in", "requirements.txt")
# Raise it when `_Bundle` builds something else from the same sources: the hash covers only the inputs.
RECIPE = "1"


def bundle(package: Path, platform: RuntimeConfig, *, data: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Keyword arguments for an asset of the folder `package` with `common`, its dependencies and CA certificates.

    They serve `lambda_.Code.from_asset` and `s3_assets.Asset` alike. The folder is the package of its own name. `data`
    are more files and folders of the repository, which keep their paths.
    """
    return {
        "path": str(package),
        "asset_hash_type": AssetHashType.CUSTOM,
        "asset_hash": _fingerprint(package, platform, data),
        "bundling": BundlingOptions(
            image=DockerImage.from_registry("unused"),  # required, but local bundling never uses it
            local=_Bundle(package, platform, data),
        ),
    }


def _compiles_here(platform: RuntimeConfig) -> bool:
    return platform.compiled and platform.python == f"{sys.version_info.major}.{sys.version_info.minor}"


def _fingerprint(package: Path, platform: RuntimeConfig, data: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    parts = [RECIPE, platform.architecture, platform.python, str(_compiles_here(platform))]
    digest.update("\n".join([*parts, content(CERTIFICATES), content(COMMON), content(package)]).encode())
    for path in data:
        digest.update(f"\n{path.as_posix()} {content(path)}".encode())
    return digest.hexdigest()


def content(*paths: Path) -> str:
    """A hash of these files, and of the sources in these folders: of their names and bytes."""
    digest = hashlib.sha256()
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            name = file.relative_to(path.parent)
            if file.is_file() and not any(fnmatch(part, pattern) for part in name.parts for pattern in NOT_SOURCE):
                digest.update(f"{name.as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()


@jsii.implements(ILocalBundling)
class _Bundle:
    """The CDK calls it when no asset with that hash exists yet."""

    def __init__(self, package: Path, platform: RuntimeConfig, data: tuple[Path, ...]) -> None:
        self._package = package
        self._data = data
        self._platform = platform

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Fills `output_dir`. Exits with pip's output if a dependency can't be installed."""
        root = Path(output_dir)
        self._install_dependencies(root)
        for package in (self._package, COMMON):
            shutil.copytree(package, root / package.name, ignore=shutil.ignore_patterns(*IGNORED))
        for path in self._data:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, root / path, ignore=shutil.ignore_patterns(*IGNORED))
            else:
                shutil.copyfile(path, root / path)
        (root / BUNDLED_CERTIFICATES.parent).mkdir()
        shutil.copyfile(CERTIFICATES, root / BUNDLED_CERTIFICATES)
        self._compile(root)
        return True

    def _install_dependencies(self, root: Path) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
            requirements.write("".join(self._requirements_of_the_target()))
            requirements.flush()
            platforms = [f"--platform={tag}_{MACHINES[self._platform.architecture]}" for tag in GLIBC_TAGS]
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                    *("--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"),
                    *(f"--python-version={self._platform.python}", "--implementation=cp", *platforms),
                    *("--target", str(root), "--requirement", requirements.name),
                ],
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, "PIP_NO_COLOR": "1"},
            )
        if done.returncode:
            sys.exit(f"Bundling {self._package} failed; pip said:\n{done.stderr.strip()}")
        # The scripts contain the path of this machine's interpreter, and nothing runs them.
        shutil.rmtree(root / "bin", ignore_errors=True)
        for note in root.glob("*.dist-info/direct_url.json"):
            note.unlink()

    def _requirements_of_the_target(self) -> Iterator[str]:
        """The lock file's lines for the target platform: pip would evaluate the markers for its own interpreter."""
        target: dict[str, str | AbstractSet[str]] = {
            "python_version": self._platform.python,
            "python_full_version": f"{self._platform.python}.0",
            "implementation_name": "cpython",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "platform_machine": MACHINES[self._platform.architecture],
        }
        lock = (self._package / "requirements.txt").read_text().replace("\\\n", " ")
        for line in lock.splitlines():
            specifier, _, hashes = line.partition(" --hash")
            if not specifier.strip() or specifier.lstrip().startswith("#"):
                continue
            requirement = Requirement(specifier)
            if requirement.marker is None or requirement.marker.evaluate(target):
                requirement.marker = None
                yield f"{requirement} --hash{hashes}\n"

    def _compile(self, root: Path) -> None:
        if not self._platform.compiled:
            return
        if not _compiles_here(self._platform):
            print(
                f"{self._package} is bundled without bytecode: Python {self._platform.python} would make it, this is "
                f"{sys.version_info.major}.{sys.version_info.minor}. A cold start compiles what it imports.",
                file=sys.stderr,
            )
            return
        # unchecked-hash: Python need not compare the source's time on a file system that never changes. A fixed hash
        # seed keeps the order of constants in sets, and so the bytes, the same from build to build.
        subprocess.run(
            [
                *(sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
                *("-s", str(root), "-p", "/", str(root)),
            ],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
