"""A small template for tests to change: two zones, a function, a database and a load balancer."""

import json
from typing import Any

from checks.reachability import Reachability
from checks.templates import Templates

Properties = dict[str, Any]
VPC = {"Ref": "Vpc"}
DUMMY = {"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}
CIDRS = {"Public": "10.0.0.0/24", "App": "10.0.10.0/24", "AppB": "10.0.11.0/24", "Data": "10.0.20.0/24"}
ZONES = {"Public": "a", "App": "a", "AppB": "b", "Data": "a"}


def ref(id_: str) -> Properties:
    return {"Ref": id_}


def tcp(port: int, last: int | None = None, **peer: Any) -> Properties:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": last or port, **peer}


class Sketch:
    """The resources of one stack. `reach` reads them as they are at that moment."""

    def __init__(self) -> None:
        self.resources: dict[str, Properties] = {}
        self.outputs: Properties = {}
        self.add("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
        self.add("Gateway", "AWS::EC2::InternetGateway")
        self.add("Attachment", "AWS::EC2::VPCGatewayAttachment", VpcId=VPC, InternetGatewayId=ref("Gateway"))
        for name, cidr in CIDRS.items():
            self.subnet(name, cidr, ZONES[name])
        self.route("Public", "0.0.0.0/0", GatewayId=ref("Gateway"))
        self.add("Nat", "AWS::EC2::NatGateway", SubnetId=ref("PublicSubnet"))
        for name in ("App", "AppB"):
            self.route(name, "0.0.0.0/0", NatGatewayId=ref("Nat"))
        self.group("CallerGroup", egress=[tcp(443, CidrIp="0.0.0.0/0")])
        self.group("DatabaseGroup", egress=[DUMMY])
        self.group("BalancerGroup", egress=[DUMMY])
        self.function("Caller", "CallerGroup", "App", "AppB")
        self.add("DatabaseSubnets", "AWS::RDS::DBSubnetGroup", SubnetIds=[ref("DataSubnet")])
        self.add(
            "DatabaseInstance",
            "AWS::RDS::DBInstance",
            DBSubnetGroupName=ref("DatabaseSubnets"),
            VPCSecurityGroups=[ref("DatabaseGroup")],
            Port="5432",
            PubliclyAccessible=False,
        )
        self.add(
            "LoadBalancer",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            Scheme="internal",
            Subnets=[ref("AppSubnet")],
            SecurityGroups=[ref("BalancerGroup")],
        )
        self.add("Listener", "AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("LoadBalancer"), Port=80)

    def add(self, id_: str, type_: str, **properties: Any) -> None:
        self.resources[id_] = {"Type": type_, "Properties": properties}

    def change(self, id_: str, **properties: Any) -> None:
        self.resources[id_]["Properties"] |= properties

    def drop(self, id_: str, *names: str) -> None:
        for name in names:
            del self.resources[id_]["Properties"][name]

    def subnet(self, name: str, cidr: str, zone: str) -> None:
        where = {"Fn::Join": ["", [{"Ref": "AWS::Region"}, zone]]}
        self.add(f"{name}Subnet", "AWS::EC2::Subnet", VpcId=VPC, CidrBlock=cidr, AvailabilityZone=where)
        self.add(f"{name}Table", "AWS::EC2::RouteTable", VpcId=VPC)
        ends = {"SubnetId": ref(f"{name}Subnet"), "RouteTableId": ref(f"{name}Table")}
        self.add(f"{name}Association", "AWS::EC2::SubnetRouteTableAssociation", **ends)

    def route(self, name: str, destination: str, **target: Any) -> None:
        key = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
        id_ = f"{name}Route{len(self.resources)}"
        self.add(id_, "AWS::EC2::Route", **{"RouteTableId": ref(f"{name}Table"), key: destination, **target})

    def routes(self, *names: str) -> list[str]:
        """The ids of the routes in these subnets' tables."""
        tables = [ref(f"{name}Table") for name in names]
        routes = {id_: one["Properties"] for id_, one in self.resources.items() if one["Type"] == "AWS::EC2::Route"}
        return [id_ for id_, properties in routes.items() if properties["RouteTableId"] in tables]

    def group(
        self, id_: str, *, ingress: list[Properties] | None = None, egress: list[Properties] | None = None
    ) -> None:
        rules = {"SecurityGroupIngress": ingress, "SecurityGroupEgress": egress}
        given = {name: value for name, value in rules.items() if value is not None}
        self.add(id_, "AWS::EC2::SecurityGroup", VpcId=VPC, GroupDescription=id_, **given)

    def function(self, name: str, group: str, *subnets: str) -> None:
        vpc_config = {"SubnetIds": [ref(f"{one}Subnet") for one in subnets], "SecurityGroupIds": [ref(group)]}
        self.add(f"{name}Function", "AWS::Lambda::Function", VpcConfig=vpc_config)

    def instances(self, *subnets: str, **template: Any) -> None:
        """An Auto Scaling group behind port 8080, with a security group of its own that allows all egress."""
        self.group("InstanceGroup")
        data = {"SecurityGroupIds": [ref("InstanceGroup")], **template}
        self.add("Template", "AWS::EC2::LaunchTemplate", LaunchTemplateData=data)
        self.add("Targets", "AWS::ElasticLoadBalancingV2::TargetGroup", Port=8080)
        self.add(
            "GroupASG",
            "AWS::AutoScaling::AutoScalingGroup",
            VPCZoneIdentifier=[ref(f"{one}Subnet") for one in subnets],
            LaunchTemplate={"LaunchTemplateId": ref("Template"), "Version": "1"},
            TargetGroupARNs=[ref("Targets")],
        )

    def acl(self, subnet: str, *entries: tuple[int, str, str, str, int, int]) -> None:
        """A network ACL of (number, "in" or "out", "allow" or "deny", peer, first port, last port)."""
        self.add(f"{subnet}Acl", "AWS::EC2::NetworkAcl", VpcId=VPC)
        ends = {"SubnetId": ref(f"{subnet}Subnet"), "NetworkAclId": ref(f"{subnet}Acl")}
        self.add(f"{subnet}AclAssociation", "AWS::EC2::SubnetNetworkAclAssociation", **ends)
        for number, way, action, peer, first, last in entries:
            self.add(
                f"{subnet}Acl{way}{number}",
                "AWS::EC2::NetworkAclEntry",
                NetworkAclId=ref(f"{subnet}Acl"),
                RuleNumber=number,
                Protocol=6,
                RuleAction=action,
                Egress=way == "out",
                PortRange={"From": first, "To": last},
                **{"Ipv6CidrBlock" if ":" in peer else "CidrBlock": peer},
            )

    def allow_caller(self) -> None:
        """Allows the function to connect to the database, in the security groups of both."""
        self.change("CallerGroup", SecurityGroupEgress=[tcp(5432, DestinationSecurityGroupId=ref("DatabaseGroup"))])
        self.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("CallerGroup"))])

    def dual_stack(self) -> None:
        """IPv6 for every subnet, as the CDK writes it."""
        self.add("Ipv6", "AWS::EC2::VPCCidrBlock", VpcId=VPC, AmazonProvidedIpv6CidrBlock=True)
        for index, name in enumerate(CIDRS):
            whole = {"Fn::Select": [0, {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}
            self.change(f"{name}Subnet", Ipv6CidrBlock={"Fn::Select": [index, {"Fn::Cidr": [whole, 4, "64"]}]})
        self.change("CallerGroup", SecurityGroupEgress=[tcp(443, CidrIpv6="::/0")])
        self.resources["CallerFunction"]["Properties"]["VpcConfig"]["Ipv6AllowedForDualStack"] = True

    def face_the_internet(self) -> None:
        """The load balancer in the public subnet, with its one port open to every address."""
        self.change("LoadBalancer", Scheme="internet-facing", Subnets=[ref("PublicSubnet")])
        self.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIp="0.0.0.0/0")])

    @property
    def templates(self) -> dict[str, Properties]:
        # A copy, so that later changes don't change what was read.
        copy: Properties = json.loads(json.dumps({"Resources": self.resources, "Outputs": self.outputs}))
        return {"Stack": copy}

    @property
    def reach(self) -> Reachability:
        return Reachability.of(Templates(stacks=self.templates))
