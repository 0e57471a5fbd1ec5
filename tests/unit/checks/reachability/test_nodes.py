"""Who is found in the templates, where it stands, and whether the internet can address it."""

import pytest

from checks.reachability import UnknownNameError, UnresolvedError, UnsupportedError
from tests.support.reachability_sketch import Sketch, ref, tcp

IN = ("internet", "database", 5432)


def public_database(sketch: Sketch) -> None:
    """Everything that a database needs to be reached, but an address."""
    sketch.change("DatabaseSubnets", SubnetIds=[ref("PublicSubnet")])
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIp="0.0.0.0/0")])


def test_nodes_are_called_what_people_call_them(sketch: Sketch) -> None:
    sketch.instances("App")
    assert list(sketch.reach.nodes) == ["internet", "load balancer", "web instances", "Caller", "database", "NAT"]


def test_the_cdks_hash_is_no_part_of_a_name(sketch: Sketch) -> None:
    sketch.function("SchemaMigrationFunction4FE7EBE6", "CallerGroup", "App")
    sketch.resources["SchemaMigrationFunction4FE7EBE6"] = sketch.resources.pop(
        "SchemaMigrationFunction4FE7EBE6Function"
    )
    assert "SchemaMigration" in sketch.reach.nodes


def test_two_of_a_kind_are_called_by_their_ids(sketch: Sketch) -> None:
    sketch.resources["ReportsInstance"] = sketch.resources["DatabaseInstance"]
    assert {"Database", "Reports"} <= set(sketch.reach.nodes)
    assert "database" not in sketch.reach.nodes


def test_an_unknown_name_is_answered_with_those_there_are(sketch: Sketch) -> None:
    with pytest.raises(UnknownNameError, match="there is no 'cache'; there are internet, load balancer, Caller"):
        sketch.reach.possible("cache", "database", 5432)


def test_a_public_database_is_detected(sketch: Sketch) -> None:
    public_database(sketch)
    assert not sketch.reach.possible(*IN)
    assert "database has no public IPv4 address in Public" in sketch.reach.why(*IN)
    sketch.change("DatabaseInstance", PubliclyAccessible=True)
    assert sketch.reach.certain(*IN)


def test_a_database_that_says_nothing_is_public_where_a_gateway_is(sketch: Sketch) -> None:
    public_database(sketch)
    sketch.drop("DatabaseInstance", "PubliclyAccessible")
    assert sketch.reach.certain(*IN)


def test_a_public_database_in_a_subnet_without_a_route_is_out_of_reach(sketch: Sketch) -> None:
    public_database(sketch)
    sketch.change("DatabaseInstance", PubliclyAccessible=True)
    sketch.change("DatabaseSubnets", SubnetIds=[ref("DataSubnet")])
    assert not sketch.reach.possible(*IN)


def test_a_cluster_is_as_public_as_its_instances(sketch: Sketch) -> None:
    public_database(sketch)
    sketch.add(
        "StoreCluster",
        "AWS::RDS::DBCluster",
        DBSubnetGroupName=ref("DatabaseSubnets"),
        VpcSecurityGroupIds=[ref("DatabaseGroup")],
        Port=5432,
    )
    sketch.add("DatabaseInstance", "AWS::RDS::DBInstance", DBClusterIdentifier=ref("StoreCluster"))
    sketch.change("DatabaseInstance", PubliclyAccessible=False)
    assert not sketch.reach.possible(*IN)
    sketch.change("DatabaseInstance", PubliclyAccessible=True)
    assert sketch.reach.possible(*IN)


def test_an_instance_of_a_cluster_from_elsewhere_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseInstance", DBClusterIdentifier="elsewhere")
    with pytest.raises(UnresolvedError, match="DBClusterIdentifier must point to AWS::RDS::DBCluster"):
        _ = sketch.reach


def test_a_database_without_a_port_is_refused(sketch: Sketch) -> None:
    sketch.drop("DatabaseInstance", "Port")
    with pytest.raises(UnresolvedError, match="Stack/DatabaseInstance has no Port"):
        _ = sketch.reach


def test_the_database_answers_on_its_port_only(sketch: Sketch) -> None:
    sketch.let_caller_in()
    sketch.change("DatabaseInstance", Port="5433")
    assert "database answers on port 5433 only" in sketch.reach.why("Caller", "database", 5432)


def test_a_proxy_stands_between_clients_and_database(sketch: Sketch) -> None:
    sketch.group(
        "ProxyGroup",
        ingress=[tcp(5432, SourceSecurityGroupId=ref("CallerGroup"))],
        egress=[tcp(5432, DestinationSecurityGroupId=ref("DatabaseGroup"))],
    )
    sketch.change("CallerGroup", SecurityGroupEgress=[tcp(5432, DestinationSecurityGroupId=ref("ProxyGroup"))])
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("ProxyGroup"))])
    place = {"VpcSubnetIds": [ref("DataSubnet")], "VpcSecurityGroupIds": [ref("ProxyGroup")]}
    sketch.add("Proxy", "AWS::RDS::DBProxy", EngineFamily="POSTGRESQL", **place)
    reach = sketch.reach
    assert reach.certain("Caller", "proxy", 5432)
    assert reach.certain("proxy", "database", 5432)
    assert not reach.possible("Caller", "database", 5432)
    assert not reach.possible("database", "proxy", 5432)


def test_functions_and_nat_gateways_accept_nothing(sketch: Sketch) -> None:
    assert not {"Caller", "NAT"} & set(sketch.reach.targets)
    assert not sketch.reach.possible("database", "Caller", 443)
    assert "a function accepts no connections" in sketch.reach.why("database", "Caller", 443)
    assert "a NAT accepts no connections" in sketch.reach.why("internet", "NAT", 443)


def test_functions_outside_the_vpc_are_no_part_of_it(sketch: Sketch) -> None:
    sketch.add("OutsideFunction", "AWS::Lambda::Function", MemorySize=128)
    assert "Outside" not in sketch.reach.nodes


def test_instances_may_answer_on_any_port(sketch: Sketch) -> None:
    sketch.instances("App")
    sketch.change("InstanceGroup", SecurityGroupIngress=[tcp(22, SourceSecurityGroupId=ref("CallerGroup"))])
    sketch.change("CallerGroup", SecurityGroupEgress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert sketch.reach.ports("Caller", "web instances") == ((22, 22),)
    assert sketch.reach.nodes["web instances"].ports == (8080,)


def test_ports_are_exact_where_rules_overlap(sketch: Sketch) -> None:
    sketch.instances("App")
    ingress = [tcp(20, 30, CidrIp="10.0.10.0/23"), tcp(25, 80, CidrIp="10.0.10.0/24"), tcp(443, CidrIp="10.0.20.0/24")]
    sketch.change("InstanceGroup", SecurityGroupIngress=ingress)
    sketch.change("CallerGroup", SecurityGroupEgress=[tcp(28, 65535, CidrIp="0.0.0.0/0")])
    sketch.acl("App", *((100, way, "allow", "0.0.0.0/0", 0, 65535) for way in ("in", "out")))
    sketch.add("Hole", "AWS::EC2::NetworkAclEntry", **sketch.resources["AppAclin100"]["Properties"])
    sketch.change("Hole", RuleNumber=90, RuleAction="deny", PortRange={"From": 40, "To": 50}, CidrBlock="10.0.11.0/24")
    # From the other zone the hole is met and ports above 30 are closed; inside the subnet no ACL is.
    assert sketch.reach.ports("Caller", "web instances") == ((28, 80),)
    sketch.function("Caller", "CallerGroup", "AppB")
    assert sketch.reach.ports("Caller", "web instances") == ((28, 30),)


@pytest.mark.parametrize(
    ("subnet_gives", "template_says", "public"),
    [(False, None, False), (True, None, True), (False, True, True), (True, False, False)],
)
def test_instances_with_public_addresses_are_detected(
    sketch: Sketch, subnet_gives: bool, template_says: bool | None, public: bool
) -> None:
    sketch.instances("Public")
    sketch.change("InstanceGroup", SecurityGroupIngress=[tcp(8080, CidrIp="0.0.0.0/0")])
    sketch.change("PublicSubnet", MapPublicIpOnLaunch=subnet_gives)
    if template_says is not None:
        card = {"DeviceIndex": 0, "AssociatePublicIpAddress": template_says, "Groups": [ref("InstanceGroup")]}
        sketch.change("Template", LaunchTemplateData={"NetworkInterfaces": [card]})
    assert sketch.reach.possible("internet", "web instances", 8080) is public
    assert sketch.reach.possible("web instances", "internet", 443) is public


def test_instances_have_ipv6_where_their_subnet_gives_it(sketch: Sketch) -> None:
    sketch.instances("Public")
    sketch.dual_stack()
    sketch.change("InstanceGroup", SecurityGroupIngress=[tcp(8080, CidrIpv6="::/0")])
    sketch.route("Public", "::/0", GatewayId=ref("Gateway"))
    assert not sketch.reach.possible("internet", "web instances", 8080)
    sketch.change("PublicSubnet", AssignIpv6AddressOnCreation=True)
    assert sketch.reach.possible("internet", "web instances", 8080)


def test_mixed_instances_start_from_one_launch_template(sketch: Sketch) -> None:
    sketch.instances("App")
    specification = sketch.resources["GroupASG"]["Properties"].pop("LaunchTemplate")
    mixed = {"LaunchTemplateSpecification": specification, "Overrides": [{"InstanceType": "m7g.large"}]}
    sketch.change("GroupASG", MixedInstancesPolicy={"LaunchTemplate": mixed})
    assert "web instances" in sketch.reach.nodes
    sketch.add("Other", "AWS::EC2::LaunchTemplate", LaunchTemplateData={})
    other = {"InstanceType": "m7i.large", "LaunchTemplateSpecification": {"LaunchTemplateId": ref("Other")}}
    mixed["Overrides"] = [other]
    with pytest.raises(UnsupportedError, match="exactly one launch template by id, got 2"):
        _ = sketch.reach


def test_a_place_in_an_unknown_subnet_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseSubnets", SubnetIds=["subnet-1"])
    with pytest.raises(UnresolvedError, match=r"Stack/DatabaseSubnets\.SubnetIds holds subnet-1"):
        _ = sketch.reach


@pytest.mark.parametrize("change", [{"Type": "network"}, {"SubnetMappings": [{"SubnetId": ref("PublicSubnet")}]}])
def test_other_load_balancers_are_refused(sketch: Sketch, change: dict[str, object]) -> None:
    sketch.change("LoadBalancer", **change)
    with pytest.raises(UnsupportedError, match="only application load balancers with Subnets"):
        _ = sketch.reach
