"""Grants are read from wherever a role may get them, and written so that a person knows them again."""

from typing import Any

import pytest

from tools.permissions.grants import Grant, grants, role_name
from tools.permissions.statements import Template

HASH = "0A1B2C3D"
ARN = {"Fn::GetAtt": [f"Queue{HASH}", "Arn"]}


def role(*policies: Any, **more: Any) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}, "ManagedPolicyArns": list(policies), **more},
    }


def policy(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}


def template(**resources: Any) -> Template:
    return {"Resources": {f"{name}{HASH}": resource for name, resource in resources.items()}}


def granted(**resources: Any) -> list[Grant]:
    return grants({"Pipeline": template(**resources)})


def test_a_role_has_what_its_policies_allow() -> None:
    attached = {"Ref": f"Policy{HASH}"}
    found = granted(
        IntakeFunctionIdentityRole=role(attached),
        Policy=policy(["sqs:ReceiveMessage", "sqs:DeleteMessage"], ARN),
        Unattached=policy("sqs:SendMessage", ARN),
    )
    assert [(grant.role, grant.action, grant.resources) for grant in found] == [
        ("Intake", "sqs:DeleteMessage", ("Queue",)),
        ("Intake", "sqs:ReceiveMessage", ("Queue",)),
    ]
    assert {grant.service for grant in found} == {"lambda.amazonaws.com"}


def test_a_shared_policy_counts_for_each_role_also_from_another_stack() -> None:
    elsewhere = {"Fn::GetStackOutput": {"StackName": "shop-dev-data", "OutputName": "Readers"}}
    data = {
        **template(Readers=policy("s3:GetObject", "*")),
        "Outputs": {"Readers": {"Value": {"Ref": f"Readers{HASH}"}}},
    }
    pipeline = template(OneRole=role(elsewhere), TwoRole=role(elsewhere))
    assert [grant.role for grant in grants({"Data": data, "Pipeline": pipeline})] == ["One", "Two"]


def test_policies_of_the_same_name_in_two_stacks_are_two() -> None:
    attached = {"Ref": f"Policy{HASH}"}
    network = template(OneRole=role(attached), Policy=policy("sqs:SendMessage", "*"))
    pipeline = template(TwoRole=role(attached), Policy=policy("s3:GetObject", "*"))
    found = grants({"Network": network, "Pipeline": pipeline})
    assert [(grant.role, grant.action) for grant in found] == [("One", "sqs:SendMessage"), ("Two", "s3:GetObject")]


def test_a_policy_that_names_its_roles_counts_too() -> None:
    attaching = policy("s3:GetObject", "*")
    attaching["Properties"]["Roles"] = [{"Ref": f"OneRole{HASH}"}]
    (grant,) = granted(OneRole=role(), Policy=attaching)
    assert (grant.role, grant.action) == ("One", "s3:GetObject")


def test_an_inline_policy_counts_too() -> None:
    inline = policy("s3:GetObject", "*")["Properties"]
    (grant,) = granted(OneRole=role(Policies=[inline]))
    assert (grant.role, grant.action) == ("One", "s3:GetObject")


def test_trust_and_denials_are_no_grants() -> None:
    denied = policy("s3:GetObject", "*", Effect="Deny")
    assert granted(OneRole=role({"Ref": f"Policy{HASH}"}), Policy=denied) == []


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("*", "*"),
        (ARN, "Queue"),
        ({"Ref": f"Queue{HASH}"}, "Queue"),
        ({"Fn::GetAtt": [f"Db{HASH}", "MasterUserSecret.SecretArn"]}, "Db.MasterUserSecret.SecretArn"),
        ({"Fn::Join": ["", [ARN, "/incoming/*"]]}, "Queue/incoming/*"),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3:::assets-${AWS::Region}/" + "a" * 64}, "s3:assets-<region>/<hash>"),
        (
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":kms:x:", {"Ref": "AWS::AccountId"}, ":k/1"]]},
            "kms:k/1",
        ),
        (
            {"Fn::Select": [6, {"Fn::Split": [":", {"Fn::GetAtt": [f"Proxy{HASH}", "DBProxyArn"]}]}]},
            "Proxy.DBProxyArn[6]",
        ),
    ],
)
def test_resources_read_as_people_know_them(resource: Any, shown: str) -> None:
    (grant,) = granted(OneRole=role({"Ref": f"Policy{HASH}"}), Policy=policy("s3:GetObject", resource))
    assert grant.resources == (shown,)


def test_conditions_are_written_out() -> None:
    condition = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}"}}}
    (grant,) = granted(OneRole=role({"Ref": f"Policy{HASH}"}), Policy=policy("kms:Decrypt", ARN, Condition=condition))
    assert grant.condition == "kms:ViaService is s3.<region>.<suffix>"


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [
        ("FileIntakeFunctionIdentityRoleC5680742", "FileIntake"),
        ("WebTierIdentityRoleFFBFE4D4", "WebTier"),
        ("DatabaseServerMonitoringRole412761F0", "DatabaseServerMonitoring"),
        ("HousekeepingCallerB5E6F229", "HousekeepingCaller"),
    ],
)
def test_a_role_is_named_after_what_it_is_for(logical_id: str, name: str) -> None:
    assert role_name(logical_id) == name
