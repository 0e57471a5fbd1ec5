"""Composite alarms."""

from ..api import chosen, client
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    alarm = properties.get("AlarmName") or name
    client("cloudwatch").put_composite_alarm(
        AlarmName=alarm,
        AlarmRule=properties["AlarmRule"],
        **chosen(properties, "AlarmActions", "OKActions", "AlarmDescription"),
    )
    found = client("cloudwatch").describe_alarms(AlarmNames=[alarm], AlarmTypes=["CompositeAlarm"])
    return alarm, {"Arn": found["CompositeAlarms"][0]["AlarmArn"]}


def _delete(physical_id: str, properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[physical_id])


RESOURCE = Made(type="AWS::CloudWatch::CompositeAlarm", create=_create, delete=_delete)
