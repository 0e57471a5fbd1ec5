"""The nodes in the templates: their names, subnets, ports and public addresses."""

import pytest

from checks.reachability import UnknownNameError, UnresolvedError, UnsupportedError
from tests.support.reachability_sketch import Sketch, ref, tcp

IN = ("internet", "database", 5432)


def public_database(sketch: Sketch) -> None:
    """Allows the internet to reach the database, if it gets a public address."""
    sketch.change("DatabaseSubnets", SubnetIds=[ref("PublicSubnet")])
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIp="0.0.0.0/0")])


def test_the_only_node_of_a_kind_has_the_name_of_its_kind(sketch: Sketch) -> None:
    sketch.instances("App")
    assert list(sketch.reach.nodes) == ["internet", "load balancer", "instances", "Caller", "database", "NAT"]


def test_the_hash_of_the_cdk_is_no_part_of_a_name(sketch: Sketch) -> None:
    sketch.function("NightlyReportFunction4FE7EBE6", "CallerGroup", "App")
    sketch.resources["NightlyReportFunction4FE7EBE6"] = sketch.resources.pop("NightlyReportFunction4FE7EBE6Function")
    assert "NightlyReport" in sketch.reach.nodes


def test_two_nodes_of_a_kind_are_named_by_their_ids(sketch: Sketch) -> None:
    sketch.resources["ReportsInstance"] = sketch.resources["DatabaseInstance"]
    assert {"Database", "Reports"} <= set(sketch.reach.nodes)
    assert "database" not in sketch.reach.nodes


def test_an_unknown_name_is_refused_with_the_existing_ones(sketch: Sketch) -> None:
    with pytest.raises(UnknownNameError, match="there is no 'cache'; there are internet, load balancer, Caller"):
        sketch.reach.possible("cache", "database", 5432)


def test_a_public_database_is_detected(sketch: Sketch) -> None:
    public_database(sketch)
    assert not sketch.reach.possible(*IN)
    assert "database has no public IPv4 address in Public" in sketch.reach.why(*IN)
    sketch.change("DatabaseInstance", PubliclyAccessible=True)
    assert sketch.reach.certain(*IN)


def test_a_database_is_public_by_default_if_there_is_an_internet_gateway(sketch: Sketch) -> None:
    public_database(sketch)
    sketch.drop("DatabaseInstance", "PubliclyAccessible")
    assert sketch.reach.certain(*IN)


def test_a_public_database_in_a_subnet_without_a_route_is_unreachable(sketch: Sketch) -> None:
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


def test_an_instance_of_a_cluster_outside_the_templates_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseInstance", DBClusterIdentifier="elsewhere")
    with pytest.raises(UnresolvedError, match="DBClusterIdentifier must refer to AWS::RDS::DBCluster"):
        _ = sketch.reach


def test_a_database_without_a_port_is_refused(sketch: Sketch) -> None:
    sketch.drop("DatabaseInstance", "Port")
    with pytest.raises(UnresolvedError, match="Stack/DatabaseInstance has no Port, which"):
        _ = sketch.reach


def test_the_database_answers_on_its_port_only(sketch: Sketch) -> None:
    sketch.allow_caller()
    sketch.change("DatabaseInstance", Port="5433")
    assert "database answers on port 5433 only" in sketch.reach.why("Caller", "database", 5432)


def test_clients_reach_the_database_through_a_proxy_only(sketch: Sketch) -> None:
    sketch.group(
        "ProxyGroup",
        ingress=[tcp(5432, SourceSecurityGroupId=ref("CallerGroup"))],
        egress=[tcp(5432, DestinationSecurityGroupId=ref("DatabaseGroup"))],
    )
    sketch.change("CallerGroup", SecurityGroupEgress=[tcp(5432, DestinationSecurityGroupId=ref("ProxyGroup"))])
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("ProxyGroup"))])
    proxy = {"VpcSubnetIds": [ref("DataSubnet")], "VpcSecurityGroupIds": [ref("ProxyGroup")]}
    sketch.add("Proxy", "AWS::RDS::DBProxy", EngineFamily="POSTGRESQL", **proxy)
    reach = sketch.reach
    assert reach.certain("Caller", "proxy", 5432)
    assert reach.certain("proxy", "database", 5432)
    assert not reach.possible("Caller", "database", 5432)
    assert not reach.possible("database", "proxy", 5432)


def test_functions_and_nat_gateways_accept_nothing(sketch: Sketch) -> None:
    assert not {"Caller", "NAT"} & set(sketch.reach.targets)
    assert not sketch.reach.possible("database", "Caller", 443)
    assert "Caller accepts no connections" in sketch.reach.why("database", "Caller", 443)
    assert "NAT accepts no connections" in sketch.reach.why("internet", "NAT", 443)


def test_functions_outside_the_vpc_are_no_nodes(sketch: Sketch) -> None:
    sketch.add("OutsideFunction", "AWS::Lambda::Function", MemorySize=128)
    assert "Outside" not in sketch.reach.nodes


def test_instances_may_answer_on_any_port(sketch: Sketch) -> None:
    sketch.instances("App")
    sketch.change("InstanceGroup", SecurityGroupIngress=[tcp(22, SourceSecurityGroupId=ref("CallerGroup"))])
    sketch.change("CallerGroup", SecurityGroupEgress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert sketch.reach.ports("Caller", "instances") == ((22, 22),)
    assert sketch.reach.nodes["instances"].ports == (8080,)


def test_ports_are_exact_if_rules_overlap(sketch: Sketch) -> None:
    sketch.instances("App")
    ingress = [tcp(20, 30, CidrIp="10.0.10.0/23"), tcp(25, 80, CidrIp="10.0.10.0/24"), tcp(443, CidrIp="10.0.20.0/24")]
    sketch.change("InstanceGroup", SecurityGroupIngress=ingress)
    sketch.change("CallerGroup", SecurityGroupEgress=[tcp(28, 65535, CidrIp="0.0.0.0/0")])
    sketch.acl("App", *((100, way, "allow", "0.0.0.0/0", 0, 65535) for way in ("in", "out")))
    sketch.add("Hole", "AWS::EC2::NetworkAclEntry", **sketch.resources["AppAclin100"]["Properties"])
    sketch.change("Hole", RuleNumber=90, RuleAction="deny", PortRange={"From": 40, "To": 50}, CidrBlock="10.0.11.0/24")
    # From the other zone, ports 40 to 50 and those above 30 are denied; inside the subnet, no ACL applies.
    assert sketch.reach.ports("Caller", "instances") == ((28, 80),)
    sketch.function("Caller", "CallerGroup", "AppB")
    assert sketch.reach.ports("Caller", "instances") == ((28, 30),)


@pytest.mark.parametrize(
    ("subnet_assigns", "template_assigns", "public"),
    [(False, None, False), (True, None, True), (False, True, True), (True, False, False)],
)
def test_instances_with_public_addresses_are_detected(
    sketch: Sketch, subnet_assigns: bool, template_assigns: bool | None, public: bool
) -> None:
    sketch.instances("Public")
    sketch.change("InstanceGroup", SecurityGroupIngress=[tcp(8080, CidrIp="0.0.0.0/0")])
    sketch.change("PublicSubnet", MapPublicIpOnLaunch=subnet_assigns)
    if template_assigns is not None:
        interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": template_assigns, "Groups": [ref("InstanceGroup")]}
        sketch.change("Template", LaunchTemplateData={"NetworkInterfaces": [interface]})
    assert sketch.reach.possible("internet", "instances", 8080) is public
    assert sketch.reach.possible("instances", "internet", 443) is public


def test_instances_have_ipv6_where_their_subnet_assigns_it(sketch: Sketch) -> None:
    sketch.instances("Public")
    sketch.dual_stack()
    sketch.change("InstanceGroup", SecurityGroupIngress=[tcp(8080, CidrIpv6="::/0")])
    sketch.route("Public", "::/0", GatewayId=ref("Gateway"))
    assert not sketch.reach.possible("internet", "instances", 8080)
    sketch.change("PublicSubnet", AssignIpv6AddressOnCreation=True)
    assert sketch.reach.possible("internet", "instances", 8080)


def test_mixed_instances_use_one_launch_template(sketch: Sketch) -> None:
    sketch.instances("App")
    specification = sketch.resources["GroupASG"]["Properties"].pop("LaunchTemplate")
    mixed = {"LaunchTemplateSpecification": specification, "Overrides": [{"InstanceType": "m7g.large"}]}
    sketch.change("GroupASG", MixedInstancesPolicy={"LaunchTemplate": mixed})
    assert "instances" in sketch.reach.nodes
    sketch.add("Other", "AWS::EC2::LaunchTemplate", LaunchTemplateData={})
    other = {"InstanceType": "m7i.large", "LaunchTemplateSpecification": {"LaunchTemplateId": ref("Other")}}
    mixed["Overrides"] = [other]
    with pytest.raises(UnsupportedError, match="exactly one launch template by id, got 2"):
        _ = sketch.reach


def test_a_subnet_outside_the_templates_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseSubnets", SubnetIds=["subnet-1"])
    with pytest.raises(UnresolvedError, match=r"Stack/DatabaseSubnets\.SubnetIds contains subnet-1"):
        _ = sketch.reach


@pytest.mark.parametrize("change", [{"Type": "network"}, {"SubnetMappings": [{"SubnetId": ref("PublicSubnet")}]}])
def test_other_kinds_of_load_balancers_are_refused(sketch: Sketch, change: dict[str, object]) -> None:
    sketch.change("LoadBalancer", **change)
    with pytest.raises(UnsupportedError, match="only application load balancers with Subnets"):
        _ = sketch.reach
