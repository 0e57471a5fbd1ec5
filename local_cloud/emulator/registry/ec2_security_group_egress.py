"""Stand-alone egress rules of security groups."""

from ..security_group_rules import stand_alone_rule

RESOURCE = stand_alone_rule("AWS::EC2::SecurityGroupEgress", direction="egress", peer="Destination")
