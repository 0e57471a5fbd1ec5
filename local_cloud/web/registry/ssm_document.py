"""Documents of Session Manager."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::SSM::Document", why="the web app runs here without an instance's agents")
