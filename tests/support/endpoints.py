"""Helpers for tests of VPC endpoints."""

from typing import Any

from tests.support.synthesis import Synthesized


def gateway_exceptions(synthesized: Synthesized) -> dict[str, Any]:
    """The buckets of AWS that the S3 gateway endpoint allows besides this account's, with the allowed action."""
    (s3,) = (
        endpoint["Properties"]
        for id_, endpoint in synthesized.resources("Network", "AWS::EC2::VPCEndpoint").items()
        if "EndpointsS3" in id_
    )
    region = synthesized.environment.region
    found = {}
    for statement in s3["PolicyDocument"]["Statement"][1:]:
        assert statement["Principal"] == {"AWS": "*"}
        assert "Condition" not in statement
        text = synthesized.linked.text(statement["Resource"], "Network")
        bucket = text.removeprefix("arn:<Partition>:s3:::").removesuffix("/*")
        found[bucket.replace(region, "<Region>") if region else bucket] = statement["Action"]
    return found
