"""Checks that apply to all capabilities: stacks, alarms, buckets, protections, encryption, drift."""

from __future__ import annotations

from collections.abc import Iterator

from config.environments import named
from ops.common.check import Check
from ops.common.environment import DeployedEnvironment
from ops.environment import bucket_checks, deployed, drift, protections
from ops.environment.expected import UNKNOWN, matches
from ops.environment.stacks import DeployedResource, DeployedStack

_MAX_ALARM_NAMES = 100  # in one call of DescribeAlarms
_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")


def stacks_are_deployed(environment: DeployedEnvironment) -> Iterator[str]:
    """The last deployment of every stack succeeded."""
    for stack in deployed.stacks(environment):
        if stack.status not in deployed.SUCCEEDED:
            yield (
                f"{stack.name} is {stack.status} ({stack.status_reason or 'no reason given'}): read its events "
                f"(`aws cloudformation describe-stack-events --stack-name {stack.name}`), then `make deploy "
                f"ENV={environment.name}`"
            )


def no_alarm_is_on(environment: DeployedEnvironment) -> Iterator[str]:
    """No alarm of the environment is in ALARM. INSUFFICIENT_DATA is not a problem: a new alarm has no data."""
    names = [resource.physical_id for _, resource in deployed.resources(environment, *_ALARMS)]
    cloudwatch = deployed.client(environment, "cloudwatch")
    for start in range(0, len(names), _MAX_ALARM_NAMES):
        answer = cloudwatch.describe_alarms(
            AlarmNames=names[start : start + _MAX_ALARM_NAMES], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for alarm in (*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])):
            if alarm["StateValue"] == "ALARM":
                yield f"{alarm['AlarmName']} is in ALARM: {alarm.get('AlarmDescription') or alarm.get('StateReason')}"


def protections_match_templates(environment: DeployedEnvironment) -> Iterator[str]:
    """Termination protection of stacks matches the configuration; deletion protection matches the templates."""
    wanted = named(environment.name).termination_protection
    flag = "--enable-termination-protection" if wanted else "--no-enable-termination-protection"
    for stack in deployed.stacks(environment):
        if stack.is_protected != wanted:
            yield (
                f"termination protection of {stack.name} is {_on(stack.is_protected)}, and config/environments.py says "
                f"{_on(wanted)}: `aws cloudformation update-termination-protection --stack-name {stack.name} {flag}`"
            )
    for _, resource in deployed.resources(environment, *protections.PROTECTIONS):
        expected, found = protections.is_wanted(resource), protections.is_on(environment, resource)
        if found is not expected:
            yield (
                f"deletion protection of {resource.physical_id} is {_on(bool(found))}, and the template says "
                f"{_on(expected)}: {protections.command(resource, on=expected)}"
            )


def _on(value: bool) -> str:
    return "on" if value else "off"


def data_is_encrypted_and_private(environment: DeployedEnvironment) -> Iterator[str]:
    """Databases, queues, topics and log groups are encrypted as their templates say, and no database is public."""
    rds = deployed.client(environment, "rds")
    for stack, resource in deployed.resources(environment, *_DATABASES):
        expected, name = deployed.expected(environment, stack, resource), resource.physical_id
        if resource.type == "AWS::RDS::DBInstance":
            (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        else:
            (found,) = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        if found.get("PubliclyAccessible") and not _is_true(expected.get("PubliclyAccessible")):
            yield (
                f"the database {name} has a public address: `aws rds modify-db-instance --db-instance-identifier "
                f"{name} --no-publicly-accessible --apply-immediately`"
            )
        if _is_true(expected.get("StorageEncrypted")) and not found.get("StorageEncrypted"):
            yield f"the database {name} is not encrypted: restore it from an encrypted copy of a snapshot"
    for (stack, resource), key in _keys(environment):
        wanted = deployed.expected(environment, stack, resource).get(_KEY_PROPERTIES[resource.type])
        # The local cloud doesn't show each key.
        is_missing = not key and not environment.is_local
        if wanted and (is_missing or not matches(wanted, key)):
            yield (
                f"{resource.type} {resource.physical_id} is encrypted with {key or 'no key'}, and the template says "
                f"{str(wanted).replace(UNKNOWN, '...')}: `aws cloudformation detect-stack-resource-drift --stack-name "
                f"{stack.name} --logical-resource-id {resource.logical_id}` shows the difference"
            )


_KEY_PROPERTIES = {
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
}


def _keys(environment: DeployedEnvironment) -> Iterator[tuple[tuple[DeployedStack, DeployedResource], str]]:
    """Queues, topics and log groups, each with the key that encrypts it now."""
    sqs, sns, logs = (deployed.client(environment, service) for service in ("sqs", "sns", "logs"))
    for found in deployed.resources(environment, *_KEY_PROPERTIES):
        _, resource = found
        if resource.type == "AWS::SQS::Queue":
            answer = sqs.get_queue_attributes(QueueUrl=resource.physical_id, AttributeNames=["KmsMasterKeyId"])
            yield found, answer.get("Attributes", {}).get("KmsMasterKeyId", "")
        elif resource.type == "AWS::SNS::Topic":
            answer = sns.get_topic_attributes(TopicArn=resource.physical_id)
            yield found, answer["Attributes"].get("KmsMasterKeyId", "")
        else:
            groups = logs.describe_log_groups(logGroupNamePrefix=resource.physical_id)["logGroups"]
            keys = [each.get("kmsKeyId", "") for each in groups if each["logGroupName"] == resource.physical_id]
            yield found, keys[0] if keys else ""


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


CHECKS = (
    Check(name="every stack is deployed", problems=stacks_are_deployed),
    Check(name="no alarm is in ALARM", problems=no_alarm_is_on),
    Check(
        name="buckets are private, encrypted and versioned as their templates say",
        problems=bucket_checks.buckets_are_private_encrypted_and_versioned,
    ),
    Check(name="bucket policies match their templates", problems=bucket_checks.bucket_policies_match_templates),
    Check(name="deletion and termination protection are on where they should be", problems=protections_match_templates),
    Check(
        name="databases, queues, topics and log groups are encrypted, and no database is public",
        problems=data_is_encrypted_and_private,
    ),
    Check(name="nothing was changed outside CloudFormation (drift)", problems=drift.nothing_was_changed_by_hand),
)
