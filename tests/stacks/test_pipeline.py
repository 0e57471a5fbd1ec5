"""What the Pipeline stack promises."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.connections import CALLS
from config.environments import DEV, PROD
from config.pipeline import ProvisionedConcurrency, SnapStart, Start
from tests.synthesis import Synthesized, shipped, synthesize


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


def _queue(synthesized: Synthesized, name: str) -> tuple[str, dict[str, Any]]:
    ((id_, queue),) = (
        (id_, resource["Properties"])
        for id_, resource in synthesized.resources("Pipeline", "AWS::SQS::Queue").items()
        if id_.startswith((f"FileIntake{name}", f"FileIntakeDeadEnds{name}"))
    )
    return id_, queue


def test_events_of_the_landing_prefix_reach_the_queue(every_environment: Synthesized) -> None:
    rule = every_environment.only("Pipeline", "AWS::Events::Rule")
    pattern = rule["EventPattern"]
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created", "Object Deleted"]
    assert pattern["detail"]["object"] == {"key": [{"prefix": "incoming/"}]}
    (bucket,) = pattern["detail"]["bucket"]["name"]
    assert "LandingZoneBucket" in json.dumps(bucket)
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [_queue(every_environment, "Queue")[0], "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [_queue(every_environment, "Undelivered")[0], "Arn"]}


def test_the_same_events_are_archived_for_a_replay_under_our_key(every_environment: Synthesized) -> None:
    archive = every_environment.only("Pipeline", "AWS::Events::Archive")
    assert archive["EventPattern"] == every_environment.only("Pipeline", "AWS::Events::Rule")["EventPattern"]
    assert ":event-bus/default" in json.dumps(archive["SourceArn"])
    assert "KeysMessages" in json.dumps(archive["KmsKeyIdentifier"])
    assert archive["RetentionDays"] == every_environment.environment.intake.archive_days > 0


def test_archived_events_survive_the_stack_where_data_does() -> None:
    policies = {
        name: next(iter(shipped(name).resources("Pipeline", "AWS::Events::Archive").values()))["DeletionPolicy"]
        for name in ("dev", "prod")
    }
    assert policies == {"dev": "Delete", "prod": "RetainExceptOnCreate"}


def test_eventbridge_may_encrypt_its_archive_for_our_bus_only(every_environment: Synthesized) -> None:
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


def test_only_the_rule_sends_to_the_queue_and_only_over_tls(every_environment: Synthesized) -> None:
    (rule,) = every_environment.resources("Pipeline", "AWS::Events::Rule")
    for policy in every_environment.resources("Pipeline", "AWS::SQS::QueuePolicy").values():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        assert any(statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for statement in statements)
        for statement in statements:
            if statement["Effect"] == "Allow":
                assert statement["Action"] == "sqs:SendMessage"
                assert statement["Principal"] == {"Service": "events.amazonaws.com"}
                assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}


def test_a_message_stays_hidden_for_six_times_the_timeout(every_environment: Synthesized) -> None:
    timeout = _function(every_environment, "FileIntake")["Timeout"]
    assert _queue(every_environment, "Queue")[1]["VisibilityTimeout"] >= 6 * timeout


def test_a_file_that_keeps_failing_ends_in_the_dead_letter_queue(every_environment: Synthesized) -> None:
    dead_letters, properties = _queue(every_environment, "DeadLetters")
    assert _queue(every_environment, "Queue")[1]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": every_environment.environment.intake.receives,
    }
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert _queue(every_environment, "Undelivered")[1]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert _queue(every_environment, "Queue")[1]["MessageRetentionPeriod"] == 4 * 24 * 3600


def test_every_queue_is_encrypted_with_our_key(every_environment: Synthesized) -> None:
    queues = every_environment.resources("Pipeline", "AWS::SQS::Queue")
    assert len(queues) == 3
    assert all("KeysMessages" in json.dumps(queue["Properties"]["KmsMasterKeyId"]) for queue in queues.values())


def test_a_messages_fate_is_its_own(every_environment: Synthesized) -> None:
    source = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    assert source["BatchSize"] == 1
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": every_environment.environment.intake.max_concurrency}


def _with_intake(**values: Any) -> Synthesized:
    return synthesize(replace(DEV, intake=replace(DEV.intake, **values)))


def _live(synthesized: Synthesized) -> dict[str, Any]:
    return synthesized.only("Pipeline", "AWS::Lambda::Alias")


def test_nothing_is_kept_ready_unless_asked_for(every_environment: Synthesized) -> None:
    assert "SnapStart" not in _function(every_environment, "FileIntake")
    assert "ProvisionedConcurrencyConfig" not in _live(every_environment)


def test_functions_have_their_executions_for_themselves_where_the_account_has_some(
    every_environment: Synthesized,
) -> None:
    reserved = {
        id_: function["Properties"].get("ReservedConcurrentExecutions")
        for id_, function in every_environment.everything().items()
        if function["Type"] == "AWS::Lambda::Function"
    }
    assert len(reserved) == 5
    if not every_environment.environment.platform.reserve_concurrency:
        assert set(reserved.values()) == {None}
        return
    intake = every_environment.environment.intake.max_concurrency
    for id_, executions in reserved.items():
        assert executions == (intake if "FileIntake" in id_ else 1 if "DefaultSecurityGroup" in id_ else CALLS), id_


def test_executions_are_kept_ready_on_the_live_version_where_asked_for() -> None:
    asked = _with_intake(start=ProvisionedConcurrency(executions=2))
    assert _live(asked)["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 2}


def test_calls_that_failed_for_good_are_kept_and_someone_hears(every_environment: Synthesized) -> None:
    for id_, function in every_environment.everything().items():
        if function["Type"] == "AWS::Lambda::Function":
            kept = function["Properties"]["DeadLetterConfig"]["TargetArn"]
            assert "FailedCallsQueue" in json.dumps(kept), f"{id_} forgets calls that failed"
    (alarm,) = every_environment.resources("Foundation", "AWS::CloudWatch::Alarm").values()
    assert "FailedCallsQueue" in json.dumps(alarm["Properties"]["Dimensions"])
    assert "AlertsTopic" in json.dumps(alarm["Properties"]["AlarmActions"])


def test_the_live_version_starts_from_a_snapshot_where_asked_for() -> None:
    asked = _with_intake(start=SnapStart())
    assert _function(asked, "FileIntake")["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "ProvisionedConcurrencyConfig" not in _live(asked)
    assert "SnapStart" not in _function(asked, "SchemaMigration")


def test_functions_log_as_json_down_to_lambdas_own_reports(every_environment: Synthesized) -> None:
    for function in every_environment.resources("Pipeline", "AWS::Lambda::Function").values():
        logging = function["Properties"]["LoggingConfig"]
        assert (logging["LogFormat"], logging["ApplicationLogLevel"]) == ("JSON", "INFO")
        assert logging["SystemLogLevel"] == "INFO", "at WARN there would be no report of memory and time"


@pytest.mark.parametrize("start", [ProvisionedConcurrency(executions=2), SnapStart()], ids=str)
def test_no_finding_is_left_however_the_intake_starts(start: Start) -> None:
    report = synthesize(replace(PROD, intake=replace(PROD.intake, start=start)), validate=True).report
    assert [finding["ruleName"] for plugin in report["pluginReports"] for finding in plugin["violations"]] == []


def test_new_code_takes_traffic_only_after_the_migration(every_environment: Synthesized) -> None:
    (run,) = every_environment.resources("Pipeline", "Custom::SchemaMigration")
    (alias,) = every_environment.resources("Pipeline", "AWS::Lambda::Alias").values()
    assert run in alias["DependsOn"]
    source = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    assert ":live" in json.dumps(source["FunctionName"])


def test_the_migration_waits_for_its_way_to_the_database(every_environment: Synthesized) -> None:
    (run,) = every_environment.resources("Pipeline", "Custom::SchemaMigration").values()
    needed = {
        id_
        for type_ in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress", "AWS::IAM::ManagedPolicy")
        for id_ in every_environment.resources("Pipeline", type_)
        if id_.startswith("SchemaMigration")
    }
    assert len(needed) == 3
    assert needed <= set(run["DependsOn"])
    assert int(run["Properties"]["ServiceTimeout"]) > _function(every_environment, "SchemaMigration")["Timeout"]


def test_only_the_migration_reads_the_master_password(every_environment: Synthesized) -> None:
    readers = {
        id_
        for id_, resource in every_environment.everything().items()
        if "secretsmanager:GetSecretValue" in json.dumps(resource)
    }
    assert len(readers) == 1
    assert readers.pop().startswith("Pipeline/SchemaMigration")


def test_only_the_migration_connects_as_the_master_user(every_environment: Synthesized) -> None:
    able = {
        id_ for id_, resource in every_environment.everything().items() if '/administrator"' in json.dumps(resource)
    }
    assert len(able) == 1
    assert able.pop().startswith("Pipeline/SchemaMigrationFunctionIdentityPolicy")


def test_the_intake_connects_as_its_own_role_and_no_other(every_environment: Synthesized) -> None:
    (connect,) = (
        statement for statement in _policy(every_environment, "FileIntake") if statement["Action"] == "rds-db:connect"
    )
    assert json.dumps(connect["Resource"]).count("/file_intake") == 1
    through = "DatabaseProxyId" if every_environment.platform.data.database.proxy else "DbiResourceId"
    assert through in json.dumps(connect["Resource"])
    assert _function(every_environment, "FileIntake")["Environment"]["Variables"]["DATABASE_USER"] == "file_intake"


def test_the_intake_reads_landed_files_and_writes_none(every_environment: Synthesized) -> None:
    actions = {
        action
        for statement in _policy(every_environment, "FileIntake")
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("s3:")
    }
    assert actions == {"s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"}


def test_function_code_cannot_manage_network_interfaces(every_environment: Synthesized) -> None:
    for function in ("FileIntake", "SchemaMigration", "OperationsFunction", "HousekeepingFunction"):
        (denied,) = (statement for statement in _policy(every_environment, function) if statement["Effect"] == "Deny")
        assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
        assert all(action.startswith("ec2:") for action in denied["Action"])


def test_someone_hears_when_files_fail_or_wait(every_environment: Synthesized) -> None:
    alarms = {
        alarm["Properties"]["MetricName"] + _watched(alarm["Properties"]): alarm["Properties"]
        for id_, alarm in every_environment.resources("Pipeline", "AWS::CloudWatch::Alarm").items()
        if id_.startswith("FileIntake")
    }
    assert set(alarms) == {
        f"ApproximateNumberOfMessagesVisible of {_queue(every_environment, 'DeadLetters')[0]}",
        f"ApproximateNumberOfMessagesVisible of {_queue(every_environment, 'Undelivered')[0]}",
        f"ApproximateAgeOfOldestMessage of {_queue(every_environment, 'Queue')[0]}",
        f"Errors of {_function_id(every_environment, 'FileIntake')}",
        "FilesRefused of file_intake",
    }
    for alarm in alarms.values():
        assert "AlertsTopic" in json.dumps(alarm["AlarmActions"])
        assert "First: " in alarm["AlarmDescription"], "what to do"
        assert alarm["TreatMissingData"] == "notBreaching"


def _watched(alarm: dict[str, Any]) -> str:
    (dimension,) = alarm["Dimensions"]
    value = dimension["Value"]
    return f" of {value if isinstance(value, str) else value.get('Ref') or value['Fn::GetAtt'][0]}"


def test_functions_run_in_the_app_subnets(every_environment: Synthesized) -> None:
    functions = every_environment.resources("Pipeline", "AWS::Lambda::Function").values()
    assert len(functions) == 4
    for function in functions:
        subnets = function["Properties"]["VpcConfig"]["SubnetIds"]
        assert len(subnets) == 3
        assert all("VpcAppSubnet" in json.dumps(subnet) for subnet in subnets)


def test_functions_run_what_the_environment_names(every_environment: Synthesized) -> None:
    platform = every_environment.environment.platform
    for function in every_environment.resources("Pipeline", "AWS::Lambda::Function").values():
        assert function["Properties"]["Runtime"] == f"python{platform.python}"
        assert function["Properties"]["Architectures"] == [platform.architecture]


def test_the_largest_file_of_the_configuration_reaches_the_function(prod: Synthesized) -> None:
    variables = _function(prod, "FileIntake")["Environment"]["Variables"]
    assert int(variables["MAX_FILE_BYTES"]) == PROD.intake.max_file_mb * 1024 * 1024
