"""Instances that wait to be needed."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::AutoScaling::WarmPool", why="one process stands for all instances of the local web page")
