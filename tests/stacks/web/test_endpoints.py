"""VPC endpoints that instances use."""

from dataclasses import replace

from config.environments import DEV
from config.network import NoNat
from tests.support.endpoints import gateway_exceptions
from tests.support.synthesis import Synthesized, synthesize

# The buckets of AWS from which an instance installs packages and its agents.
BOOT = {
    "al2023-repos-<Region>-de612dc2": "s3:GetObject",
    "amazon-ssm-<Region>": "s3:GetObject",
    "amazon-ssm-packages-<Region>": "s3:GetObject",
    "amazoncloudwatch-agent-<Region>": "s3:GetObject",
}


def test_the_s3_gateway_endpoint_also_allows_exactly_what_booting_needs(every_environment: Synthesized) -> None:
    without = gateway_exceptions(synthesize(replace(every_environment.environment, web=None)))
    assert gateway_exceptions(every_environment) == without | BOOT
    assert not without.keys() & BOOT.keys()


def test_without_nat_instances_signal_through_an_endpoint() -> None:
    """cfn-signal needs no permission, so no policy shows its call."""
    assert "cloudformation" in DEV.endpoints_without_nat, "instances can't reach cloudformation"


def test_the_cloudformation_endpoint_allows_signals_of_any_principal() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=NoNat())))
    (policy,) = (
        endpoint["Properties"]["PolicyDocument"]["Statement"]
        for id_, endpoint in synthesized.resources("Network", "AWS::EC2::VPCEndpoint").items()
        if "Cloudformation" in id_
    )
    assert "cloudformation:SignalResource" in policy[0]["Action"]
    assert "Condition" not in policy[0]
