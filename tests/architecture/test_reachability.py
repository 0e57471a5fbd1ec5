"""Which connections the network allows, in every environment and with every NAT strategy."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from checks.reachability import Kind, Reachability
from config.database import Direct
from config.model import Environment
from config.network import (
    DualStack,
    InterfaceEndpoint,
    NatPerZone,
    NoNat,
    RegionalNat,
    SingleNat,
)
from tests.support import databases
from tests.support.network_reach import HTTPS, RDP, database_clients, reachability
from tests.support.synthesis import ENVIRONMENTS, synthesize
from tests.support.variants import EVERY

DATABASE_PORT, PROXY_PORT = 5433, 5432
# Nodes that run the platform's code.
WORKERS = (Kind.FUNCTION, Kind.INSTANCES)
GATEWAYS = (Kind.ENDPOINT, Kind.GATEWAY_ENDPOINT, Kind.NAT)

DEV, PROD = ENVIRONMENTS["dev"], ENVIRONMENTS["prod"]
ALL_ENDPOINTS: frozenset[InterfaceEndpoint] = frozenset(get_args(InterfaceEndpoint))
NETWORKS = {
    "prod, NAT per zone": replace(PROD.network, nat=NatPerZone()),
    "prod, single NAT": replace(PROD.network, nat=SingleNat()),
    "prod, regional NAT": replace(PROD.network, nat=RegionalNat()),
    "prod, no NAT": replace(PROD.network, nat=NoNat()),
    "prod, no NAT, every endpoint": replace(PROD.network, nat=NoNat(), interface_endpoints=ALL_ENDPOINTS),
    "prod, dual stack": replace(PROD.network, nat=NatPerZone(), addressing=DualStack()),
}
CASES: dict[str, Environment] = {
    **EVERY,
    "dev, prefix list": replace(
        DEV,
        network=replace(DEV.network, s3_prefix_list="pl-0123abcd", interface_endpoints=DEV.endpoints_without_nat),
    ),
    **databases.VARIANTS,
    **{name: replace(PROD, network=network) for name, network in NETWORKS.items()},
}
DIRECT, PROXIED = (
    [name for name, case in CASES.items() if isinstance(case.database.connections, Direct) is direct]
    for direct in (True, False)
)
WITH_NAT = [name for name, case in CASES.items() if not isinstance(case.network.nat, NoNat)]
WITHOUT_NAT = [name for name in CASES if name not in WITH_NAT]
NAMED = [name for name, case in CASES.items() if case.network.s3_prefix_list]


@pytest.fixture(params=CASES)
def reach(request: pytest.FixtureRequest) -> Reachability:
    """The network of each case in turn."""
    return reachability(CASES[request.param])


def _workers(reach: Reachability) -> list[str]:
    found = [node.name for node in reach.nodes.values() if node.kind in WORKERS]
    assert {"Ingestion", "SchemaMigration"} <= set(found)
    return found


def _inside(reach: Reachability) -> Iterator[str]:
    """The targets in the VPC, except public load balancers."""
    for name in reach.targets:
        node = reach.nodes[name]
        public = node.kind is Kind.LOAD_BALANCER and node.public_ipv4
        if node.kind not in (Kind.INTERNET, Kind.GATEWAY_ENDPOINT) and not public:
            yield name


def test_the_internet_reaches_nothing_inside_the_vpc(reach: Reachability) -> None:
    for target in _inside(reach):
        assert reach.ports("internet", target) == (), target


def _reached_by(reach: Reachability, target: str, port: int, clients: set[str]) -> None:
    for source in reach.sources:
        if source != target:
            found = reach.ports(source, target)
            wanted = ((port, port),) if source in clients else ()
            assert found == wanted, f"ports on which {source} reaches {target}: {found}, must be {wanted}"
    for client in clients:
        assert reach.certain(client, target, port), reach.why(client, target, port, certain=True)


@pytest.mark.parametrize("case", DIRECT)
def test_only_nodes_that_may_connect_to_the_database_reach_it(case: str) -> None:
    clients = database_clients(CASES[case], "database")
    assert {"SchemaMigration", "Ingestion"} <= clients
    _reached_by(reachability(CASES[case]), "database", DATABASE_PORT, clients)


@pytest.mark.parametrize("case", PROXIED)
def test_clients_reach_only_the_proxy(case: str) -> None:
    reach, clients = reachability(CASES[case]), database_clients(CASES[case], "proxy")
    assert "Ingestion" in clients
    _reached_by(reach, "proxy", PROXY_PORT, clients)
    assert database_clients(CASES[case], "database") == {"SchemaMigration", "proxy"}
    _reached_by(reach, "database", DATABASE_PORT, {"SchemaMigration", "proxy"})


@pytest.mark.parametrize("case", PROXIED)
def test_the_proxy_reaches_nothing_but_the_database(case: str) -> None:
    reach = reachability(CASES[case])
    for target in reach.targets:
        if target not in ("database", "proxy"):
            assert reach.ports("proxy", target) == (), target


def test_the_database_reaches_nothing(reach: Reachability) -> None:
    for target in reach.targets:
        if target != "database":
            assert reach.ports("database", target) == (), target


def test_nodes_reach_the_internet_by_https_only(reach: Reachability) -> None:
    for source in reach.sources:
        if reach.nodes[source].kind not in (Kind.INTERNET, Kind.NAT):
            assert set(reach.ports(source, "internet")) <= {(HTTPS, HTTPS)}, source


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_reach_nothing_outside_of_the_vpc_but_named_services(name: str) -> None:
    """Functions parse files of strangers. What takes one over must find no way to send data out."""
    reach = reachability(ENVIRONMENTS[name])
    services = {"cloudformation", "logs", "monitoring", "secretsmanager", "sqs", "ssm", "ssmmessages", "xray"}
    ways_out = {"internet", *(node.name for node in reach.nodes.values() if node.kind in GATEWAYS)}
    assert ways_out - {"internet", "s3 gateway", "dynamodb gateway"} <= {f"{service} endpoint" for service in services}
    for source in reach.sources:
        assert source == "internet" or reach.ports(source, "internet") == (), f"{source} reaches the internet"


@pytest.mark.parametrize("case", NAMED)
def test_with_the_prefix_list_functions_reach_only_s3_and_endpoints(case: str) -> None:
    reach = reachability(CASES[case])
    for source in (node.name for node in reach.nodes.values() if node.kind is Kind.FUNCTION):
        for target in reach.targets:
            node = reach.nodes[target]
            if target == "s3 gateway" or node.kind is Kind.ENDPOINT:
                assert reach.certain(source, target, HTTPS), reach.why(source, target, HTTPS, certain=True)
            elif node.kind not in (Kind.DATABASE, Kind.PROXY):
                assert reach.ports(source, target) == (), f"{source} reaches {target}"


@pytest.mark.parametrize("case", [name for name in WITH_NAT if name not in NAMED])
def test_functions_and_instances_reach_aws(case: str) -> None:
    reach = reachability(CASES[case])
    for source in _workers(reach):
        assert reach.certain(source, "internet", HTTPS), reach.why(source, "internet", HTTPS, certain=True)
        assert reach.certain(source, "s3 gateway", HTTPS)


@pytest.mark.parametrize("case", WITHOUT_NAT)
def test_without_nat_functions_and_instances_reach_only_endpoints_whatever_zone_is_lost(case: str) -> None:
    reach = reachability(CASES[case])
    endpoints = {node.name for node in reach.nodes.values() if node.kind is Kind.ENDPOINT}
    assert endpoints == {f"{service} endpoint" for service in CASES[case].interface_endpoints}
    for left in (reach, *(reach.without_zone(zone) for zone in reach.zones)):
        for source in _workers(reach):
            assert left.ports(source, "internet") == ()
            for endpoint in (*endpoints, "s3 gateway", "dynamodb gateway"):
                assert left.certain(source, endpoint, HTTPS), left.why(source, endpoint, HTTPS, certain=True)


@pytest.mark.parametrize("case", ["prod, NAT per zone", "prod, regional NAT"])
def test_egress_survives_the_loss_of_any_zone_unless_nat_is_single(case: str) -> None:
    reach = reachability(CASES[case])
    assert len(reach.zones) == 3
    for zone in reach.zones:
        for source in _workers(reach):
            assert reach.without_zone(zone).certain(source, "internet", HTTPS), zone


def test_the_loss_of_a_single_nats_zone_ends_all_egress() -> None:
    """The disadvantage of `SingleNat`, which the model must show."""
    reach = reachability(CASES["prod, single NAT"])
    lost = [zone for zone in reach.zones if not reach.without_zone(zone).possible("Ingestion", "internet", HTTPS)]
    assert len(lost) == 1


def test_dual_stack_allows_ipv6_egress_from_app_and_none_from_data() -> None:
    reach = reachability(CASES["prod, dual stack"])
    for source in _workers(reach):
        asked = (source, "internet", HTTPS)
        assert reach.certain(*asked, family=6), f"IPv6: {reach.why(*asked, certain=True, family=6)}"
    assert not reach.possible("database", "internet", HTTPS, family=6)
    assert not reach.possible("internet", "database", DATABASE_PORT, family=6)


def test_a_database_that_is_exposed_by_mistake_is_found() -> None:
    prod = synthesize(PROD)
    network, data = (dict(prod.templates[name]["Resources"]) for name in ("Network", "Data"))
    (database,) = (id_ for id_, resource in data.items() if resource["Type"] == "AWS::RDS::DBInstance")
    (subnets,) = (id_ for id_, resource in data.items() if resource["Type"] == "AWS::RDS::DBSubnetGroup")
    public = [id_ for id_, resource in network.items() if resource["Type"] == "AWS::EC2::Subnet" and "Public" in id_]
    outputs = {"PublicSubnet": {"Value": {"Ref": public[0]}}}
    there = {"Fn::GetStackOutput": {"StackName": prod.stack("Network").stack_name, "OutputName": "PublicSubnet"}}
    data[subnets] = {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [there]}}
    data["OpenGroup"] = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"SecurityGroupIngress": [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]},
    }
    changed = {"PubliclyAccessible": True, "VPCSecurityGroups": [{"Ref": "OpenGroup"}]}
    data[database] = {**data[database], "Properties": data[database]["Properties"] | changed}
    for id_ in [id_ for id_, resource in network.items() if resource["Type"].endswith("NetworkAclAssociation")]:
        del network[id_]
    stacks = prod.templates | {
        "Network": {"Resources": network, "Outputs": prod.templates["Network"]["Outputs"] | outputs},
        "Data": {**prod.templates["Data"], "Resources": data},
    }
    reach = Reachability.of(replace(prod.linked, stacks=stacks), ignored_client_ports=[RDP])
    (port,) = reach.nodes["database"].ports
    assert reach.ports("internet", "database") == ((port, port),)
