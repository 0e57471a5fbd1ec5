"""Stand-alone ingress rules of security groups."""

from ..security_group_rules import stand_alone_rule

RESOURCE = stand_alone_rule("AWS::EC2::SecurityGroupIngress", direction="ingress", peer="Source")
