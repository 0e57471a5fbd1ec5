"""Grants are read from every policy that gives a role permissions, and written for a reader."""

from typing import Any

import pytest

from checks.permissions.grants import Grant, grants, role_name
from checks.templates import Template, Templates

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
    return granted_in(Pipeline=template(**resources))


def granted_in(**stacks: Template) -> list[Grant]:
    return grants(Templates(stacks=stacks))


def test_a_role_has_the_permissions_of_its_policies() -> None:
    attached = {"Ref": f"Policy{HASH}"}
    found = granted(
        ReaderFunctionIdentityRole=role(attached),
        Policy=policy(["sqs:ReceiveMessage", "sqs:DeleteMessage"], ARN),
        Unattached=policy("sqs:SendMessage", ARN),
    )
    assert [(grant.role, grant.action, grant.resources) for grant in found] == [
        ("Reader", "sqs:DeleteMessage", ("Queue",)),
        ("Reader", "sqs:ReceiveMessage", ("Queue",)),
    ]
    assert {grant.service for grant in found} == {"lambda.amazonaws.com"}


def test_a_shared_policy_counts_for_each_role_also_from_another_stack() -> None:
    elsewhere = {"Fn::GetStackOutput": {"StackName": "Data", "OutputName": "Readers"}}
    data = {
        **template(Readers=policy("s3:GetObject", "*")),
        "Outputs": {"Readers": {"Value": {"Ref": f"Readers{HASH}"}}},
    }
    pipeline = template(OneRole=role(elsewhere), TwoRole=role(elsewhere))
    assert [grant.role for grant in granted_in(Data=data, Pipeline=pipeline)] == ["One", "Two"]


def test_policies_with_the_same_name_in_two_stacks_are_distinct() -> None:
    attached = {"Ref": f"Policy{HASH}"}
    network = template(OneRole=role(attached), Policy=policy("sqs:SendMessage", "*"))
    pipeline = template(TwoRole=role(attached), Policy=policy("s3:GetObject", "*"))
    found = granted_in(Network=network, Pipeline=pipeline)
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


@pytest.mark.parametrize("name", [{"Ref": f"OneRole{HASH}"}, {"Fn::Sub": f"${{OneRole{HASH}}}"}, "reader"])
def test_an_inline_policy_as_a_resource_counts_too(name: Any) -> None:
    alone = policy("s3:GetObject", "*")["Properties"] | {"RoleName": name}
    found = granted(OneRole=role(RoleName="reader"), Policy={"Type": "AWS::IAM::RolePolicy", "Properties": alone})
    assert [(grant.role, grant.action) for grant in found] == [("One", "s3:GetObject")]


@pytest.mark.parametrize("name", ["writer", {"Ref": "Parameter"}])
def test_a_policy_for_a_role_outside_the_templates_is_refused(name: Any) -> None:
    alone = policy("s3:GetObject", "*")["Properties"] | {"RoleName": name}
    with pytest.raises(ValueError, match=rf"Pipeline/Policy{HASH}.*attach it to a role of these stacks"):
        granted(OneRole=role(RoleName="reader"), Policy={"Type": "AWS::IAM::RolePolicy", "Properties": alone})


def test_a_managed_policy_of_aws_is_refused() -> None:
    with pytest.raises(ValueError, match=rf"OneRole{HASH} attaches arn:aws:iam::aws:policy/ReadOnlyAccess"):
        granted(OneRole=role("arn:aws:iam::aws:policy/ReadOnlyAccess"))


ONE = {"Fn::GetAtt": [f"OneRole{HASH}", "Arn"]}
OF_ACCOUNT = ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}]


def opening(type_: str, principal: Any, path: str = "PolicyDocument", **more: Any) -> dict[str, Any]:
    """A resource whose own policy admits a principal."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": ARN, **more}
    return {"Type": type_, "Properties": {path: {"Statement": [statement]}}}


@pytest.mark.parametrize(
    "principal",
    [
        ONE,
        [{"Fn::GetAtt": [f"Other{HASH}", "Arn"]}, ONE],
        {"Fn::Sub": f"${{OneRole{HASH}.Arn}}"},
        {"Fn::Sub": ["${OutputReader}", {"OutputReader": ONE}]},
        {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/${{OneRole{HASH}}}"},
        {"Fn::Join": ["", [*OF_ACCOUNT, ":role/", {"Ref": f"OneRole{HASH}"}]]},
        {"Fn::Join": ["", [*OF_ACCOUNT, ":role/path/reader-", {"Ref": "AWS::Region"}]]},
        {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/reader-${AWS::Region}"},
        {
            "Fn::Join": [
                "",
                ["arn:aws:sts::", {"Ref": "AWS::AccountId"}, ":assumed-role/reader-", {"Ref": "AWS::Region"}, "/x"],
            ]
        },
    ],
)
def test_a_role_has_the_permissions_of_resource_policies(principal: Any) -> None:
    named = role(RoleName={"Fn::Join": ["-", ["reader", {"Ref": "AWS::Region"}]]})
    found = granted(OneRole=named, TwoRole=role(), Let=opening("AWS::SQS::QueuePolicy", {"AWS": principal}))
    assert found == [
        Grant(role="One", service="lambda.amazonaws.com", action="sqs:SendMessage", resources=("Queue",)),
    ]


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("AWS::SNS::TopicPolicy", "PolicyDocument"),
        ("AWS::S3::BucketPolicy", "PolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
        ("AWS::Events::EventBusPolicy", ""),
    ],
)
def test_every_kind_of_resource_policy_is_read(type_: str, path: str) -> None:
    let = opening(type_, {"AWS": ONE}, path)
    let["Properties"] |= let["Properties"].pop("", {})
    assert [grant.role for grant in granted(OneRole=role(), Let=let)] == ["One"]


def test_a_lambda_permission_is_a_grant_to_the_role_that_it_names() -> None:
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": f"Function{HASH}"},
            "Principal": ONE,
        },
    }
    (grant,) = granted(OneRole=role(), Let=permission)
    assert (grant.role, grant.action, grant.resources) == ("One", "lambda:InvokeFunction", ("Function",))


def test_a_resource_policy_may_name_a_role_in_another_stack() -> None:
    elsewhere = {"Fn::GetStackOutput": {"StackName": "Other", "OutputName": "Role"}}
    named = role()
    named["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] = "ec2.amazonaws.com"
    other = {**template(OneRole=named), "Outputs": {"Role": {"Value": ONE}}}
    of_the_same_name = role()
    data = template(OneRole=of_the_same_name, Let=opening("AWS::SQS::QueuePolicy", {"AWS": elsewhere}))
    assert [grant.service for grant in granted_in(Data=data, Other=other)] == ["ec2.amazonaws.com"]


@pytest.mark.parametrize("stack", ["Data", "Other"])
def test_a_policy_as_json_text_is_read_too(stack: str) -> None:
    one = ONE if stack == "Other" else {"Fn::GetStackOutput": {"StackName": "Other", "OutputName": "Role"}}
    written = ['{"Statement": {"Effect": "Allow", "Action": "logs:PutLogEvents", "Principal": {"AWS": "', one, '"}}}']
    let = {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": {"Fn::Join": ["", written]}}}
    templates: dict[str, Any] = {
        "Data": template(),
        "Other": {**template(OneRole=role()), "Outputs": {"Role": {"Value": ONE}}},
    }
    templates[stack]["Resources"]["Let"] = let
    assert [grant.role for grant in granted_in(**templates)] == ["One"]


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_any_principal_under_a_condition_on_a_role_is_that_role(principal: Any) -> None:
    def let(operator: str) -> dict[str, Any]:
        return opening("AWS::SQS::QueuePolicy", principal, Condition={operator: {"aws:PrincipalArn": ONE}})

    assert [grant.role for grant in granted(OneRole=role(), Let=let("ArnEquals"))] == ["One"]
    assert granted(OneRole=role(), Let=let("ArnNotEquals")) == []


def test_a_role_next_to_any_principal_counts_too() -> None:
    let = opening("AWS::SQS::QueuePolicy", {"AWS": ["*", ONE]})
    assert [grant.role for grant in granted(OneRole=role(), Let=let)] == ["One"]


def test_a_resource_policy_for_all_or_no_resources_is_for_the_resource_itself() -> None:
    key = opening("AWS::KMS::Key", {"AWS": ONE}, "KeyPolicy", Action="kms:Decrypt", Resource="*")
    trusting = role()
    trusting["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ONE}}
    )
    found = granted(OneRole=role(), TwoRole=trusting, Key=key)
    assert [(grant.role, grant.action, grant.resources) for grant in found] == [
        ("One", "kms:Decrypt", ("Key",)),
        ("One", "sts:AssumeRole", ("TwoRole",)),
    ]


def test_other_principals_of_resource_policies_are_no_grants() -> None:
    account = {"Fn::Join": ["", [*OF_ACCOUNT, ":root"]]}
    for principal in (
        {"AWS": account},
        {"AWS": {"Fn::GetAtt": [f"Queue{HASH}", "Arn"]}},
        {"Service": "events.amazonaws.com"},
    ):
        let = opening("AWS::SQS::QueuePolicy", principal)
        assert granted(OneRole=role(), Queue={"Type": "AWS::SQS::Queue"}, Let=let) == []
    assert granted(OneRole=role(), Let=opening("AWS::SQS::QueuePolicy", {"AWS": ONE}, Effect="Deny")) == []


def test_the_policy_of_an_endpoint_grants_nothing() -> None:
    assert granted(OneRole=role(), Let=opening("AWS::EC2::VPCEndpoint", {"AWS": ONE})) == []


def test_trust_policies_and_denials_are_no_grants() -> None:
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
        ({"Fn::Sub": "arn:${AWS::Partition}:s3:::assets-${AWS::Region}/" + "a" * 64}, "s3:assets-<Region>/<hash>"),
        (
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":kms:x:", {"Ref": "AWS::AccountId"}, ":k/1"]]},
            "kms:k/1",
        ),
        (
            {"Fn::Select": [6, {"Fn::Split": [":", {"Fn::GetAtt": [f"Proxy{HASH}", "DBProxyArn"]}]}]},
            "(item 6 of Proxy.DBProxyArn split at :)",
        ),
    ],
)
def test_resources_are_shortened_for_readers(resource: Any, shown: str) -> None:
    (grant,) = granted(OneRole=role({"Ref": f"Policy{HASH}"}), Policy=policy("s3:GetObject", resource))
    assert grant.resources == (shown,)


def test_conditions_are_part_of_a_grant() -> None:
    condition = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}"}}}
    (grant,) = granted(OneRole=role({"Ref": f"Policy{HASH}"}), Policy=policy("kms:Decrypt", ARN, Condition=condition))
    assert grant.condition == "kms:ViaService is s3.<Region>.<URLSuffix>"


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [
        ("ReportsFunctionIdentityRoleC5680742", "Reports"),
        ("PagesIdentityRoleFFBFE4D4", "Pages"),
        ("ServerMonitoringRole412761F0", "ServerMonitoring"),
        ("ReportsCallerB5E6F229", "ReportsCaller"),
    ],
)
def test_a_role_is_named_after_its_purpose(logical_id: str, name: str) -> None:
    assert role_name(logical_id) == name
