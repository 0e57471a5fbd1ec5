"""Saved queries of CloudWatch Logs Insights."""

from ..registration import Recorded

RESOURCE = Recorded(
    type="AWS::Logs::QueryDefinition",
    why="the emulator cannot save queries",
    attributes=lambda physical_id: {"QueryDefinitionId": physical_id},
)
