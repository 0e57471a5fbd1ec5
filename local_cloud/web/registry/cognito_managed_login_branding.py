"""Styles of Cognito's sign-in pages."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::Cognito::ManagedLoginBranding", why="the local web page has no sign-in")
