"""All stacks of all environments."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from components.common.log_group import log_group
from config.checks import LOG_RETENTION_DAYS
from config.environments import DEV
from tests.support.promises import has, mentions
from tests.support.synthesis import CONTEXT, ENVIRONMENTS, Synthesized, shipped, synthesize, synthesize_uncached


def _statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource.get("Properties", {})
    documents = [properties[name] for name in ("PolicyDocument", "KeyPolicy") if name in properties]
    return [statement for document in documents for statement in document["Statement"]]


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def _of_type(synthesized: Synthesized, type_: str) -> dict[str, dict[str, Any]]:
    return {id_: resource for id_, resource in synthesized.everything().items() if resource["Type"] == type_}


def _allowed(synthesized: Synthesized) -> list[tuple[str, dict[str, Any]]]:
    """Each statement that allows a role something, with the policy that holds it."""
    policies = _of_type(synthesized, "AWS::IAM::ManagedPolicy")
    statements = [(id_, statement) for id_, policy in policies.items() for statement in _statements(policy)]
    return [(id_, statement) for id_, statement in statements if statement["Effect"] == "Allow"]


def test_every_log_group_is_encrypted_and_expires(every_environment: Synthesized) -> None:
    groups = {id_: r for id_, r in every_environment.everything().items() if r["Type"] == "AWS::Logs::LogGroup"}
    assert len(groups) >= 4
    for id_, group in groups.items():
        mentions(id_, group["Properties"], {"KmsKeyId": "KeysLogs"})
        days = group["Properties"].get("RetentionInDays", "missing: logs never expire")
        assert days in LOG_RETENTION_DAYS, f"{id_}: RetentionInDays is {days}"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_keep_logs_for_months(name: str) -> None:
    """A year of access logs, and three months of application logs: investigations often start late."""
    for id_, group in _of_type(shipped(name), "AWS::Logs::LogGroup").items():
        days = group["Properties"]["RetentionInDays"]
        assert days >= (30 if "DefaultSecurityGroup" in id_ else 90), f"{id_}: RetentionInDays is {days}"
    (rule,) = shipped(name).only("Foundation", "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    days = rule["ExpirationInDays"]
    assert days >= 365, f"the log bucket of {name}: ExpirationInDays is {days}, must be 365 or more"


def test_everything_is_tagged_with_its_project_environment_and_stack(every_environment: Synthesized) -> None:
    """Every resource that can have tags. Bills and clean-ups are grouped by them."""
    wanted = {"Project": every_environment.environment.project, "Environment": every_environment.environment.name}
    everything = every_environment.everything().items()
    tagged = {id_: tags for id_, one in everything if isinstance(tags := one.get("Properties", {}).get("Tags"), list)}
    assert len(tagged) > 50
    for id_, tags in tagged.items():
        found = {tag["Key"]: tag["Value"] for tag in tags}
        has(f"the tags of {id_}", found, wanted | {"Stack": id_.partition("/")[0]})


def test_no_policy_is_inline(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        assert resource["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"), id_
        assert "Policies" not in resource.get("Properties", {}), id_


def test_each_role_is_assumed_by_one_service(every_environment: Synthesized) -> None:
    for id_, role in _of_type(every_environment, "AWS::IAM::Role").items():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        principal = trust["Principal"]
        assert list(principal) == ["Service"], f"{id_} is assumed by {principal}, must be assumed by a service"
        assert isinstance(principal["Service"], str), f"{id_} is assumed by several services: {principal}"
        assert trust["Action"] == "sts:AssumeRole", f"{id_} is assumed by {trust['Action']}"


# These services assume a role only for a resource in the role's own account.
ACT_IN_ONE_ACCOUNT = {"ec2.amazonaws.com", "lambda.amazonaws.com", "rds.amazonaws.com"}


def test_services_that_act_for_several_accounts_assume_roles_only_for_this_account(
    every_environment: Synthesized,
) -> None:
    """IAM User Guide, "The confused deputy problem"."""
    for id_, role in _of_type(every_environment, "AWS::IAM::Role").items():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if (service := trust["Principal"]["Service"]) not in ACT_IN_ONE_ACCOUNT:
            accounts = trust.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
            assert accounts == {"Ref": "AWS::AccountId"}, f"{service} may assume {id_} for any account: {trust}"


def test_no_statement_allows_a_wildcard_action(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        for statement in _statements(resource):
            key_administration = resource["Type"] == "AWS::KMS::Key" and "Sid" not in statement
            if statement["Effect"] == "Allow" and not key_administration:
                wild = [action for action in _actions(statement) if "*" in action]
                assert not wild, f"{id_} allows {wild}: name each action"


# None of these supports resource-level permissions (Service Authorization Reference).
ON_ALL_RESOURCES = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "cloudwatch:PutMetricData", "ssm:UpdateInstanceInformation"),
    *(f"ssmmessages:{verb}{what}Channel" for verb in ("Create", "Open") for what in ("Control", "Data")),
    *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"),
    *("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets"),
    # Session Manager's agent lists all groups to see whether its own is encrypted.
    "logs:DescribeLogGroups",
}


def test_only_actions_that_aws_cannot_limit_are_allowed_on_all_resources(every_environment: Synthesized) -> None:
    for id_, statement in _allowed(every_environment):
        resources = statement["Resource"]
        if "*" in (resources if isinstance(resources, list) else [resources]):
            broad = set(_actions(statement)) - ON_ALL_RESOURCES
            assert not broad, f"{id_} allows {sorted(broad)} on all resources: name them"


def test_workloads_use_keys_through_one_service_or_for_one_secret(every_environment: Synthesized) -> None:
    """A key encrypts several kinds of data, and a workload needs only one of them."""
    used = [(id_, one) for id_, one in _allowed(every_environment) if "kms:" in json.dumps(one["Action"])]
    assert len(used) >= 3
    for id_, statement in used:
        limits = set(statement.get("Condition", {}).get("StringEquals", {}))
        narrow = limits & {"kms:ViaService", "kms:EncryptionContext:SecretARN"}
        assert narrow, f"{id_} allows {_actions(statement)} for everything that the key encrypts"


def test_only_our_own_functions_exist(every_environment: Synthesized) -> None:
    functions = {
        id_ for id_, resource in every_environment.everything().items() if resource["Type"] == "AWS::Lambda::Function"
    }
    ours = {file.parent.name for file in Path("lambda_src").glob("*/handler.py")}
    made = [re.sub(r"Function[0-9A-F]{8}$", "", id_).partition("/")[2] for id_ in functions]
    assert sorted(made) == sorted("".join(map(str.capitalize, name.split("_"))) for name in ours)


def test_no_security_group_is_open_to_the_internet(every_environment: Synthesized) -> None:
    for id_, resource in every_environment.everything().items():
        rules = list(resource.get("Properties", {}).get("SecurityGroupIngress", []))
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            rules.append(resource["Properties"])
        assert not [rule for rule in rules if rule.get("CidrIp") == "0.0.0.0/0" or "CidrIpv6" in rule], id_


def test_security_groups_allow_egress_only_to_named_peers_or_https(every_environment: Synthesized) -> None:
    everything = every_environment.everything().items()
    # A group without egress rules allows all egress. The first rule, inline or as a resource, ends that.
    limited = {
        f"{id_.split('/')[0]}/{resource['Properties']['GroupId']['Fn::GetAtt'][0]}"
        for id_, resource in everything
        if resource["Type"] == "AWS::EC2::SecurityGroupEgress" and "Fn::GetAtt" in resource["Properties"]["GroupId"]
    }
    for id_, resource in everything:
        properties = resource.get("Properties", {})
        for rule in properties.get("SecurityGroupEgress", []):
            nobody = rule.get("CidrIp") == "255.255.255.255/32"
            protocol, ports = rule["IpProtocol"], f"{rule.get('FromPort')}-{rule.get('ToPort')}"
            assert nobody or (protocol, ports) == ("tcp", "443-443"), (
                f"{id_} allows {protocol} {ports} to {rule.get('CidrIp') or rule.get('CidrIpv6')}"
            )
        if resource["Type"] == "AWS::EC2::SecurityGroup":
            assert "SecurityGroupEgress" in properties or id_ in limited, f"{id_} allows all egress"
        if resource["Type"] == "AWS::EC2::SecurityGroupEgress":
            assert "DestinationSecurityGroupId" in properties, id_
            assert properties["FromPort"] == properties["ToPort"], id_


def test_nothing_is_looked_up(every_environment: Synthesized) -> None:
    assert every_environment.look_ups == []


def test_stacks_export_nothing(every_environment: Synthesized) -> None:
    for stack, template in every_environment.templates.items():
        exported = [name for name, output in template.get("Outputs", {}).items() if "Export" in output]
        assert not exported, f"{stack}: outputs with an Export, which block updates: {exported}"
        assert "Fn::ImportValue" not in json.dumps(template), stack


def _stacks(synthesized: Synthesized) -> list[Stack]:
    return [stack for stack in synthesized.platform.node.children if isinstance(stack, Stack)]


def test_every_stack_has_the_configured_termination_protection(every_environment: Synthesized) -> None:
    for stack in _stacks(every_environment):
        assert stack.termination_protection is every_environment.environment.termination_protection, stack.node.id


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_have_termination_protection(name: str) -> None:
    for stack in _stacks(shipped(name)):
        assert stack.termination_protection is True, (
            f"the stack {stack.node.id} of {name} has no termination protection"
        )


def test_database_clients_are_deployed_after_the_migration_that_creates_their_role(
    every_environment: Synthesized,
) -> None:
    for stack, template in every_environment.templates.items():
        if "rds-db:connect" in json.dumps(template) and stack not in ("Data", "Pipeline"):
            before = {each.node.id for each in every_environment.stack(stack).dependencies}
            assert "Pipeline" in before, f"{stack} is deployed after {sorted(before)}, but not after Pipeline"


HAND_WRITTEN = {
    "a partition": "arn:aws:",
    "a region": r"(?<![a-z0-9-])(us|eu|ap|ca|sa|af|me|il|mx|cn)-[a-z]+-\d\b",
    "an account": r"(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])",
}


def test_no_template_hard_codes_a_partition_a_region_or_an_account() -> None:
    """Where the environment leaves them open, a literal in a template must be hard-coded."""
    for name in ("dev", "staging", "prod"):
        synthesized = synthesize(ENVIRONMENTS[name])
        for stack, template in synthesized.templates.items():
            for what, pattern in HAND_WRITTEN.items():
                found = re.search(f".{{0,60}}{pattern}.{{0,30}}", json.dumps(template))
                assert not found, f"{stack} of {name} names {what}: ...{found and found[0]}..."


def test_the_same_configuration_gives_the_same_templates() -> None:
    assert synthesize_uncached(DEV).templates == synthesize(DEV).templates


def test_every_retention_the_configuration_accepts_is_one_that_cloudwatch_has() -> None:
    stack = Stack(App(context=CONTEXT, analytics_reporting=False))
    for retention in logs.RetentionDays:
        logs.LogGroup(stack, retention.name, retention=retention)
    groups = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup").values()
    assert {group.get("Properties", {}).get("RetentionInDays") for group in groups} - {None} == set(LOG_RETENTION_DAYS)


def test_a_log_group_has_the_given_retention() -> None:
    stack = Stack(App(context=CONTEXT, analytics_reporting=False))
    key = kms.Key(stack, "Key")
    for days in LOG_RETENTION_DAYS:
        log_group(stack, f"Days{days}", key=key, days=days, removal=RemovalPolicy.DESTROY)
    made = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup")
    assert len(made) == len(LOG_RETENTION_DAYS)
    for id_, group in made.items():
        days = int(re.findall(r"Days(\d+)[0-9A-F]{8}$", id_)[0])
        has(f"a group of {days} days", group["Properties"], {"RetentionInDays": days})


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_stacks_are_named_after_project_environment_and_capability(name: str) -> None:
    synthesized = synthesize(ENVIRONMENTS[name])
    project = synthesized.environment.project
    assert synthesized.stack("Data").stack_name == f"{project}-{name}-data"
    assert synthesized.platform.node.path == name.capitalize()
