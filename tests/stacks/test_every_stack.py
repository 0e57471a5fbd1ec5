"""What all stacks of all environments promise."""

import json
import re
from typing import Any

import pytest

from components.log_group import RETENTION
from config.checks import LOG_RETENTION_DAYS
from config.environments import DEV
from tests.synthesis import ENVIRONMENTS, Synthesized, synthesize


def _statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource.get("Properties", {})
    documents = [properties[name] for name in ("PolicyDocument", "KeyPolicy") if name in properties]
    return [statement for document in documents for statement in document["Statement"]]


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def test_every_log_group_is_encrypted_and_expires(every_environment: Synthesized) -> None:
    groups = [r for r in every_environment.everything().values() if r["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) >= 4
    for group in groups:
        assert "KeysLogs" in json.dumps(group["Properties"]["KmsKeyId"])
        assert group["Properties"]["RetentionInDays"] in LOG_RETENTION_DAYS


def test_no_policy_is_inline(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        assert resource["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"), id_
        assert "Policies" not in resource.get("Properties", {}), id_


def test_no_policy_of_aws_is_attached(every_environment: Synthesized) -> None:
    roles = [r for r in every_environment.everything().values() if r["Type"] == "AWS::IAM::Role"]
    assert roles
    for role in roles:
        for policy in role["Properties"].get("ManagedPolicyArns", []):
            assert set(policy) <= {"Ref", "Fn::GetStackOutput"}, f"{policy} is no policy of a stack of ours"


def test_nothing_is_allowed_by_wildcard_action(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        for statement in _statements(resource):
            key_administration = resource["Type"] == "AWS::KMS::Key" and "Sid" not in statement
            if statement["Effect"] == "Allow" and not key_administration:
                assert not [action for action in _actions(statement) if "*" in action], id_


def test_only_our_own_functions_exist(every_environment: Synthesized) -> None:
    functions = {
        id_ for id_, resource in every_environment.everything().items() if resource["Type"] == "AWS::Lambda::Function"
    }
    assert {re.sub(r"Function[0-9A-F]{8}$", "", id_) for id_ in functions} == {
        "Network/DefaultSecurityGroup",
        "Pipeline/SchemaMigration",
        "Pipeline/FileIntake",
        "Pipeline/Operations",
        "Pipeline/Housekeeping",
    }


def test_nothing_is_open_to_the_world(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        rules = list(resource.get("Properties", {}).get("SecurityGroupIngress", []))
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            rules.append(resource["Properties"])
        assert not [rule for rule in rules if rule.get("CidrIp") == "0.0.0.0/0" or "CidrIpv6" in rule], id_


def test_everything_talks_to_named_peers_or_https(every_environment: Synthesized) -> None:
    everything = every_environment.everything().items()
    # Without an egress rule a group lets everything out; the first one, inline or alone, ends that.
    limited = {
        f"{id_.split('/')[0]}/{resource['Properties']['GroupId']['Fn::GetAtt'][0]}"
        for id_, resource in everything
        if resource["Type"] == "AWS::EC2::SecurityGroupEgress" and "Fn::GetAtt" in resource["Properties"]["GroupId"]
    }
    for id_, resource in everything:
        properties = resource.get("Properties", {})
        for rule in properties.get("SecurityGroupEgress", []):
            nobody = rule["CidrIp"] == "255.255.255.255/32"
            assert nobody or (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443), id_
        if resource["Type"] == "AWS::EC2::SecurityGroup":
            assert "SecurityGroupEgress" in properties or id_ in limited, f"{id_} would let everything out"
        if resource["Type"] == "AWS::EC2::SecurityGroupEgress":
            assert "DestinationSecurityGroupId" in properties, id_
            assert properties["FromPort"] == properties["ToPort"], id_


def test_nothing_is_looked_up(every_environment: Synthesized) -> None:
    assert every_environment.look_ups == []


def test_stacks_export_nothing(every_environment: Synthesized) -> None:
    for stack, template in every_environment.templates.items():
        assert not [o for o in template.get("Outputs", {}).values() if "Export" in o], stack
        assert "Fn::ImportValue" not in json.dumps(template), stack


def test_what_others_read_is_protected_where_the_environment_says_so(every_environment: Synthesized) -> None:
    platform, wanted = every_environment.platform, every_environment.environment.termination_protection
    assert [stack.termination_protection for stack in (platform.foundation, platform.network, platform.data)] == [
        wanted
    ] * 3


def test_nothing_names_a_partition_a_region_or_an_account() -> None:
    """In an environment that leaves them open, where any that stands in a template was written by hand."""
    for name in ("dev", "staging", "prod"):
        synthesized = synthesize(ENVIRONMENTS[name])
        for stack, template in synthesized.templates.items():
            text = json.dumps(template)
            assert "arn:aws:" not in text, (name, stack)
            assert not re.search(r"(?<![a-z0-9-])(us|eu|ap|ca|sa|af|me|il|mx|cn)-[a-z]+-\d\b", text), (name, stack)
            assert not re.search(r"(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])", text), (name, stack)


def test_the_same_configuration_gives_the_same_templates() -> None:
    assert synthesize(DEV).templates == synthesize(DEV).templates


def test_every_retention_the_configuration_accepts_is_one_that_cloudwatch_has() -> None:
    assert set(RETENTION) == set(LOG_RETENTION_DAYS)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_stacks_are_named_after_project_environment_and_capability(name: str) -> None:
    platform = synthesize(ENVIRONMENTS[name]).platform
    assert platform.data.stack_name == f"shop-{name}-data"
    assert platform.node.path == name.capitalize()
