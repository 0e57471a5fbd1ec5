"""Saved queries of CloudWatch Logs Insights."""

from ..registration import Recorded

RESOURCE = Recorded(
    type="AWS::Logs::QueryDefinition",
    why="queries can't be saved here",
    attributes=lambda physical_id: {"QueryDefinitionId": physical_id},
)
