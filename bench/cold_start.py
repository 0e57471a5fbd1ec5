"""Measures the cold start of the ingestion function: its imports and clients, from the real bundle.

The reference is what almost every function needs: `import boto3` and one S3 client, with the same interpreter, from a
folder that is prepared like the bundle. Neither includes the start of Python itself.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import py_compile
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from bench import function
from bench.figures import AtMost, Figure, ratio
from bench.kept import kept
from bench.rounds import alternate
from components.common.packaging import CERTIFICATES, bundle
from components.ingestion.ingestion import SOURCE
from config.datasets import declarations
from config.environments import LOCAL
from local_cloud import toolchain

ROUNDS = 15
LIMIT = AtMost(target=1.75, goal=1.3)
_OURS = "from ingestion.handler import handler"
_REFERENCE = "import boto3; boto3.client('s3', region_name='us-east-1')"
_TIMED = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
_PACKAGES = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")


def measure() -> list[Figure]:
    """Measures both in turn. The first round fills the page cache, and does not count."""
    toolchain.prepare(print)
    contenders = {
        "ours": partial(_seconds, _OURS, _bundle()),
        "reference": partial(_seconds, _REFERENCE, _reference()),
    }
    alternate(contenders, 1)
    seconds = alternate(contenders, ROUNDS)
    return [
        Figure(
            name="handler / (boto3 + an S3 client)", values=ratio(seconds["ours"], seconds["reference"]), limit=LIMIT
        ),
        Figure(name="handler's import, its clients included", values=seconds["ours"], unit="s"),
        Figure(name="boto3 + an S3 client", values=seconds["reference"], unit="s"),
    ]


def _seconds(statement: str, folder: Path) -> float:
    environment = function.environment(
        host="127.0.0.1", port=5432, ca_bundle=folder / CERTIFICATES, endpoint_url="http://127.0.0.1:9"
    )
    done = subprocess.run(
        [toolchain.function_python(), "-c", _TIMED.format(statement)],
        env=environment | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.split()[-1])


def _bundle() -> Path:
    """The asset as the CDK bundles it."""
    asset: dict[str, Any] = bundle(SOURCE, LOCAL.runtime, data=declarations())
    return kept("bundle", asset["asset_hash"].encode(), lambda folder: asset["bundling"].local.try_bundle(str(folder)))


def _reference() -> Path:
    """The packages that boto3 needs, as they are installed here, compiled as in a bundle."""

    def fill(folder: Path) -> None:
        for package in _PACKAGES:
            for file in importlib.metadata.distribution(package).files or []:
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(file.locate()), folder / file)
        compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)

    return kept("boto3", importlib.metadata.version("boto3").encode(), fill)
