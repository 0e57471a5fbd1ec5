"""What the shipped environments promise about who reaches whom, computed from what would be deployed."""

from dataclasses import replace
from typing import get_args

import pytest

from checks.reachability import Kind, Reachability
from checks.reachability.render import addresses_table, matrix_table, routes_table
from config.environments import PROD
from config.network import DualStack, InterfaceEndpoint, Nat, NatPerZone, NetworkConfig, NoNat, RegionalNat, SingleNat
from tests.support.synthesis import Synthesized, Template, synthesize

CLIENTS = ("SchemaMigration", "Ingestion", "Operations", "Housekeeping", "web instances")
# The network ACLs deny RDP from anywhere, and with it the replies to whoever connects from that port.
RDP = 3389
ENDPOINTS: frozenset[InterfaceEndpoint] = frozenset(get_args(InterfaceEndpoint))
NO_ENDPOINTS: frozenset[InterfaceEndpoint] = frozenset()
STRATEGIES: tuple[Nat, ...] = (NatPerZone(), SingleNat(), RegionalNat(), NoNat())


def read(templates: dict[str, Template]) -> Reachability:
    return Reachability.of(templates, traded=[RDP])


def of(network: NetworkConfig) -> Reachability:
    return read(synthesize(replace(PROD, network=network)).templates)


@pytest.fixture
def reach(prod: Synthesized) -> Reachability:
    return read(prod.templates)


@pytest.fixture(params=STRATEGIES, ids=lambda nat: type(nat).__name__)
def strategy(request: pytest.FixtureRequest) -> tuple[Nat, Reachability]:
    nat: Nat = request.param
    endpoints = ENDPOINTS if isinstance(nat, NoNat) else NO_ENDPOINTS
    return nat, of(replace(PROD.network, nat=nat, interface_endpoints=endpoints))


def test_the_internet_reaches_nothing(every_environment: Synthesized) -> None:
    reach = read(every_environment.templates)
    for target in reach.targets:
        assert reach.ports("internet", target) == (), target


def test_the_clients_reach_the_database_or_its_proxy_and_nobody_else_does(every_environment: Synthesized) -> None:
    reach = read(every_environment.templates)
    clients = {"database": {*CLIENTS}}
    if "proxy" in reach.nodes:
        clients = {"database": {"SchemaMigration", "proxy"}, "proxy": {*CLIENTS} - {"SchemaMigration"}}
    for target, allowed in clients.items():
        (port,) = reach.nodes[target].ports
        for source in reach.sources:
            asked = (source, target, port)
            if source in allowed:
                assert reach.certain(*asked), reach.why(*asked, certain=True)
            else:
                assert not reach.possible(*asked), f"{asked} is possible"


def test_the_database_reaches_nothing(every_environment: Synthesized) -> None:
    reach = read(every_environment.templates)
    for target in reach.targets:
        assert reach.ports("database", target) == (), target


def test_nothing_but_the_load_balancer_reaches_web_instances(reach: Reachability) -> None:
    (port,) = reach.nodes["web instances"].ports
    for source in reach.sources:
        expected = ((port, port),) if source == "load balancer" else ()
        assert reach.ports(source, "web instances") == expected, source
    assert reach.certain("load balancer", "web instances", port)


def test_functions_reach_the_internet_by_https_only_and_not_without_nat(strategy: tuple[Nat, Reachability]) -> None:
    nat, reach = strategy
    functions = [node.name for node in reach.nodes.values() if node.kind is Kind.FUNCTION]
    assert {"SchemaMigration", "Ingestion"} <= set(functions)
    for function in functions:
        if isinstance(nat, NoNat):
            assert reach.ports(function, "internet") == ()
        else:
            assert reach.certain(function, "internet", 443), reach.why(function, "internet", 443, certain=True)
            assert reach.ports(function, "internet") == ((443, 443),)


def test_a_lost_zone_leaves_the_others_their_egress_unless_nat_is_single(strategy: tuple[Nat, Reachability]) -> None:
    nat, reach = strategy
    survive = [reach.without_zone(zone).certain("Ingestion", "internet", 443) for zone in reach.zones]
    assert len(survive) == 3
    match nat:
        case SingleNat():
            assert survive == [False, True, True]
        case NoNat():
            assert not any(survive)
        case _:
            assert all(survive)


def test_without_nat_functions_and_instances_reach_every_endpoint_whatever_zone_is_lost() -> None:
    reach = of(replace(PROD.network, nat=NoNat(), interface_endpoints=ENDPOINTS))
    endpoints = [node.name for node in reach.nodes.values() if node.kind is Kind.ENDPOINT]
    assert len(endpoints) == len(ENDPOINTS)
    for left in (reach, *(reach.without_zone(zone) for zone in reach.zones)):
        for client in CLIENTS:
            for endpoint in (*endpoints, "s3 gateway", "dynamodb gateway"):
                assert left.certain(client, endpoint, 443), left.why(client, endpoint, 443, certain=True)


def test_ipv6_leads_out_of_app_and_in_nowhere() -> None:
    reach = of(replace(PROD.network, addressing=DualStack()))
    for client in CLIENTS:
        assert reach.certain(client, "internet", 443, family=6), reach.why(client, "internet", 443, family=6)
    for target in reach.targets:
        assert reach.ports("internet", target) == (), target
        assert reach.ports("database", target) == (), target


def test_a_database_opened_by_mistake_is_found(prod: Synthesized) -> None:
    network, data = (dict(prod.templates[name]["Resources"]) for name in ("Network", "Data"))
    (database,) = (id_ for id_, resource in data.items() if resource["Type"] == "AWS::RDS::DBInstance")
    public = [{"Ref": id_} for id_ in network if id_.startswith("NetworkVpcPublicSubnet") and _is_subnet(network[id_])]
    outputs = {"PublicSubnet": {"Value": public[0]}}
    there = {"Fn::GetStackOutput": {"StackName": "shop-prod-network", "OutputName": "PublicSubnet"}}
    (subnets,) = (id_ for id_, resource in data.items() if resource["Type"] == "AWS::RDS::DBSubnetGroup")
    data[subnets] = {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [there]}}
    data["OpenGroup"] = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"SecurityGroupIngress": [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]},
    }
    changed = {"PubliclyAccessible": True, "VPCSecurityGroups": [{"Ref": "OpenGroup"}]}
    data[database] = {**data[database], "Properties": data[database]["Properties"] | changed}
    for id_ in [id_ for id_, resource in network.items() if resource["Type"].endswith("NetworkAclAssociation")]:
        del network[id_]
    reach = read(
        prod.templates
        | {
            "Network": {"Resources": network, "Outputs": prod.templates["Network"]["Outputs"] | outputs},
            "Data": {**prod.templates["Data"], "Resources": data},
        }
    )
    (port,) = reach.nodes["database"].ports
    assert reach.ports("internet", "database") == ((port, port),)


def _is_subnet(resource: dict[str, object]) -> bool:
    return resource["Type"] == "AWS::EC2::Subnet"


def test_the_tables_name_everybody_and_every_subnet(reach: Reachability) -> None:
    matrix = matrix_table(reach)
    for name in (*CLIENTS, "internet", "load balancer", "database", "proxy", "NAT", "s3, dynamodb gateways"):
        assert name in matrix
    for table in (routes_table(reach), addresses_table(reach)):
        assert len(table.splitlines()) == 2 + 9
