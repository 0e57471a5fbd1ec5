"""Stand-alone egress rules of security groups."""

from ..api import client
from ..registration import Created, Made, Properties
from ..security_group_rules import rule


def _create(name: str, properties: Properties) -> Created:
    made = client("ec2").authorize_security_group_egress(**rule(properties, "Destination"))
    rule_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return rule_id, {"Id": rule_id}


def _delete(physical_id: str, properties: Properties) -> None:
    client("ec2").revoke_security_group_egress(**rule(properties, "Destination"))


RESOURCE = Made(type="AWS::EC2::SecurityGroupEgress", create=_create, delete=_delete)
