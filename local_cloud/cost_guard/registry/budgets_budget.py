"""Monthly budgets."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(type="AWS::Budgets::Budget", why="this machine has no costs")
