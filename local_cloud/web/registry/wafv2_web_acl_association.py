"""Web ACLs before load balancers."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::WAFv2::WebACLAssociation", why="no firewall filters the local web page's requests")
