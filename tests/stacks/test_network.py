"""What the Network stack promises."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from config.environments import DEV, PROD
from config.model import AnyZones, NamedZones, NatPerZone, RegionalNat, SingleNat
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
    for tier in ("Public", "App", "Data"):
        for subnet in _subnets(every_environment, tier):
            assert IPv4Network(str(subnet["CidrBlock"])).subnet_of(blocks[tier.lower()])


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


def test_named_zones_keep_their_order() -> None:
    network = replace(PROD.network, zones=NamedZones(letters=("c", "a")))
    synthesized = synthesize(replace(PROD, region="eu-central-1", network=network))
    assert [subnet["AvailabilityZone"] for subnet in _subnets(synthesized, "App")] == ["eu-central-1c", "eu-central-1a"]


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


def test_the_flow_log_records_all_traffic_encrypted_and_for_a_while(every_environment: Synthesized) -> None:
    assert every_environment.only("Network", "AWS::EC2::FlowLog")["TrafficType"] == "ALL"
    group = every_environment.only("Network", "AWS::Logs::LogGroup")
    assert group["KmsKeyId"]
    assert group["RetentionInDays"] == every_environment.environment.network.flow_log_days


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
