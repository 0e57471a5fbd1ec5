"""Warm pools of Auto Scaling groups."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::AutoScaling::WarmPool", why="one local process represents all web instances")
