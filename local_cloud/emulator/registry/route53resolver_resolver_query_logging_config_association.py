"""Associations of VPCs with DNS query logging."""

from ..registration import Recorded

RESOURCE = Recorded(
    type="AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
    why="this machine resolves names, not Route 53",
)
