"""Settings that all functions have in common."""

import re
from typing import Any

import pytest

from components.common import ports
from config.capability import Capability
from config.connections import CALLS
from config.environments import DEV
from tests.support.promises import has, mentions
from tests.support.synthesis import Synthesized, synthesize, synthesize_uncached


def _in_the_vpc(synthesized: Synthesized) -> dict[str, Any]:
    """Every function except the one that CloudFormation invokes before the VPC has egress."""
    functions = {id_: one for id_, one in synthesized.everything().items() if one["Type"] == "AWS::Lambda::Function"}
    return {id_: one for id_, one in functions.items() if "DefaultSecurityGroup" not in id_}


def test_functions_reserve_concurrency_if_configured(
    every_environment: Synthesized,
) -> None:
    environment = every_environment.environment
    core = {"Ingestion": environment.ingestion.max_concurrency, "SchemaMigration": CALLS, "DefaultSecurityGroup": 1}
    found = 0
    for stack in every_environment.templates:
        functions = every_environment.resources(stack, "AWS::Lambda::Function")
        reserved = {id_: one["Properties"].get("ReservedConcurrentExecutions") for id_, one in functions.items()}
        found += len(reserved)
        capability = getattr(environment, stack.lower(), None)
        if not environment.runtime.reserve_concurrency:
            assert set(reserved.values()) <= {None}
        elif reserved and isinstance(capability, Capability):
            assert sum(reserved.values()) == capability.app_addresses, (
                f"{stack}: {reserved}, but the configuration counts another number of addresses"
            )
        else:
            for id_, executions in reserved.items():
                (expected,) = (number for role, number in core.items() if id_.startswith(role))
                assert executions == expected, id_
    assert found >= 3


def test_every_function_of_prod_reserves_concurrency(prod: Synthesized) -> None:
    for id_, function in prod.everything().items():
        if function["Type"] == "AWS::Lambda::Function":
            assert "ReservedConcurrentExecutions" in function["Properties"], (
                f"{id_} has no ReservedConcurrentExecutions"
            )


def test_invocations_that_exhausted_their_retries_are_kept_and_reported(every_environment: Synthesized) -> None:
    for id_, function in every_environment.everything().items():
        if function["Type"] == "AWS::Lambda::Function":
            mentions(id_, function["Properties"], {"DeadLetterConfig": "AsyncInvocationsDeadLetterQueue"})
    (alarm,) = every_environment.resources("Foundation", "AWS::CloudWatch::Alarm").values()
    wanted = {
        "Dimensions": "AsyncInvocationsDeadLetterQueue",
        "AlarmActions": "AlertsTopic",
        "OKActions": "AlertsTopic",
    }
    mentions("the alarm for failed invocations", alarm["Properties"], wanted)
    at_the_first = {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
    at_the_first |= {"MetricName": "ApproximateNumberOfMessagesVisible"}
    has("the alarm for failed invocations", alarm["Properties"], at_the_first)


def test_functions_log_as_json_including_lambdas_own_reports(every_environment: Synthesized) -> None:
    for function in _in_the_vpc(every_environment).values():
        logging = function["Properties"]["LoggingConfig"]
        assert (logging["LogFormat"], logging["ApplicationLogLevel"]) == ("JSON", "INFO")
        mentions(function["Properties"]["Description"], logging, {"LogGroup": "FunctionLogGroup"})
        assert logging["SystemLogLevel"] == "INFO", "at WARN, Lambda reports neither memory nor duration"


def test_functions_are_traced(every_environment: Synthesized) -> None:
    for id_, function in _in_the_vpc(every_environment).items():
        has(id_, function["Properties"], {"TracingConfig": {"Mode": "Active"}})


def test_custom_resources_run_after_the_policies_of_their_function_exist(every_environment: Synthesized) -> None:
    """A role's policy is a separate resource, so it may be created after the function."""
    called = 0
    for stack, template in every_environment.templates.items():
        for id_, resource in template["Resources"].items():
            if not resource["Type"].startswith("Custom::"):
                continue
            called += 1
            function = resource["Properties"]["ServiceToken"]["Fn::GetAtt"][0]
            role = template["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0]
            attached = template["Resources"][role]["Properties"]["ManagedPolicyArns"]
            own = [
                policy["Ref"]
                for policy in attached
                if template["Resources"][policy["Ref"]] and "Identity" in str(policy)
            ]
            early = set(own) - set(resource.get("DependsOn", []))
            assert own
            assert not early, f"{stack}/{id_} does not depend on {early}"
    assert called == 2


def test_failed_asynchronous_invocations_are_retried(every_environment: Synthesized) -> None:
    """By default Lambda retries twice within six hours (AWS Lambda Developer Guide, "Asynchronous invocation").

    Without retries, a restart of the database would cost a nightly run, or a deployment would wait until its timeout.
    """
    for id_, resource in every_environment.everything().items():
        if resource["Type"] == "AWS::Lambda::EventInvokeConfig":
            config = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 6 * 3600} | resource["Properties"]
            has(id_, config, {"MaximumRetryAttempts": 2})
            age = config["MaximumEventAgeInSeconds"]
            assert age >= 1800, f"{id_}: MaximumEventAgeInSeconds is {age}, must be 1800 or more for two retries"


LEAST_MEMORY_MB = 256  # Python with a PostgreSQL driver. CPU, and so the duration of a cold start, depends on memory


def test_functions_have_enough_memory_to_start_in_a_few_seconds(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        if resource["Type"] == "AWS::Lambda::Function":
            memory = resource["Properties"].get("MemorySize", 128)
            assert memory >= LEAST_MEMORY_MB, f"{id_}: MemorySize is {memory} MB, must be {LEAST_MEMORY_MB} or more"


def test_function_code_cannot_manage_network_interfaces(every_environment: Synthesized) -> None:
    for id_ in _in_the_vpc(every_environment):
        stack, _, function = id_.partition("/")
        role = re.sub(r"[0-9A-F]{8}$", "Identity", function)
        statements = every_environment.statements_of(stack, role)
        denials = [statement for statement in statements if statement["Effect"] == "Deny"]
        assert len(denials) == 1, f"{function}: {len(denials)} statements with Effect Deny, must be one"
        (denied,) = denials
        assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
        assert all(action.startswith("ec2:") for action in denied["Action"])


def test_a_function_deletes_its_network_interfaces_before_its_security_group_goes(
    every_environment: Synthesized,
) -> None:
    """Lambda deletes them with the function's role, and CloudFormation deletes what a resource depends on after it."""
    for id_, function in _in_the_vpc(every_environment).items():
        resources = every_environment.templates[id_.partition("/")[0]]["Resources"]
        role = function["Properties"]["Role"]["Fn::GetAtt"][0]
        for group in function["Properties"]["VpcConfig"]["SecurityGroupIds"]:
            needs = resources[group["Fn::GetAtt"][0]].get("DependsOn", [])
            assert role in needs, f"the security group of {id_} depends on {needs}, must depend on {role}"


def test_functions_run_in_the_app_subnets(every_environment: Synthesized) -> None:
    functions = _in_the_vpc(every_environment)
    assert len(functions) >= 2
    for function in functions.values():
        subnets = function["Properties"]["VpcConfig"]["SubnetIds"]
        assert len(subnets) == 3
        for subnet in subnets:
            mentions(function["Properties"]["Description"], subnet, {"Fn::GetStackOutput": "VpcAppSubnet"})


def test_functions_have_the_configured_runtime_and_architecture(every_environment: Synthesized) -> None:
    platform = every_environment.environment.runtime
    for function in _in_the_vpc(every_environment).values():
        assert function["Properties"]["Runtime"] == f"python{platform.python}"
        assert function["Properties"]["Architectures"] == [platform.architecture]


def test_a_new_database_port_publishes_a_new_function_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version keeps the variables with which it was published, so a new port needs a new version."""

    def version(synthesized: Synthesized) -> str:
        (id_,) = synthesized.resources("Pipeline", "AWS::Lambda::Version")
        return id_

    before = version(synthesize(DEV))
    monkeypatch.setattr(ports, "DATABASE", ports.DATABASE + 1)
    after = version(synthesize_uncached(DEV))
    assert after != before, f"the version {before} keeps the old port"
