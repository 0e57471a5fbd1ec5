"""Synthesizes and deploys with the standard CDK command line, as to a real account."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .digests import digest
from .emulator.registration import recorded_types, uncovered
from .emulator.settings import ACCOUNT, REGION
from .environment import Account, clean
from .errors import LocalCloudError
from .logs import last_lines
from .state import CHECKOUT, StateFolder

Say = Callable[[str], None]
ENVIRONMENT = "local"
# Not inputs of the templates or the assets.
_NOT_SOURCE = {
    ".git",
    ".venv",
    ".local",
    "node_modules",
    "cdk.out",
    "tests",
    "docs",
    "__pycache__",
    "samples",
    ".ci",
    ".github",
}


class CdkDeployment:
    """Deployments of the checkout to one local cloud with the CDK."""

    def __init__(self, state: StateFolder, account: Account, say: Say, crashes: Callable[[], list[str]]) -> None:
        """`crashes` returns crashes that make a deployment impossible; the CDK itself would retry for minutes."""
        self._state = state
        self._account = account
        self._say = say
        self._crashes = crashes

    def bootstrap(self) -> None:
        """Bootstrap the account for the CDK."""
        self.run("bootstrap", "bootstrap", f"aws://{ACCOUNT}/{REGION}", folder=self._state.root)

    def synthesize(self) -> None:
        """Write the templates and assets; refuses resource types that the emulator cannot deploy."""
        self.run("synth", "synth", "--quiet", "-c", f"env={ENVIRONMENT}", "--output", str(self._state.assembly))
        missing = uncovered(self.resource_types())
        if missing:
            raise LocalCloudError(
                f"the local cloud has no resource type {', '.join(sorted(missing))}: "
                "add a module for it to local_cloud/emulator/registry or local_cloud/<capability>/registry"
            )

    def deploy(self) -> None:
        """Deploy the synthesized assembly."""
        self.run(
            "deploy", "deploy", "--all", "--app", str(self._state.assembly), "--require-approval", "never",
            "--method", "direct", "--progress", "events", "--output", str(self._state.assembly),
        )  # fmt: skip

    def resource_types(self) -> set[str]:
        """Every type in the synthesized templates."""
        return {
            resource["Type"]
            for template in self._state.assembly.rglob("*.template.json")
            for resource in json.loads(template.read_text(encoding="utf-8")).get("Resources", {}).values()
        }

    def recorded_only(self) -> dict[str, str]:
        """The types among them that are only recorded, each with the reason."""
        recorded = recorded_types()
        return {name: recorded[name] for name in sorted(self.resource_types() & recorded.keys())}

    def is_current(self, sources: str) -> bool:
        """Whether `sources`, a `sources_digest`, is that of the last deployment."""
        return self._deployed().get("sources") == sources

    def was_done(self) -> bool:
        """Whether everything has been deployed once."""
        return bool(self._deployed())

    def has_left(self, stacks: dict[str, str]) -> bool:
        """Whether these `stack_outputs.changed_at` are those after the last deployment.

        They are not if a person deleted or changed a stack, or if the emulator crashed before it had saved a change.
        """
        return self._deployed().get("stacks") == stacks

    def assembly_is_deployed(self) -> bool:
        """Whether the synthesized assembly is that of the last deployment."""
        return self._deployed().get("assembly") == self._assembly_digest()

    def forget(self) -> None:
        """Record that nothing is deployed."""
        self._state.deployed.unlink(missing_ok=True)

    def remember(self, sources: str, stacks: dict[str, str]) -> None:
        """Record that the assembly synthesized from `sources` is deployed, and when its stacks were changed."""
        deployed = {"sources": sources, "assembly": self._assembly_digest(), "stacks": stacks}
        self._state.deployed.write_text(json.dumps(deployed), encoding="utf-8")

    def prune(self) -> None:
        """Delete the bundles of earlier runs, which no asset manifest names."""
        named = {
            _bundle_name(Path(file["source"]["path"]))
            for manifest in self._state.assembly.glob("*.assets.json")
            for file in json.loads(manifest.read_text(encoding="utf-8")).get("files", {}).values()
        }
        zipped_by_cli = self._state.assembly.glob(".cache/*.zip")  # named by the bundle's hash alone
        stale = [path for path in zipped_by_cli if f"asset.{path.stem}" not in named]
        stale += [path for path in self._state.assembly.glob("asset.*") if _bundle_name(path) not in named]
        for path in stale:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _deployed(self) -> dict[str, Any]:
        try:
            deployed: dict[str, Any] = json.loads(self._state.deployed.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return deployed

    def _assembly_digest(self) -> str:
        files = [*self._state.assembly.glob("*.template.json"), *self._state.assembly.glob("*.assets.json")]
        return digest(sorted(files), self._state.assembly)

    def run(self, action: str, *arguments: str, folder: Path = CHECKOUT) -> None:
        """Run the CDK's command line; `action` names its log. Raises LocalCloudError if it fails."""
        environment = {
            **clean(),
            **self._account.variables(),
            # The setup installs Node and the CDK's command line there.
            "PATH": f"{CHECKOUT}/.venv/bin:{CHECKOUT}/node_modules/.bin:{os.environ.get('PATH', os.defpath)}",
            "CDK_HOME": str(self._state.root / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
        log = self._state.logs / f"cdk-{action}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            str(CHECKOUT / "node_modules" / ".bin" / "cdk"),
            *arguments,
            "--no-notices",
            "--no-version-reporting",
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment
            )
        try:
            self._follow(process, log)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode != 0:
            raise LocalCloudError(f"cdk {action} failed; the end of its log {log}:\n{last_lines(log, count=25)}")

    def _follow(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """Report each stack as it finishes, so that a long deployment shows progress."""
        reported: set[str] = set()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.lstrip().startswith("✅") and line not in reported and "✨" not in line:
                    reported.add(line)
                    self._say(line.replace("✅", "").strip())
            if process.poll() is not None:
                return
            if crashes := self._crashes():
                raise LocalCloudError("\n".join(crashes))


def sources_digest() -> str:
    """A hash of all files in the checkout that templates and assets are made from."""
    files = [
        path
        for top in sorted(CHECKOUT.iterdir())
        if top.name not in _NOT_SOURCE and not top.name.startswith(".")
        for path in ([top] if top.is_file() else sorted(top.rglob("*")))
        if path.is_file() and not _NOT_SOURCE.intersection(path.parts)
    ]
    return digest(files, CHECKOUT)


def _bundle_name(path: Path) -> str:
    """`asset.<hash>`, from a folder of that name or a file such as `asset.<hash>.zip`."""
    return ".".join(path.name.split(".")[:2])
