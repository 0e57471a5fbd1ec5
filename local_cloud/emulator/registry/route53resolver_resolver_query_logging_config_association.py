"""Which VPC's DNS queries are logged."""

from ..registration import Recorded

RESOURCE = Recorded(
    type="AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
    why="names are resolved by this machine, not by Route 53",
)
