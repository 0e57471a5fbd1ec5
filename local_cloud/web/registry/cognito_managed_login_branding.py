"""How sign-in pages look."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::Cognito::ManagedLoginBranding", why="nobody signs in to the local web page")
