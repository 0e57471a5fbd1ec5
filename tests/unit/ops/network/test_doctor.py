"""What the network lacks in an account is found before a deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.environments import DEV
from config.network import NatPerZone, NoNat, RegionalNat, SingleNat
from ops.network import doctor
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

ENDPOINT = {
    "VpcEndpointType": "Interface",
    "ServiceName": {"Fn::Join": ["", ["com.amazonaws.", {"Ref": "AWS::Region"}, ".sqs"]]},
}


def test_zones_of_the_account_are_no_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.add_zones(aws, "a", "c")
    assert list(doctor.zones_exist(aws.environment())) == []


def test_a_zone_that_the_account_lacks_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.add_zones(aws, "a", "f")
    (problem,) = doctor.zones_exist(aws.environment())
    assert "1 of the 2 zones" in problem
    assert "eu-central-1a, eu-central-1b, eu-central-1c" in problem


@pytest.mark.parametrize(("nat", "is_problem"), [(NatPerZone(), True), (SingleNat(), False)])
def test_a_gateway_in_a_zone_without_nat_is_a_problem(aws: Stubs, dev: FakeDev, nat: Any, is_problem: bool) -> None:
    dev.configure(network=replace(DEV.network, nat=nat))
    dev.add_zones(aws, "a", "c", ids="apne1-az")
    problems = list(doctor.zones_exist(aws.environment()))
    assert ["eu-central-1c is apne1-az3" in problem for problem in problems] == [True] * is_problem


@pytest.mark.parametrize(("used", "is_problem"), [(2, False), (3, True)])
def test_too_few_elastic_ips_are_a_problem(aws: Stubs, dev: FakeDev, used: int, is_problem: bool) -> None:
    dev.add("AWS::EC2::EIP", count=3)
    aws.expect("ec2", "describe_addresses", {"Addresses": [{}] * used})
    aws.expect("service-quotas", "get_service_quota", {"Quota": {"Value": 5.0}})
    problems = list(doctor.addresses_suffice(aws.environment()))
    assert ["L-0263D0A3 --desired-value 6`" in problem for problem in problems] == [True] * is_problem


def test_a_regional_nat_gateway_needs_an_elastic_ip_in_each_zone(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(network=replace(DEV.network, nat=RegionalNat()))
    dev.add("AWS::EC2::NatGateway")
    aws.expect("ec2", "describe_addresses", {"Addresses": []})
    dev.add_zones(aws, "a", "b", "c")
    aws.expect("service-quotas", "get_service_quota", {"Quota": {"Value": 2.0}})
    (problem,) = doctor.addresses_suffice(aws.environment())
    assert "needs 3 more" in problem


@pytest.mark.parametrize(("vpcs", "problems"), [(4, []), (5, ["VPCs", "internet gateways"])])
def test_too_few_vpcs_are_a_problem(aws: Stubs, dev: FakeDev, vpcs: int, problems: list[str]) -> None:
    dev.add("AWS::EC2::VPC")
    dev.add("AWS::EC2::InternetGateway")
    aws.expect("ec2", "describe_vpcs", {"Vpcs": [{}] * vpcs})
    aws.expect("ec2", "describe_internet_gateways", {"InternetGateways": [{}] * vpcs})
    for _ in range(2):
        aws.expect("service-quotas", "get_service_quota", {"Quota": {"Value": 5.0}})
    assert [problem.partition(":")[0] for problem in doctor.vpcs_suffice(aws.environment())] == problems


@pytest.mark.parametrize(("offered", "lacking"), [("ab", []), ("a", ["eu-central-1b"])])
def test_a_zone_without_the_service_of_an_endpoint_is_a_problem(
    aws: Stubs, dev: FakeDev, offered: str, lacking: list[str]
) -> None:
    dev.add("AWS::EC2::VPCEndpoint", ENDPOINT)
    service = {
        "ServiceName": "com.amazonaws.eu-central-1.sqs",
        "AvailabilityZones": [f"eu-central-1{letter}" for letter in offered],
    }
    aws.expect("ec2", "describe_vpc_endpoint_services", {"ServiceDetails": [service]})
    dev.add_zones(aws, "a", "b")
    problems = list(doctor.endpoints_are_offered(aws.environment()))
    assert [problem.partition(":")[0].partition(" in ")[2] for problem in problems] == lacking


@pytest.mark.parametrize(
    ("mode", "nat", "is_problem"),
    [
        ("off", SingleNat(), False),
        ("block-ingress", SingleNat(), False),
        ("block-bidirectional", SingleNat(), True),
        ("block-bidirectional", NoNat(), False),
    ],
)
def test_blocked_internet_gateways_are_a_problem(
    aws: Stubs, dev: FakeDev, mode: str, nat: Any, is_problem: bool
) -> None:
    dev.configure(network=replace(DEV.network, nat=nat))
    options = {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": mode}}
    aws.expect("ec2", "describe_vpc_block_public_access_options", options)
    problems = list(doctor.internet_is_allowed(aws.environment()))
    assert ["--internet-gateway-block-mode block-ingress" in problem for problem in problems] == [True] * is_problem


@pytest.mark.parametrize(("found", "is_problem"), [("pl-0123abcd", False), ("pl-6ea54007", True)])
def test_a_prefix_list_of_another_region_is_a_problem(aws: Stubs, dev: FakeDev, found: str, is_problem: bool) -> None:
    assert list(doctor.prefix_list_is_that_of_s3(aws.environment())) == []  # it is left open
    network = replace(DEV.network, s3_prefix_list="pl-0123abcd", interface_endpoints=DEV.endpoints_without_nat)
    dev.configure(network=network)
    aws.expect("ec2", "describe_managed_prefix_lists", {"PrefixLists": [{"PrefixListId": found}]})
    assert [found in problem for problem in doctor.prefix_list_is_that_of_s3(aws.environment())] == [True] * is_problem
