"""The stacks of a cloud assembly are read as the CDK writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ops.environment.assembly import Bootstrap, SynthesizedStack, read_assembly
from tests.support.ops.environment import PROJECT

DATA = f"{PROJECT}-prod-data"
DATABASE: dict[str, Any] = {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": True}}


def test_the_stacks_are_read_from_the_cloud_assembly(tmp_path: Path) -> None:
    properties = {
        "stackName": DATA,
        "templateFile": "data.json",
        "terminationProtection": True,
        "requiresBootstrapStackVersion": 6,
        "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/acme/version",
        "stackTemplateAssetObjectUrl": "s3://cdk-acme-assets-${AWS::AccountId}-${AWS::Region}/1.json",
    }
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111122223333/eu-central-1",
        "properties": properties,
    }
    manifest = {"artifacts": {"Data": stack, "Assets": {"type": "cdk:asset-manifest", "properties": {}}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "data.json").write_text(json.dumps({"Resources": {"Thing": DATABASE}}))
    bucket = "cdk-acme-assets-${AWS::AccountId}-${AWS::Region}"
    assert read_assembly(tmp_path) == {
        DATA: SynthesizedStack(
            template={"Resources": {"Thing": DATABASE}},
            termination_protection=True,
            account="111122223333",
            bootstrap=Bootstrap(version=6, parameter="/cdk-bootstrap/acme/version", bucket=bucket),
        )
    }
