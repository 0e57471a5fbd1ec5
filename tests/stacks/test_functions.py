"""What every function promises, whatever it does."""

from config.connections import CALLS
from tests.promises import has, mentions
from tests.synthesis import Synthesized


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


def test_functions_of_what_must_not_stop_have_executions_of_their_own(prod: Synthesized) -> None:
    for id_, function in prod.resources("Pipeline", "AWS::Lambda::Function").items():
        assert "ReservedConcurrentExecutions" in function["Properties"], f"{id_} has no ReservedConcurrentExecutions"


def test_calls_that_failed_for_good_are_kept_and_someone_hears(every_environment: Synthesized) -> None:
    for id_, function in every_environment.everything().items():
        if function["Type"] == "AWS::Lambda::Function":
            mentions(id_, function["Properties"], {"DeadLetterConfig": "FailedCallsQueue"})
    (alarm,) = every_environment.resources("Foundation", "AWS::CloudWatch::Alarm").values()
    wanted = {"Dimensions": "FailedCallsQueue", "AlarmActions": "AlertsTopic", "OKActions": "AlertsTopic"}
    mentions("the alarm for failed calls", alarm["Properties"], wanted)
    first = {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    has("the alarm for failed calls", alarm["Properties"], first)


def test_functions_log_as_json_down_to_lambdas_own_reports(every_environment: Synthesized) -> None:
    for function in every_environment.resources("Pipeline", "AWS::Lambda::Function").values():
        logging = function["Properties"]["LoggingConfig"]
        assert (logging["LogFormat"], logging["ApplicationLogLevel"]) == ("JSON", "INFO")
        mentions(function["Properties"]["Description"], logging, {"LogGroup": "FunctionLog"})
        assert logging["SystemLogLevel"] == "INFO", "at WARN there would be no report of memory and time"


def test_functions_are_traced(every_environment: Synthesized) -> None:
    for id_, function in every_environment.resources("Pipeline", "AWS::Lambda::Function").items():
        has(id_, function["Properties"], {"TracingConfig": {"Mode": "Active"}})


def test_function_code_cannot_manage_network_interfaces(every_environment: Synthesized) -> None:
    for function in ("FileIntake", "SchemaMigration", "OperationsFunction", "HousekeepingFunction"):
        denials = [
            statement
            for statement in every_environment.statements_of("Pipeline", function)
            if statement["Effect"] == "Deny"
        ]
        assert len(denials) == 1, f"{function}: {len(denials)} statements with Effect Deny, must be one"
        (denied,) = denials
        assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
        assert all(action.startswith("ec2:") for action in denied["Action"])


def test_functions_run_in_the_app_subnets(every_environment: Synthesized) -> None:
    functions = every_environment.resources("Pipeline", "AWS::Lambda::Function").values()
    assert len(functions) == 4
    for function in functions:
        subnets = function["Properties"]["VpcConfig"]["SubnetIds"]
        assert len(subnets) == 3
        for subnet in subnets:
            mentions(function["Properties"]["Description"], subnet, {"Fn::GetStackOutput": "VpcAppSubnet"})


def test_functions_run_what_the_environment_names(every_environment: Synthesized) -> None:
    platform = every_environment.environment.platform
    for function in every_environment.resources("Pipeline", "AWS::Lambda::Function").values():
        assert function["Properties"]["Runtime"] == f"python{platform.python}"
        assert function["Properties"]["Architectures"] == [platform.architecture]
