"""References are resolved through all templates; an unresolvable value is an error."""

import pytest

from checks.reachability import Reachability, UnresolvedError
from checks.reachability.resolve import Resolver
from checks.templates import Reference, ResourceId, Templates
from tests.support.reachability_sketch import Sketch, ref

ASKED = ("Caller", "database", 5432)


def resolved(value: object, **resources: object) -> object:
    templates = {"Stack": {"Resources": resources, "Parameters": {"Size": {"Type": "Number", "Default": 3}}}}
    return Resolver(templates=Templates(stacks=templates)).resolve(value, stack="Stack", at="Stack/Thing.Property")


VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
IPV6 = {"Type": "AWS::EC2::VPCCidrBlock", "Properties": {"AmazonProvidedIpv6CidrBlock": True}}
BLOCK = {"Fn::Select": [0, {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}


def test_literals_are_unchanged() -> None:
    assert resolved({"a": [1, "b", {"c": True}]}) == {"a": [1, "b", {"c": True}]}


def test_ref_and_the_id_attribute_are_the_same_reference() -> None:
    group = {"Type": "AWS::EC2::SecurityGroup"}
    expected = Reference(resource_id=ResourceId(stack="Stack", logical_id="Group"))
    assert resolved({"Ref": "Group"}, Group=group) == expected
    assert resolved({"Fn::GetAtt": ["Group", "GroupId"]}, Group=group) == expected
    assert resolved({"Fn::GetAtt": "Group.GroupId"}, Group=group) == expected


def test_other_attributes_are_other_references() -> None:
    assert resolved({"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}, Vpc=VPC) == Reference(
        resource_id=ResourceId(stack="Stack", logical_id="Vpc"), attribute="DefaultSecurityGroup"
    )


def test_no_value_means_not_set(sketch: Sketch) -> None:
    assert resolved(["a", {"Ref": "AWS::NoValue"}]) == ["a"]
    sketch.change("LoadBalancer", IpAddressType={"Ref": "AWS::NoValue"})
    assert sketch.reach.nodes["load balancer"].families == {4}


def test_ipv4_blocks_are_computed() -> None:
    value = {"Fn::Select": ["2", {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 4, "8"]}]}
    assert resolved(value, Vpc=VPC) == "10.0.2.0/24"


def test_ipv6_blocks_are_computed_in_a_placeholder_block() -> None:
    value = {"Fn::Select": [255, {"Fn::Cidr": [BLOCK, 256, "64"]}]}
    assert resolved(value, Vpc=VPC, Ipv6=IPV6) == "2001:db8:0:1ff::/64"


def test_blocks_inside_blocks_are_computed() -> None:
    tier = {"Fn::Select": [2, {"Fn::Cidr": [BLOCK, 4, "68"]}]}
    value = {"Fn::Select": [3, {"Fn::Cidr": [tier, 16, "64"]}]}
    assert resolved(value, Vpc=VPC, Ipv6=IPV6) == "2001:db8:0:123::/64"


def test_a_vpc_without_ipv6_has_no_block() -> None:
    with pytest.raises(UnresolvedError, match="Stack/Vpc has no IPv6 block"):
        resolved(BLOCK, Vpc=VPC)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::ImportValue": "network-vpc"}, "Fn::ImportValue can't be resolved from the templates alone"),
        ({"Fn::If": ["Big", 1, 2]}, 'Fn::If can\'t be resolved from the templates alone: {"Fn::If": ["Big", 1, 2]}'),
        ({"Ref": "Size"}, "the parameter Size has a value only at deployment"),
        ({"Ref": "Nobody"}, "there is no resource Nobody in the template Stack"),
        ({"Fn::Select": [2, ["a", "b"]]}, "Fn::Select 2 is out of range in"),
        ({"Fn::Cidr": ["10.0.0.0/24", 3, "7"]}, "10.0.0.0/24 contains 2 such blocks, not 3"),
        ({"Fn::Cidr": ["10.0.0.0/24", 1, "9"]}, "Fn::Cidr of .*prefix"),
        ({"Fn::GetStackOutput": {"StackName": "x", "OutputName": "y"}}, "needs the stack x with the output y"),
    ],
)
def test_an_unresolvable_value_is_refused_with_its_location(value: object, message: str) -> None:
    with pytest.raises(UnresolvedError, match=message.replace("[", r"\[").replace("{", r"\{")) as error:
        resolved(value)
    assert str(error.value).startswith(("Stack/Thing.Property: ", "there is no resource Nobody"))


def test_an_unresolvable_rule_is_an_error_instead_of_a_denial(sketch: Sketch) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": {"Fn::ImportValue": "office"}}
    sketch.change("DatabaseGroup", SecurityGroupIngress=[rule])
    with pytest.raises(UnresolvedError, match=r"DatabaseGroup.SecurityGroupIngress\[0\].CidrIp: Fn::ImportValue"):
        _ = sketch.reach


def test_outputs_of_other_stacks_are_resolved(sketch: Sketch) -> None:
    sketch.allow_caller()
    everything = sketch.templates["Stack"]["Resources"]
    data = {
        "DatabaseInstance": everything.pop("DatabaseInstance"),
        "DatabaseSubnets": everything.pop("DatabaseSubnets"),
    }

    def output(name: str) -> dict[str, object]:
        return {"Fn::GetStackOutput": {"StackName": "sketch-network", "OutputName": name, "Region": ref("AWS::Region")}}

    data["DatabaseInstance"]["Properties"]["VPCSecurityGroups"] = [output("Group")]
    data["DatabaseSubnets"]["Properties"]["SubnetIds"] = [output("Subnet")]
    outputs = {
        "Group": {"Value": {"Fn::GetAtt": ["DatabaseGroup", "GroupId"]}},
        "Subnet": {"Value": ref("DataSubnet")},
    }
    network = {"Resources": everything, "Outputs": outputs}
    reach = Reachability.of(Templates(stacks={"sketch-network": network, "sketch-data": {"Resources": data}}))
    assert reach.certain(*ASKED)
    with pytest.raises(
        UnresolvedError, match="needs the stack sketch-network with the output Subnet, and there are only"
    ):
        Reachability.of(Templates(stacks={"elsewhere": network, "sketch-data": {"Resources": data}}))
