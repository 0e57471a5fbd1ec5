"""DNS query logging."""

from ..registration import Recorded

RESOURCE = Recorded(
    type="AWS::Route53Resolver::ResolverQueryLoggingConfig",
    why="this machine resolves names, not Route 53",
    attributes=lambda physical_id: {"Id": physical_id, "Arn": f"arn:aws:route53resolver:::{physical_id}"},
)
