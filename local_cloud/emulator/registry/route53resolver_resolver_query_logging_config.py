"""Logs of DNS queries."""

from ..registration import Recorded

RESOURCE = Recorded(
    type="AWS::Route53Resolver::ResolverQueryLoggingConfig",
    why="names are resolved by this machine, not by Route 53",
    attributes=lambda physical_id: {"Id": physical_id, "Arn": f"arn:aws:route53resolver:::{physical_id}"},
)
