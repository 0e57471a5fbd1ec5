"""The tables are short and complete."""

from checks.reachability.render import addresses_table, matrix_table, port_list, routes_table
from tests.support.reachability_sketch import Sketch, ref, tcp

HEADER = "| from \\ to     | internet | load balancer | database |"


def test_the_matrix_shows_ports_and_a_dash_for_nothing(sketch: Sketch) -> None:
    sketch.allow_caller()
    assert matrix_table(sketch.reach).splitlines() == [
        HEADER,
        "| ------------- | -------- | ------------- | -------- |",
        "| internet      |          | —             | —        |",
        "| load balancer | —        | —             | —        |",
        "| Caller        | —        | —             | 5432     |",
        "| database      | —        | —             | —        |",
        "| NAT           | any      | —             | —        |",
    ]


def test_endpoints_with_equal_columns_share_one(sketch: Sketch) -> None:
    sketch.group("EndpointGroup", ingress=[tcp(443, CidrIp="10.0.10.0/23")])
    for name in ("kms", "logs"):
        sketch.add(
            f"{name}Endpoint",
            "AWS::EC2::VPCEndpoint",
            ServiceName=f"com.amazonaws.eu-central-1.{name}",
            VpcEndpointType="Interface",
            SubnetIds=[ref("AppSubnet")],
            SecurityGroupIds=[ref("EndpointGroup")],
        )
    assert "| kms, logs endpoints |" in matrix_table(sketch.reach)
    sketch.change("logsEndpoint", SecurityGroupIds=[ref("DatabaseGroup")])
    assert "| kms endpoint | logs endpoint |" in matrix_table(sketch.reach)


def test_all_interface_endpoints_together_are_counted_instead_of_named(sketch: Sketch) -> None:
    for name in ("kms", "logs", "sqs"):
        placement = {"SubnetIds": [ref("AppSubnet")], "SecurityGroupIds": [ref("DatabaseGroup")]}
        service = f"com.amazonaws.eu-central-1.{name}"
        sketch.add(name, "AWS::EC2::VPCEndpoint", ServiceName=service, VpcEndpointType="Interface", **placement)
    assert "| all 3 interface endpoints |" in matrix_table(sketch.reach)


def test_ports_are_written_as_numbers_and_ranges() -> None:
    assert port_list(()) == "—"
    assert port_list(((80, 80), (443, 450))) == "80, 443-450"
    assert port_list(((1, 65535),)) == "any"


def test_routes_are_listed_by_tier_and_zone(sketch: Sketch) -> None:
    sketch.change("DataSubnet", Tags=[{"Key": "aws-cdk:subnet-name", "Value": "Vault"}])
    sketch.acl("Data")
    lines = routes_table(sketch.reach).splitlines()
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])] == [
        ["tier", "zone", "routes out of the VPC", "network ACL"],
        ["Public", "a", "0.0.0.0/0 -> internet gateway", "default"],
        ["App", "a", "0.0.0.0/0 -> NAT gateway in a", "default"],
        ["AppB", "b", "0.0.0.0/0 -> NAT gateway in a", "default"],
        ["Vault", "a", "—", "DataAcl"],
    ]


def test_the_address_table_has_a_column_for_ipv6_only_if_there_is_any(sketch: Sketch) -> None:
    assert "IPv6" not in addresses_table(sketch.reach)
    sketch.dual_stack()
    assert "| Data   | a    | 10.0.20.0/24 | 2001:db8:0:103::/64 |" in addresses_table(sketch.reach)
