"""Cloud assemblies, as `cdk synth` writes them: their folders, and the stacks in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.environment import protections

ASSEMBLIES = Path("cdk.out")


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """What a stack needs of the CDK's bootstrap: its version, the SSM parameter that has it, and its bucket."""

    version: int
    parameter: str
    bucket: str  # with ${AWS::AccountId} and ${AWS::Region}, where the stack leaves them open


@dataclass(frozen=True, kw_only=True)
class SynthesizedStack:
    """A stack of the cloud assembly."""

    template: Mapping[str, Any]
    termination_protection: bool = False
    account: str = ""  # empty if it is that of the credentials
    bootstrap: Bootstrap | None = None  # None for a stack that is synthesized to work without one

    @property
    def resources(self) -> Mapping[str, Any]:
        """Its resources by logical id."""
        found: Mapping[str, Any] = self.template.get("Resources", {})
        return found

    @property
    def protected(self) -> list[str]:
        """The logical ids of its protected resources."""
        return [
            id_
            for id_, resource in self.resources.items()
            if protections.template_protects(resource["Type"], resource.get("Properties", {}))
        ]


def emptied(environment: str) -> Path:
    """The folder of an environment's assembly, without what earlier ones left: the CDK itself deletes nothing.

    Bundles stay. Their names are hashes of what they were made from, and the CDK makes none that is there already.
    """
    folder = ASSEMBLIES / environment
    if folder.is_symlink():
        folder.unlink()  # what it leads to is not the CDK's
    for path in folder.glob("*"):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif not path.name.startswith("asset."):
            shutil.rmtree(path)
    return folder


def read_assembly(folder: Path) -> dict[str, SynthesizedStack]:
    """The stacks in a cloud assembly, by name."""
    artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"].values()
    return {
        artifact["properties"]["stackName"]: SynthesizedStack(
            template=json.loads((folder / artifact["properties"]["templateFile"]).read_text()),
            termination_protection=artifact["properties"].get("terminationProtection", False),
            account=_account(artifact.get("environment", "")),
            bootstrap=_bootstrap(artifact["properties"]),
        )
        for artifact in artifacts
        if artifact["type"] == "aws:cloudformation:stack"
    }


def _account(target: str) -> str:
    """The account in the target of a stack, `aws://account/region`; empty if the template leaves it open."""
    account = target.removeprefix("aws://").partition("/")[0]
    return account if account.isdigit() else ""


def _bootstrap(properties: Mapping[str, Any]) -> Bootstrap | None:
    if "bootstrapStackVersionSsmParameter" not in properties:
        return None
    return Bootstrap(
        version=properties["requiresBootstrapStackVersion"],
        parameter=properties["bootstrapStackVersionSsmParameter"],
        bucket=properties["stackTemplateAssetObjectUrl"].removeprefix("s3://").partition("/")[0],
    )
