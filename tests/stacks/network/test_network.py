"""The Network stack."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from config.address_plan import TIERS
from config.environments import DEV, PROD
from config.network import (
    AnyZones,
    DualStack,
    FlowLogToCloudWatch,
    FlowLogToS3,
    NamedZones,
    NatPerZone,
    NoNat,
    RegionalNat,
    SingleNat,
)
from tests.support.promises import has
from tests.support.synthesis import Synthesized, shipped, synthesize


def _subnets(synthesized: Synthesized, tier: str) -> list[dict[str, object]]:
    return [
        {**resource["Properties"], "id": id_}
        for id_, resource in synthesized.resources("Network", "AWS::EC2::Subnet").items()
        if f"Vpc{tier}Subnet" in id_
    ]


def _default_routes(synthesized: Synthesized, tier: str) -> list[dict[str, object]]:
    return [
        resource["Properties"]
        for id_, resource in synthesized.resources("Network", "AWS::EC2::Route").items()
        if f"Vpc{tier}Subnet" in id_
    ]


def test_there_are_three_tiers_in_three_zones(every_environment: Synthesized) -> None:
    for tier in ("Public", "App", "Data"):
        zones = {str(subnet["AvailabilityZone"]) for subnet in _subnets(every_environment, tier)}
        assert len(zones) == 3, f"the {tier} tier has subnets in {len(zones)} zones: {zones}"


def test_no_subnet_assigns_public_addresses(every_environment: Synthesized) -> None:
    for id_, subnet in every_environment.resources("Network", "AWS::EC2::Subnet").items():
        has(id_, subnet["Properties"], {"MapPublicIpOnLaunch": False})


def test_only_app_subnets_assign_ipv6_addresses() -> None:
    """A load balancer requests its own address, and nothing in the data tier needs one."""
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, addressing=DualStack())))
    for tier in ("Public", "App", "Data"):
        for subnet in _subnets(synthesized, tier):
            has(str(subnet["id"]), subnet, {"AssignIpv6AddressOnCreation": tier == "App"})


def test_data_subnets_have_no_route_out(every_environment: Synthesized) -> None:
    assert _subnets(every_environment, "Data")
    assert _default_routes(every_environment, "Data") == []


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_have_no_route_to_the_internet(name: str) -> None:
    network = shipped(name)
    gateways, routes = network.resources("Network", "AWS::EC2::NatGateway"), _default_routes(network, "App")
    assert not gateways, f"{name} has {len(gateways)} NAT gateway(s)"
    assert not routes, f"{len(routes)} subnets of the App tier have a default route"


def test_app_subnets_reach_the_internet_only_through_nat(every_environment: Synthesized) -> None:
    routes = _default_routes(every_environment, "App")
    wanted = 0 if isinstance(every_environment.environment.network.nat, NoNat) else 3
    assert len(routes) == wanted, f"{len(routes)} of 3 subnets of the App tier have a default route"
    for route in routes:
        assert "NatGatewayId" in route, f"a route of the App tier does not lead to NAT: {route}"
        assert "GatewayId" not in route, f"a route of the App tier leads to the internet gateway: {route}"


def test_dev_has_one_nat_gateway() -> None:
    gateways = shipped("dev").resources("Network", "AWS::EC2::NatGateway")
    assert len(gateways) == 1, f"dev has {len(gateways)} NAT gateways"


def test_dns_names_of_aws_services_resolve_to_their_endpoints(every_environment: Synthesized) -> None:
    """Amazon VPC User Guide, "DNS attributes for your VPC"."""
    vpc = every_environment.only("Network", "AWS::EC2::VPC")
    has("the VPC", vpc, {"EnableDnsSupport": True, "EnableDnsHostnames": True})


def test_the_subnets_of_each_tier_are_in_its_own_block(every_environment: Synthesized) -> None:
    blocks = every_environment.environment.network.addresses.blocks()
    for tier in TIERS:
        for subnet in _subnets(every_environment, tier.capitalize()):
            assert IPv4Network(str(subnet["CidrBlock"])).subnet_of(blocks[tier])


def test_a_zone_added_later_changes_no_existing_subnet() -> None:
    def subnets(count: int) -> dict[str, str]:
        network = replace(DEV.network, zones=AnyZones(count=count))
        return {
            f"{tier}{index}": str(subnet["CidrBlock"])
            for tier in ("Public", "App", "Data")
            for index, subnet in enumerate(_subnets(synthesize(replace(DEV, network=network)), tier))
        }

    three, six = subnets(3), subnets(6)
    assert len(six) == 18
    assert three.items() <= six.items()


def test_with_nat_per_zone_each_zone_uses_its_own_gateway() -> None:
    network = replace(PROD.network, nat=NatPerZone())
    synthesized = synthesize(replace(PROD, network=network))
    gateways = {
        id_: resource["Properties"]["SubnetId"]["Ref"]
        for id_, resource in synthesized.resources("Network", "AWS::EC2::NatGateway").items()
    }
    zones = {
        id_: str(resource["Properties"]["AvailabilityZone"])
        for id_, resource in synthesized.resources("Network", "AWS::EC2::Subnet").items()
    }
    subnet_of_table = {
        str(resource["Properties"]["RouteTableId"]["Ref"]): str(resource["Properties"]["SubnetId"]["Ref"])
        for resource in synthesized.resources("Network", "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    routes = _default_routes(synthesized, "App")
    assert len(routes) == 3
    for route in routes:
        table, gateway = route["RouteTableId"], route["NatGatewayId"]
        assert isinstance(table, dict)
        assert isinstance(gateway, dict)
        ours, its = zones[subnet_of_table[table["Ref"]]], zones[gateways[gateway["Ref"]]]
        assert ours == its, f"{table['Ref']} in zone {ours} uses the NAT gateway of zone {its}"
    assert len(gateways) == 3


@pytest.mark.parametrize(("nat", "addresses"), [(SingleNat(), 1), (RegionalNat(), 0)])
def test_one_gateway_serves_all_zones(nat: SingleNat | RegionalNat, addresses: int) -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=nat)))
    (gateway,) = synthesized.resources("Network", "AWS::EC2::NatGateway")
    assert {str(route["NatGatewayId"]) for route in _default_routes(synthesized, "App")} in (
        {str({"Ref": gateway})},
        {str({"Fn::GetAtt": [gateway, "NatGatewayId"]})},
    )
    assert len(synthesized.resources("Network", "AWS::EC2::EIP")) == addresses


def test_without_nat_the_only_egress_is_through_endpoints() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=NoNat())))
    assert _default_routes(synthesized, "App") == []
    assert synthesized.resources("Network", "AWS::EC2::NatGateway") == {}
    assert len(synthesized.resources("Network", "AWS::EC2::VPCEndpoint")) == 2 + len(DEV.endpoints_without_nat)


@pytest.mark.parametrize(("region", "letters"), [("eu-central-1", "abc"), ("cn-north-1", "abd"), (None, "abc")])
def test_named_zones_are_those_of_the_region_in_a_fixed_order(region: str | None, letters: str) -> None:
    synthesized = synthesize(replace(PROD, region=region, network=replace(PROD.network, zones=NamedZones(count=3))))
    zones = [{"Fn::Join": ["", [{"Ref": "AWS::Region"}, letter]]} for letter in letters]
    found = [subnet["AvailabilityZone"] for subnet in _subnets(synthesized, "App")]
    assert found == zones, f"the app subnets are in {found}, must be in {letters} of {region}"


def test_flow_logs_record_all_traffic_with_its_addresses_and_path(every_environment: Synthesized) -> None:
    flow_log = every_environment.only("Network", "AWS::EC2::FlowLog")
    has("the flow log", flow_log, {"TrafficType": "ALL"})
    who = ("${srcaddr}", "${dstaddr}", "${dstport}", "${protocol}", "${action}", "${start}", "${interface-id}")
    way = ("${flow-direction}", "${pkt-srcaddr}", "${tcp-flags}", "${traffic-path}")
    missing = [field for field in (*who, *way) if field not in flow_log["LogFormat"]]
    assert not missing, f"the flow log: LogFormat lacks {missing}"
    has(
        "the flow log", flow_log, {"MaxAggregationInterval": 60}
    )  # ten minutes would hide the order of events in an attack


def test_a_flow_log_in_cloudwatch_has_a_role_that_can_write_it(every_environment: Synthesized) -> None:
    """Without it the log is empty (VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs")."""
    if not isinstance(every_environment.environment.network.flow_log, FlowLogToCloudWatch):
        return
    writer = every_environment.statements_of("Network", "NetworkFlowLogsFlowLogRole")
    allowed = {action for statement in writer for action in statement["Action"]}
    missing = {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"} - allowed
    assert not missing, f"the flow log's role lacks {missing}"


def test_a_flow_log_in_cloudwatch_is_encrypted_and_expires() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, flow_log=FlowLogToCloudWatch(days=30))))
    (group,) = (
        resource["Properties"]
        for id_, resource in synthesized.resources("Network", "AWS::Logs::LogGroup").items()
        if "FlowLogGroup" in id_
    )
    assert group["RetentionInDays"] == 30
    assert "KeysLogs" in str(group["KmsKeyId"])


def test_a_flow_log_in_s3_has_the_prefix_under_which_aws_may_write() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, flow_log=FlowLogToS3())))
    destination = str(synthesized.only("Network", "AWS::EC2::FlowLog")["LogDestination"])
    assert "/flow" in destination, f"AWS may write below /flow, but the flow log goes to {destination}"
    statements = synthesized.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert any(
        statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        and statement["Action"] == "s3:PutObject"
        and "/flow/AWSLogs/" in str(statement["Resource"])
        for statement in statements
    )


def test_every_dns_query_is_logged(every_environment: Synthesized) -> None:
    association = every_environment.only("Network", "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation")
    ((vpc, _),) = every_environment.resources("Network", "AWS::EC2::VPC").items()
    assert association["ResourceId"] == {"Ref": vpc}


def test_the_default_security_group_is_emptied_by_a_function_that_can_do_nothing_else(
    every_environment: Synthesized,
) -> None:
    run = every_environment.only("Network", "Custom::EmptyDefaultSecurityGroup")
    ((vpc, _),) = every_environment.resources("Network", "AWS::EC2::VPC").items()
    assert run["GroupId"] == {"Fn::GetAtt": [vpc, "DefaultSecurityGroup"]}
    (statement,) = (
        statement
        for policy in every_environment.resources("Network", "AWS::IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ec2:" in str(statement["Action"])
    )
    assert statement["Action"] == ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
    one = every_environment.linked.text(statement["Resource"], "Network")
    assert one.endswith(f":security-group/${{Network/{vpc}.DefaultSecurityGroup}}"), f"{statement['Action']} on {one}"


def test_with_dual_stack_every_subnet_has_its_planned_block_and_data_has_no_egress() -> None:
    def blocks(count: int) -> dict[str, object]:
        network = replace(DEV.network, addressing=DualStack(), zones=AnyZones(count=count))
        synthesized = synthesize(replace(DEV, network=network))
        assert len(synthesized.resources("Network", "AWS::EC2::EgressOnlyInternetGateway")) == 1
        leaving = {
            id_
            for id_, route in synthesized.resources("Network", "AWS::EC2::Route").items()
            if "EgressOnlyInternetGatewayId" in route["Properties"]
        }
        assert len(leaving) == count
        assert all("VpcAppSubnet" in id_ for id_ in leaving)
        return {
            f"{tier}{index}": subnet["Ipv6CidrBlock"]
            for tier in ("Public", "App", "Data")
            for index, subnet in enumerate(_subnets(synthesized, tier))
        }

    three, six = blocks(3), blocks(6)
    assert len({str(block) for block in six.values()}) == 18
    assert three.items() <= six.items(), "a zone added later changed a block"


def test_resources_that_use_the_ipv6_block_are_created_after_it() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, addressing=DualStack())))
    (block,) = synthesized.resources("Network", "AWS::EC2::VPCCidrBlock")
    named = {
        id_: resource
        for id_, resource in synthesized.templates["Network"]["Resources"].items()
        if "Ipv6CidrBlocks" in str(resource)
    }
    assert len(named) > 9
    assert [id_ for id_, resource in named.items() if block not in resource.get("DependsOn", [])] == []


def test_a_regional_nat_gateway_is_created_after_the_internet_gateway_is_attached() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=RegionalNat())))
    (gateway,) = synthesized.resources("Network", "AWS::EC2::NatGateway").values()
    (attachment,) = synthesized.resources("Network", "AWS::EC2::VPCGatewayAttachment")
    assert attachment in gateway["DependsOn"], f"the gateway depends on {gateway['DependsOn']}, not on {attachment}"
