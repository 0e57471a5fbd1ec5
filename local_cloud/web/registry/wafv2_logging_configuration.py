"""Logs of web ACLs."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::WAFv2::LoggingConfiguration", why="no firewall filters the local web page's requests")
