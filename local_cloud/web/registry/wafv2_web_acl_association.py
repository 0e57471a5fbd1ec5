"""Associations of web ACLs with load balancers."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::WAFv2::WebACLAssociation", why="no web ACL filters requests to the local web page")
