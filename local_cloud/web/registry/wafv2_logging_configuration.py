"""Logs of web ACLs."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::WAFv2::LoggingConfiguration", why="no web ACL filters requests to the local web page")
