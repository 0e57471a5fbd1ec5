"""What the Network stack promises."""

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Network
from typing import get_args

import pytest

from components.endpoints import INTERFACE_ACTIONS
from config.address_plan import TIERS
from config.environments import DEV, PROD
from config.network import (
    NEEDED_WITHOUT_NAT,
    AnyZones,
    DualStack,
    FlowLogToCloudWatch,
    FlowLogToS3,
    InterfaceEndpoint,
    Ipv4,
    NamedZones,
    NatPerZone,
    NoNat,
    RegionalNat,
    SingleNat,
)
from tests.synthesis import Synthesized, synthesize


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
        zones = [str(subnet["AvailabilityZone"]) for subnet in _subnets(every_environment, tier)]
        assert len(set(zones)) == 3, tier


def test_no_subnet_gives_public_addresses(every_environment: Synthesized) -> None:
    for subnet in every_environment.resources("Network", "AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False


def test_data_subnets_have_no_route_out(every_environment: Synthesized) -> None:
    assert _subnets(every_environment, "Data")
    assert _default_routes(every_environment, "Data") == []


def test_app_subnets_leave_through_nat_only(every_environment: Synthesized) -> None:
    routes = _default_routes(every_environment, "App")
    assert len(routes) == 3
    assert all("NatGatewayId" in route and "GatewayId" not in route for route in routes)


def test_each_tier_lies_in_its_own_block(every_environment: Synthesized) -> None:
    blocks = every_environment.environment.network.addresses.blocks()
    for tier in TIERS:
        for subnet in _subnets(every_environment, tier.capitalize()):
            assert IPv4Network(str(subnet["CidrBlock"])).subnet_of(blocks[tier])


def test_a_zone_added_later_moves_no_subnet() -> None:
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


def test_nat_per_zone_keeps_each_zone_on_its_own() -> None:
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
    assert len(routes) == len(gateways) == 3
    for route in routes:
        table, gateway = route["RouteTableId"], route["NatGatewayId"]
        assert isinstance(table, dict)
        assert isinstance(gateway, dict)
        assert zones[subnet_of_table[table["Ref"]]] == zones[gateways[gateway["Ref"]]]


@pytest.mark.parametrize(("nat", "addresses"), [(SingleNat(), 1), (RegionalNat(), 0)])
def test_one_gateway_serves_all_zones(nat: SingleNat | RegionalNat, addresses: int) -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=nat)))
    (gateway,) = synthesized.resources("Network", "AWS::EC2::NatGateway")
    assert {str(route["NatGatewayId"]) for route in _default_routes(synthesized, "App")} in (
        {str({"Ref": gateway})},
        {str({"Fn::GetAtt": [gateway, "NatGatewayId"]})},
    )
    assert len(synthesized.resources("Network", "AWS::EC2::EIP")) == addresses


def test_without_nat_nothing_leaves_but_through_endpoints() -> None:
    network = replace(DEV.network, nat=NoNat(), interface_endpoints=NEEDED_WITHOUT_NAT)
    synthesized = synthesize(replace(DEV, network=network))
    assert _default_routes(synthesized, "App") == []
    assert synthesized.resources("Network", "AWS::EC2::NatGateway") == {}
    assert len(synthesized.resources("Network", "AWS::EC2::VPCEndpoint")) == 2 + len(NEEDED_WITHOUT_NAT)


@pytest.mark.parametrize(("region", "letters"), [("eu-central-1", "abc"), ("cn-north-1", "abd"), (None, "abc")])
def test_named_zones_are_the_regions_own_in_one_order(region: str | None, letters: str) -> None:
    synthesized = synthesize(replace(PROD, region=region, network=replace(PROD.network, zones=NamedZones(count=3))))
    zones = [{"Fn::Join": ["", [{"Ref": "AWS::Region"}, letter]]} for letter in letters]
    assert [subnet["AvailabilityZone"] for subnet in _subnets(synthesized, "App")] == zones


def test_gateway_endpoints_serve_app_and_data_and_only_this_account(every_environment: Synthesized) -> None:
    endpoints = every_environment.resources("Network", "AWS::EC2::VPCEndpoint")
    assert len(endpoints) == 2
    for id_, endpoint in endpoints.items():
        properties = endpoint["Properties"]
        tables = {table["Ref"] for table in properties["RouteTableIds"]}
        assert len(tables) == 6, id_
        assert not any("Public" in table for table in tables)
        first, *others = properties["PolicyDocument"]["Statement"]
        assert first["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
        assert all(len(_as_list(statement["Action"])) == 1 for statement in others), "others are single exceptions"


# Whose buckets the S3 gateway opens beside this account's own, and for what.
EXCEPTIONS = {
    "cloudformation-custom-resource-response-<region without dashes>": "s3:PutObject",
    "al2023-repos-<region>-de612dc2": "s3:GetObject",
    "amazon-ssm-<region>": "s3:GetObject",
    "amazon-ssm-packages-<region>": "s3:GetObject",
    "amazoncloudwatch-agent-<region>": "s3:GetObject",
}


REFERENCES = {
    "{'Ref': 'AWS::Partition'}": "<AWS::Partition>",
    "{'Ref': 'AWS::Region'}": "<AWS::Region>",
    "{'Fn::Join': ['', {'Fn::Split': ['-', {'Ref': 'AWS::Region'}]}]}": "<region without dashes>",
}


def test_the_s3_gateway_opens_exactly_what_boot_and_custom_resources_need(every_environment: Synthesized) -> None:
    (s3,) = (
        endpoint["Properties"]
        for id_, endpoint in every_environment.resources("Network", "AWS::EC2::VPCEndpoint").items()
        if "EndpointsS3" in id_
    )
    region = every_environment.environment.region
    found = {}
    for statement in s3["PolicyDocument"]["Statement"][1:]:
        assert statement["Principal"] == {"AWS": "*"}
        assert "Condition" not in statement
        pieces = statement["Resource"]["Fn::Join"][1]
        text = "".join(piece if isinstance(piece, str) else REFERENCES[str(piece)] for piece in pieces)
        bucket = text.removeprefix("arn:<AWS::Partition>:s3:::").removesuffix("/*").replace("<AWS::Region>", "<region>")
        found[bucket.replace(region, "<region>") if region else bucket] = statement["Action"]
    assert found == EXCEPTIONS


def test_interface_endpoints_answer_to_their_services_names_and_to_the_vpc_alone() -> None:
    endpoints: frozenset[InterfaceEndpoint] = frozenset({"sqs", "kms"})
    network = replace(DEV.network, interface_endpoints=endpoints)
    synthesized = synthesize(replace(DEV, network=network))
    interfaces = [
        endpoint["Properties"]
        for endpoint in synthesized.resources("Network", "AWS::EC2::VPCEndpoint").values()
        if endpoint["Properties"]["VpcEndpointType"] == "Interface"
    ]
    assert len(interfaces) == 2
    for endpoint in interfaces:
        assert endpoint["PrivateDnsEnabled"] is True
        assert len(endpoint["SubnetIds"]) == 3
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
    (group,) = synthesized.resources("Network", "AWS::EC2::SecurityGroup").values()
    blocks = synthesized.environment.network.addresses.blocks()
    assert {rule["CidrIp"] for rule in group["Properties"]["SecurityGroupIngress"]} == {
        str(blocks["app"]),
        str(blocks["data"]),
    }


def test_flow_logs_record_all_traffic_with_what_tells_its_way(every_environment: Synthesized) -> None:
    flow_log = every_environment.only("Network", "AWS::EC2::FlowLog")
    assert flow_log["TrafficType"] == "ALL"
    for field in ("${flow-direction}", "${pkt-srcaddr}", "${tcp-flags}", "${traffic-path}"):
        assert field in flow_log["LogFormat"]


def test_a_flow_log_in_cloudwatch_is_encrypted_and_expires() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, flow_log=FlowLogToCloudWatch(days=30))))
    (group,) = (
        resource["Properties"]
        for id_, resource in synthesized.resources("Network", "AWS::Logs::LogGroup").items()
        if "Flows" in id_
    )
    assert group["RetentionInDays"] == 30
    assert "KeysLogs" in str(group["KmsKeyId"])


def test_a_flow_log_in_s3_lies_where_the_log_delivery_may_write() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, flow_log=FlowLogToS3())))
    assert "/flow" in str(synthesized.only("Network", "AWS::EC2::FlowLog")["LogDestination"])
    statements = synthesized.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert any(
        statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        and statement["Action"] == "s3:PutObject"
        and "/flow/AWSLogs/" in str(statement["Resource"])
        for statement in statements
    )


def test_every_name_that_is_asked_for_is_recorded(every_environment: Synthesized) -> None:
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
    assert f"'{vpc}', 'DefaultSecurityGroup'" in str(statement["Resource"])


@pytest.mark.parametrize("addressing", [Ipv4(), DualStack()])
def test_each_tier_has_a_list_with_room_under_the_limit(addressing: Ipv4 | DualStack) -> None:
    network = replace(DEV.network, addressing=addressing, zones=AnyZones(count=6))
    synthesized = synthesize(replace(DEV, network=network))
    entries = [entry["Properties"] for entry in synthesized.resources("Network", "AWS::EC2::NetworkAclEntry").values()]
    lists = Counter((str(entry["NetworkAclId"]), entry["Egress"]) for entry in entries)
    assert len(lists) == 6
    assert max(lists.values()) < 20, "AWS's limit each way, one of which is the final denial"
    assert len(synthesized.resources("Network", "AWS::EC2::SubnetNetworkAclAssociation")) == 18


def test_every_list_denies_logins_before_it_allows_anything(every_environment: Synthesized) -> None:
    entries = [
        entry["Properties"] for entry in every_environment.resources("Network", "AWS::EC2::NetworkAclEntry").values()
    ]
    for acl in {str(entry["NetworkAclId"]) for entry in entries}:
        inbound = [entry for entry in entries if str(entry["NetworkAclId"]) == acl and not entry["Egress"]]
        first = sorted(inbound, key=lambda entry: entry["RuleNumber"])[:2]
        assert [entry["RuleAction"] for entry in first] == ["deny", "deny"]
        assert {entry["PortRange"]["From"] for entry in first} == {22, 3389}
        assert {entry["CidrBlock"] for entry in first} == {"0.0.0.0/0"}


def test_dual_stack_gives_every_subnet_its_planned_block_and_data_no_way_out() -> None:
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
    assert three.items() <= six.items(), "a zone added later moves no block"


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def test_whatever_names_the_ipv6_block_waits_for_it() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, addressing=DualStack())))
    (block,) = synthesized.resources("Network", "AWS::EC2::VPCCidrBlock")
    named = {
        id_: resource
        for id_, resource in synthesized.templates["Network"]["Resources"].items()
        if "Ipv6CidrBlocks" in str(resource)
    }
    assert len(named) > 9
    assert [id_ for id_, resource in named.items() if block not in resource.get("DependsOn", [])] == []


def test_a_regional_gateway_waits_for_the_attachment() -> None:
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=RegionalNat())))
    (gateway,) = synthesized.resources("Network", "AWS::EC2::NatGateway").values()
    (attachment,) = synthesized.resources("Network", "AWS::EC2::VPCGatewayAttachment")
    assert attachment in gateway["DependsOn"]


def test_endpoints_carry_all_that_the_workloads_may_call() -> None:
    endpoints: frozenset[InterfaceEndpoint] = frozenset(get_args(InterfaceEndpoint))
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, nat=NoNat(), interface_endpoints=endpoints)))
    services = {"cloudwatch": "monitoring"}
    granted = {
        action
        for resource in synthesized.everything().values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        for action in _as_list(statement["Action"])
    }
    by_endpoint = {str(action) for action in granted if services.get(*[str(action).split(":")[0]] * 2) in endpoints}
    # Lambda polls the queue, reads its attributes and writes the log from outside the VPC.
    by_lambda = {"sqs:GetQueueAttributes"}
    # RDS writes what it measures from outside, too.
    by_rds = {"logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:GetLogEvents"}
    assert len(by_endpoint) > 8
    carried = {action for actions in INTERFACE_ACTIONS.values() for action in actions}
    assert by_endpoint - carried == by_lambda | by_rds


def test_instances_signal_without_a_role() -> None:
    network = replace(DEV.network, nat=NoNat(), interface_endpoints=NEEDED_WITHOUT_NAT)
    synthesized = synthesize(replace(DEV, network=network))
    (policy,) = (
        endpoint["Properties"]["PolicyDocument"]["Statement"]
        for id_, endpoint in synthesized.resources("Network", "AWS::EC2::VPCEndpoint").items()
        if "Cloudformation" in id_
    )
    assert "cloudformation:SignalResource" in policy[0]["Action"]
    assert "Condition" not in policy[0]
