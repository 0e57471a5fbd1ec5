"""The Pipeline stack."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.common.packaging import COMMON, content
from components.database.schema_migration import SOURCE
from config.datasets import datasets
from config.environments import DEV, PROD
from config.ingestion import ProvisionedConcurrency, SnapStart, Start
from tests.support.promises import has, mentions, refuses_plain_http
from tests.support.synthesis import Synthesized, shipped, synthesize


def _policy(synthesized: Synthesized, function: str) -> list[dict[str, Any]]:
    return synthesized.statements_of("Pipeline", function)


def _function(synthesized: Synthesized, name: str) -> dict[str, Any]:
    (function,) = (
        resource["Properties"]
        for id_, resource in synthesized.resources("Pipeline", "AWS::Lambda::Function").items()
        if id_.startswith(name)
    )
    return dict(function)


def _function_id(synthesized: Synthesized, name: str) -> str:
    (id_,) = (id_ for id_ in synthesized.resources("Pipeline", "AWS::Lambda::Function") if id_.startswith(name))
    return id_


def _rules(synthesized: Synthesized) -> dict[str, dict[str, Any]]:
    """The properties of the rules that send events of files, by logical id."""
    found = synthesized.resources("Pipeline", "AWS::Events::Rule").items()
    return {id_: resource["Properties"] for id_, resource in found}


def _queue(synthesized: Synthesized, name: str) -> tuple[str, dict[str, Any]]:
    ((id_, queue),) = (
        (id_, resource["Properties"])
        for id_, resource in synthesized.resources("Pipeline", "AWS::SQS::Queue").items()
        if id_.startswith(f"Ingestion{name}")
    )
    return id_, queue


def test_events_of_the_landing_prefix_reach_the_queue(every_environment: Synthesized) -> None:
    queue, undelivered = (
        {"Fn::GetAtt": [_queue(every_environment, name)[0], "Arn"]} for name in ("Queue", "UndeliveredEventsQueue")
    )
    for id_, rule in _rules(every_environment).items():
        pattern = rule["EventPattern"]
        has(id_, pattern, {"source": ["aws.s3"], "detail-type": ["Object Created", "Object Deleted"]})
        mentions(id_, pattern["detail"], {"bucket": "LandingBucket"})
        (target,) = rule["Targets"]
        has(f"the target of {id_}", target, {"Arn": queue, "DeadLetterConfig": {"Arn": undelivered}})


@pytest.mark.parametrize(
    ("key", "group"),
    [
        *((f"incoming/{name}/2026/a file.csv", name) for name in datasets()),
        *((key, None) for key in ("incoming/a file.csv", "incoming/orders", "incoming/order/a.csv", "incoming/")),
    ],
)
def test_the_event_of_every_file_reaches_the_queue_once_in_the_group_of_its_dataset(
    every_environment: Synthesized, key: str, group: str | None
) -> None:
    """SQS serves groups fairly. A second message would load the file twice, to no effect, and cost as much."""
    matching = [rule for rule in _rules(every_environment).values() if _matches(rule["EventPattern"], key)]
    groups = [rule["Targets"][0].get("SqsParameters", {}).get("MessageGroupId") for rule in matching]
    assert groups == [group], f"{key} matches rules of the groups {groups}"


def _matches(pattern: dict[str, Any], key: str) -> bool:
    (condition,) = pattern["detail"]["object"]["key"]
    if "prefix" in condition:
        return key.startswith(condition["prefix"])
    return not key.startswith(tuple(condition["anything-but"]["prefix"]))


def test_events_are_archived_encrypted_for_a_replay(every_environment: Synthesized) -> None:
    archive = every_environment.only("Pipeline", "AWS::Events::Archive")
    has("the archive", archive["EventPattern"]["detail"], {"object": {"key": [{"prefix": "incoming/"}]}})
    for id_, rule in _rules(every_environment).items():
        same = {name: rule["EventPattern"][name] for name in ("source", "detail-type")}
        has(f"the archive, as {id_}", archive["EventPattern"], same)
        assert archive["EventPattern"]["detail"]["bucket"] == rule["EventPattern"]["detail"]["bucket"]
    bus = json.dumps(archive["SourceArn"])
    assert re.search(r":event-bus/default\"[\]}]*$", bus), (
        f"the archive keeps events of {bus}, but S3 sends to the default bus"
    )
    mentions("the archive", archive, {"KmsKeyIdentifier": "KeysMessages"})
    days = every_environment.environment.ingestion.archive_days
    assert days > 0
    has("the archive", archive, {"RetentionDays": days})


def test_the_archive_is_retained_in_prod_and_deleted_in_dev() -> None:
    policies = {
        name: next(iter(shipped(name).resources("Pipeline", "AWS::Events::Archive").values()))["DeletionPolicy"]
        for name in ("dev", "prod")
    }
    assert policies == {"dev": "Delete", "prod": "RetainExceptOnCreate"}


def test_eventbridge_may_use_the_messages_key_only_for_the_default_bus(every_environment: Synthesized) -> None:
    (key,) = (
        resource["Properties"]["KeyPolicy"]["Statement"]
        for id_, resource in every_environment.resources("Foundation", "AWS::KMS::Key").items()
        if id_.startswith("KeysMessages")
    )
    use, look = (statement for statement in key if statement.get("Sid", "").startswith("EventArchive"))
    (context,) = use["Condition"]["StringEquals"].items()
    assert context[0] == "kms:EncryptionContext:aws:events:event-bus:arn"
    assert context[1]["Fn::Join"][1][-2:] == [{"Ref": "AWS::AccountId"}, ":event-bus/default"]
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    assert look["Action"] == "kms:DescribeKey"
    assert {str(statement["Principal"]) for statement in (use, look)} == {"{'Service': 'events.amazonaws.com'}"}


def test_only_the_rules_send_to_the_queue_and_only_over_tls(every_environment: Synthesized) -> None:
    ours = {"ArnEquals": {"aws:SourceArn": [{"Fn::GetAtt": [id_, "Arn"]} for id_ in _rules(every_environment)]}}
    policies = every_environment.resources("Pipeline", "AWS::SQS::QueuePolicy")
    with_policy = {queue["Ref"] for policy in policies.values() for queue in policy["Properties"]["Queues"]}
    bare = set(every_environment.resources("Pipeline", "AWS::SQS::Queue")) - with_policy
    assert not bare, f"{bare} have no policy, so nothing denies requests by aws:SecureTransport"
    for id_, policy in policies.items():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        refuses_plain_http(id_, statements)
        for statement in statements:
            if statement["Effect"] == "Allow":
                sender = {"Service": "events.amazonaws.com"}
                has(id_, statement, {"Action": "sqs:SendMessage", "Principal": sender, "Condition": ours})


def test_a_message_stays_hidden_for_six_times_the_timeout(every_environment: Synthesized) -> None:
    timeout = _function(every_environment, "Ingestion")["Timeout"]
    hidden = _queue(every_environment, "Queue")[1]["VisibilityTimeout"]
    assert hidden >= 6 * timeout, f"the queue's VisibilityTimeout is {hidden} s, six timeouts are {6 * timeout} s"
    most = every_environment.environment.ingestion.visibility_seconds  # from which the longest retry time is computed
    assert hidden <= most, (
        f"the queue's VisibilityTimeout is {hidden} s, must be {most} s or less: a killed load is retried after that"
    )


def test_a_file_that_keeps_failing_ends_in_the_dead_letter_queue(every_environment: Synthesized) -> None:
    dead_letters, _ = _queue(every_environment, "DeadLetterQueue")
    redrive = {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": every_environment.environment.ingestion.max_receive_count,
    }
    has("the queue", _queue(every_environment, "Queue")[1], {"RedrivePolicy": redrive})
    day = 24 * 3600
    for name, days in (("Queue", 4), ("DeadLetterQueue", 14), ("UndeliveredEventsQueue", 14)):
        has(name, _queue(every_environment, name)[1], {"MessageRetentionPeriod": days * day})


def test_every_queue_is_encrypted_with_the_messages_key(every_environment: Synthesized) -> None:
    queues = every_environment.resources("Pipeline", "AWS::SQS::Queue")
    assert len(queues) == 3
    for id_, queue in queues.items():
        mentions(id_, queue["Properties"], {"KmsMasterKeyId": "KeysMessages"})


def test_a_failed_message_affects_no_other_message(every_environment: Synthesized) -> None:
    source = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    limit = {"MaximumConcurrency": every_environment.environment.ingestion.max_concurrency}
    wanted = {"BatchSize": 1, "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": limit}
    has("the queue's mapping to the function", source, wanted)


def _with_ingestion(**values: Any) -> Synthesized:
    return synthesize(replace(DEV, ingestion=replace(DEV.ingestion, **values)))


def _live(synthesized: Synthesized) -> dict[str, Any]:
    return synthesized.only("Pipeline", "AWS::Lambda::Alias")


def test_snap_start_and_provisioned_concurrency_are_off_by_default(every_environment: Synthesized) -> None:
    assert "SnapStart" not in _function(every_environment, "Ingestion")
    assert "ProvisionedConcurrencyConfig" not in _live(every_environment)


def test_the_live_version_has_the_configured_provisioned_concurrency() -> None:
    configured = _with_ingestion(start=ProvisionedConcurrency(executions=2))
    assert _live(configured)["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 2}


def test_the_live_version_uses_snap_start_if_configured() -> None:
    configured = _with_ingestion(start=SnapStart())
    assert _function(configured, "Ingestion")["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "ProvisionedConcurrencyConfig" not in _live(configured)
    assert "SnapStart" not in _function(configured, "SchemaMigration")


def test_ingestion_has_the_configured_timeout_and_memory(every_environment: Synthesized) -> None:
    config = every_environment.environment.ingestion
    wanted = {"Timeout": config.timeout_seconds, "MemorySize": config.memory_mb}
    has("the ingestion function", _function(every_environment, "Ingestion"), wanted)


def test_the_rules_and_the_event_source_mapping_are_enabled(every_environment: Synthesized) -> None:
    """Enabled is the default of both."""
    mapping = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    has("the queue's mapping to the function", {"Enabled": True} | mapping, {"Enabled": True})
    for id_, rule in _rules(every_environment).items():
        has(id_, {"State": "ENABLED"} | rule, {"State": "ENABLED"})


@pytest.mark.parametrize("start", [ProvisionedConcurrency(executions=2), SnapStart()], ids=str)
def test_no_start_option_has_a_finding(start: Start) -> None:
    report = synthesize(replace(PROD, ingestion=replace(PROD.ingestion, start=start)), validate=True).report
    assert [finding["ruleName"] for plugin in report["pluginReports"] for finding in plugin["violations"]] == []


def test_new_code_takes_traffic_only_after_the_migration(every_environment: Synthesized) -> None:
    (run,) = every_environment.resources("Pipeline", "Custom::SchemaMigration")
    (alias,) = every_environment.resources("Pipeline", "AWS::Lambda::Alias").values()
    mentions("the alias of the live version", alias, {"DependsOn": run})
    source = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    called = json.dumps(source["FunctionName"])
    assert ":live" in called, f"the queue calls {called}, must call the alias :live"


def test_a_new_migration_runs_with_the_next_deployment(every_environment: Synthesized, tmp_path: Path) -> None:
    """CloudFormation invokes the function again only if a property changes: a hash of the files, and the datasets."""
    run = every_environment.only("Pipeline", "Custom::SchemaMigration")
    has("the migration's run", run, {"Migrations": content(SOURCE, COMMON), "Datasets": list(datasets())})
    before = content(tmp_path)
    (tmp_path / "0002_more.sql").write_text("create table more ()")
    assert content(tmp_path) != before


def test_the_migration_runs_after_its_rules_and_policies_exist(every_environment: Synthesized) -> None:
    (run,) = every_environment.resources("Pipeline", "Custom::SchemaMigration").values()
    needed = {
        id_
        for type_ in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress", "AWS::IAM::ManagedPolicy")
        for id_ in every_environment.resources("Pipeline", type_)
        if id_.startswith("SchemaMigration")
    }
    assert len(needed) == 3
    early = needed - set(run["DependsOn"])
    assert not early, f"the migration does not depend on {early}"
    waits, takes = int(run["Properties"]["ServiceTimeout"]), _function(every_environment, "SchemaMigration")["Timeout"]
    assert waits > takes, f"ServiceTimeout is {waits} s, the migration may take {takes} s"


def test_only_the_migration_reads_the_master_password(every_environment: Synthesized) -> None:
    readers = {
        id_
        for id_, resource in every_environment.everything().items()
        if "secretsmanager:GetSecretValue" in json.dumps(resource)
        # The policy of an endpoint limits what passes through it, and permits nobody.
        and resource["Type"] != "AWS::EC2::VPCEndpoint"
    }
    assert len(readers) == 1
    assert readers.pop().startswith("Pipeline/SchemaMigration")


def test_only_the_migration_connects_as_the_master_user(every_environment: Synthesized) -> None:
    able = {
        id_ for id_, resource in every_environment.everything().items() if '/administrator"' in json.dumps(resource)
    }
    assert len(able) == 1
    assert able.pop().startswith("Pipeline/SchemaMigrationFunctionIdentityPolicy")


def test_ingestion_connects_only_as_its_own_role(every_environment: Synthesized) -> None:
    (connect,) = (
        statement for statement in _policy(every_environment, "Ingestion") if statement["Action"] == "rds-db:connect"
    )
    user = json.dumps(connect["Resource"])
    assert user.count("/ingestion") == 1, f"ingestion may connect as {user}"
    through = "DatabaseProxyId" if every_environment.stack("Data").database.proxy else "DbiResourceId"
    assert through in json.dumps(connect["Resource"])
    assert _function(every_environment, "Ingestion")["Environment"]["Variables"]["DATABASE_USER"] == "ingestion"


def test_ingestion_reads_landed_files_and_writes_none(every_environment: Synthesized) -> None:
    actions = {
        action
        for statement in _policy(every_environment, "Ingestion")
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("s3:")
    }
    wanted = {"s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"}
    assert actions == wanted, f"ingestion may also {actions - wanted}, or lacks {wanted - actions}"
    for statement in _policy(every_environment, "Ingestion"):
        if "s3:GetObjectVersion" in statement["Action"]:
            where = json.dumps(statement["Resource"])
            assert where.endswith('"/incoming/*"]]}'), f"ingestion reads {where}, must read only incoming/"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_can_replay_events_of_a_month(name: str) -> None:
    archived = shipped(name).only("Pipeline", "AWS::Events::Archive")["RetentionDays"]
    assert archived >= 30, f"the archive of {name}: RetentionDays is {archived}, must be 30 or more"


def test_alarms_report_files_that_fail_or_wait(every_environment: Synthesized) -> None:
    alarms = {
        alarm["Properties"]["MetricName"] + _watched(alarm["Properties"]): alarm["Properties"]
        for id_, alarm in every_environment.resources("Pipeline", "AWS::CloudWatch::Alarm").items()
        if id_.startswith("Ingestion")
    }
    assert set(alarms) == {
        f"ApproximateNumberOfMessagesVisible of {_queue(every_environment, 'DeadLetterQueue')[0]}",
        f"ApproximateNumberOfMessagesVisible of {_queue(every_environment, 'Undelivered')[0]}",
        f"ApproximateAgeOfOldestMessage of {_queue(every_environment, 'Queue')[0]}",
        *(f"InvocationsFailedToBeSentToDlq of {id_}" for id_ in _rules(every_environment)),
        f"Errors of {_function_id(every_environment, 'Ingestion')}",
        "FilesRefused of ingestion",
    }
    for alarm in alarms.values():
        mentions(alarm["MetricName"], alarm, {"AlarmActions": "AlertsTopic", "OKActions": "AlertsTopic"})
        assert "First: " in alarm["AlarmDescription"], "the description does not say what to do first"
        has(alarm["MetricName"], alarm, {"TreatMissingData": "notBreaching"})


def test_the_first_failed_file_starts_an_alarm(every_environment: Synthesized) -> None:
    """A file that waits in the queue is a failure only after two timeouts of the function."""
    timeout = _function(every_environment, "Ingestion")["Timeout"]
    for id_, resource in every_environment.resources("Pipeline", "AWS::CloudWatch::Alarm").items():
        alarm = resource["Properties"]
        most = 2 * timeout if alarm["MetricName"] == "ApproximateAgeOfOldestMessage" else 0
        has(id_, alarm, {"Threshold": most, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1})


def test_every_rule_has_an_alarm_that_names_it_alone(every_environment: Synthesized) -> None:
    """Its metrics have no other dimension (Amazon EventBridge User Guide, "Monitoring Amazon EventBridge")."""
    watched = []
    for resource in every_environment.resources("Pipeline", "AWS::CloudWatch::Alarm").values():
        if resource["Properties"]["Namespace"] == "AWS/Events":
            (dimension,) = resource["Properties"]["Dimensions"]
            has("an alarm of a rule", resource["Properties"], {"Statistic": "Sum"})
            has("an alarm of a rule", dimension, {"Name": "RuleName"})
            watched.append(dimension["Value"]["Ref"])
    assert sorted(watched) == sorted(_rules(every_environment))


def _watched(alarm: dict[str, Any]) -> str:
    (dimension,) = alarm["Dimensions"]
    value = dimension["Value"]
    return f" of {value if isinstance(value, str) else value.get('Ref') or value['Fn::GetAtt'][0]}"


def test_the_function_gets_the_configured_maximum_file_size(prod: Synthesized) -> None:
    variables = _function(prod, "Ingestion")["Environment"]["Variables"]
    assert int(variables["MAX_FILE_BYTES"]) == PROD.ingestion.max_file_mb * 1024 * 1024
