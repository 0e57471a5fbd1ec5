"""Alerts about unusual costs."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::CE::AnomalySubscription", why="this machine has no costs")
