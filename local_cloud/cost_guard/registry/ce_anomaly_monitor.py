"""Monitors of unusual costs."""

from ...emulator.registration import Recorded

RESOURCE = Recorded(
    type="AWS::CE::AnomalyMonitor",
    why="this machine has no costs",
    attributes=lambda physical_id: {"MonitorArn": physical_id},
)
