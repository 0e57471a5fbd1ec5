"""Each prohibition finds a violation, and accepts what is allowed."""

from typing import Any

import pytest

from checks.permissions.prohibited import Exemption, Prohibitions
from checks.templates import Templates

ROOT = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"]]}
OWN = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
IDENTITY = {"Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
OF_QUEUE = IDENTITY | {"Principal": {"Service": "events.amazonaws.com"}, "Condition": OWN}
TRUST = {"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
ENDPOINT = {"Action": "s3:GetObject", "Principal": {"AWS": "*"}}
EXEMPTIONS = (
    Exemption(principal="lambda.amazonaws.com", type="AWS::IAM::Role", actions=("sts:AssumeRole",), why="no key"),
    Exemption(
        principal="*",
        type="AWS::EC2::VPCEndpoint",
        actions=("s3:GetObject",),
        on=r"arn:[^:]+:s3:::packages-.+",
        why="a bucket of AWS",
    ),
)
# Another stack, which has a resource with the same name as the parameter.
ELSEWHERE = {
    "Resources": {"Parameter": {"Type": "AWS::Events::Rule"}, "Theirs": {"Type": "AWS::Events::Rule"}},
    "Outputs": {"Rule": {"Value": {"Fn::GetAtt": ["Theirs", "Arn"]}}},
}


def findings(
    statement: dict[str, Any],
    *,
    type_: str = "AWS::IAM::ManagedPolicy",
    path: str = "PolicyDocument",
    account: str | None = None,
) -> list[str]:
    """The findings for one resource with this statement, next to a role of the same account."""
    document: Any = {"Statement": [{"Effect": "Allow"} | statement]}
    for name in reversed(path.split(".")):
        document = [document] if name == "0" else {name: document}
    resources = {
        "Bad": {"Type": type_, "Properties": document},
        "Ours": {"Type": "AWS::IAM::Role"},
        "Rule": {"Type": "AWS::Events::Rule"},
    }
    template = {"Parameters": {"Parameter": {"Type": "String"}}, "Resources": resources}
    return findings_in(account=account, Data=template, Other=ELSEWHERE)


def findings_in(*, account: str | None = None, **stacks: Any) -> list[str]:
    return Prohibitions(templates=Templates(stacks=stacks), exemptions=EXEMPTIONS, account=account).findings()


def of_queue(**changes: Any) -> list[str]:
    return findings(OF_QUEUE | changes, type_="AWS::SQS::QueuePolicy")


def trusting(**changes: Any) -> list[str]:
    return findings(TRUST | changes, type_="AWS::IAM::Role", path="AssumeRolePolicyDocument")


def endpoint(**changes: Any) -> list[str]:
    return findings(ENDPOINT | changes, type_="AWS::EC2::VPCEndpoint")


def test_narrow_statements_are_accepted() -> None:
    assert findings(IDENTITY) == of_queue() == trusting() == []
    assert trusting(Principal={"AWS": {"Fn::GetAtt": ["Ours", "Arn"]}}) == []
    assert trusting(Principal={"AWS": ROOT}) == []
    assert trusting(Principal={"Service": "scheduler.amazonaws.com"}, Condition=OWN) == []


@pytest.mark.parametrize("action", ["*", "sqs:*", "s3:Get*", ["sqs:SendMessage", "s3:Put?bject"]])
@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
        ("AWS::IAM::Role", "Policies.0.PolicyDocument"),
        ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
        ("AWS::S3::BucketPolicy", "PolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
    ],
)
def test_wildcard_actions_are_found_in_every_kind_of_policy(action: Any, type_: str, path: str) -> None:
    found, *_ = findings(IDENTITY | {"Action": action}, type_=type_, path=path)
    assert found.startswith(f"Data/Bad ({type_}), {path.replace('.0', '[0]')}.Statement[0]: ")
    assert "allows actions that are never called: list only the actions that are called" in found


def test_only_the_account_itself_may_have_all_permissions_on_a_key() -> None:
    administration = {"Action": "kms:*", "Resource": "*"}
    assert findings(administration | {"Principal": {"AWS": ROOT}}, type_="AWS::KMS::Key", path="KeyPolicy") == []
    role = {"Principal": {"AWS": {"Fn::GetAtt": ["Ours", "Arn"]}}}
    assert "kms:*" in findings(administration | role, type_="AWS::KMS::Key", path="KeyPolicy")[0]
    assert "kms:*" in findings(administration)[0]


@pytest.mark.parametrize("name", ["NotAction", "NotResource", "NotPrincipal"])
def test_an_allow_with_an_inverted_element_is_found(name: str) -> None:
    (found,) = findings(IDENTITY | {name: "x"})
    assert f"Allow with {name}" in found


def test_a_deny_may_be_wide() -> None:
    assert of_queue(Effect="Deny", Action="sqs:*", Principal="*", NotResource="x", Condition={}) == []


@pytest.mark.parametrize("action", ["iam:PassRole", "IAM:passrole"])
def test_a_role_may_be_passed_to_a_named_service_only(action: str) -> None:
    passing = {"Action": action, "Resource": {"Fn::GetAtt": ["Ours", "Arn"]}}
    named = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    assert findings(passing | {"Condition": named}) == []
    (found,) = findings(passing)
    assert "iam:PassedToService" in found
    (found,) = findings(passing | {"Condition": named, "Resource": "*"})
    assert "name the role" in found
    (found,) = findings(passing | {"Condition": {"StringEqualsIfExists": named["StringEquals"]}})
    assert "iam:PassedToService" in found


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"iam:PassedToService": "*"}},
        {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}},
        {"StringEquals": {"iam:PassedToService": ["scheduler.amazonaws.com", "ec2?.amazonaws.com"]}},
        {"StringEquals": {"iam:PassedToService": {"Ref": "Parameter"}}},
        {"StringEquals": {"iam:PassedToService": []}},
        {"ArnLike": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    ],
)
def test_services_to_which_a_role_may_be_passed_are_written_out(condition: Any) -> None:
    passing = {"Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["Ours", "Arn"]}}
    (found,) = findings(passing | {"Condition": condition})
    assert "StringEquals iam:PassedToService" in found
    literal = {"StringLike": {"iam:PassedToService": ["scheduler.amazonaws.com", "ec2.amazonaws.com.cn"]}}
    assert findings(passing | {"Condition": literal}) == []


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:iam::111122223333:role/*",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-*"},
        [{"Fn::GetAtt": ["Ours", "Arn"]}, "arn:aws:iam::*:role/x"],
        "arn:aws:iam::111122223333:role/app-?",
    ],
)
def test_a_wildcard_of_passed_roles_is_found(resource: Any) -> None:
    named = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    (found,) = findings({"Action": "iam:PassRole", "Resource": resource, "Condition": named})
    assert "name the role" in found
    assert "role/" in found


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "arn:aws:iam::111122223333:root"},
        {"AWS": "111122223333"},
        {"AWS": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::111122223333:role/x"]]}},
        {"AWS": [ROOT, "arn:aws:iam::111122223333:user/x"]},
        {"AWS": {"Ref": "Parameter"}},
        {"AWS": {"Fn::GetAtt": ["Elsewhere", "Arn"]}},
        {"Federated": "accounts.google.com"},
        {"CanonicalUser": "79a59d"},
    ],
)
def test_principals_outside_the_account_are_found(principal: Any) -> None:
    (found,) = trusting(Principal=principal)
    assert "account" in found
    assert "role" in found


PROVIDER = {"Fn::GetAtt": ["Ours", "Arn"]}
EXACT = {"StringEquals": {"tokens.example.com:aud": "sts.amazonaws.com", "tokens.example.com:sub": "job"}}
BY_ARN = {"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":oidc-provider/tokens.example.com"]]}


@pytest.mark.parametrize("provider", [PROVIDER, BY_ARN])
def test_a_provider_of_the_account_is_trusted_for_one_subject_and_audience(provider: Any) -> None:
    assert trusting(Principal={"Federated": provider}, Condition=EXACT) == []


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringLike": EXACT["StringEquals"]},
        {"StringEquals": {"tokens.example.com:aud": "sts.amazonaws.com"}},
        {"StringEquals": {"tokens.example.com:sub": "job"}},
        {"StringEquals": {"tokens.example.com:aud": "sts.amazonaws.com", "others.example.com:sub": "job"}},
        {"StringEqualsIfExists": EXACT["StringEquals"]},
    ],
)
def test_trust_without_exact_audience_and_subject_is_found(condition: Any) -> None:
    (found,) = trusting(Principal={"Federated": PROVIDER}, Condition=condition)
    assert "add StringEquals on <issuer>:aud and <issuer>:sub" in found


def test_a_provider_of_another_account_is_found() -> None:
    provider = "arn:aws:iam::111122223333:oidc-provider/tokens.example.com"
    (found,) = trusting(Principal={"Federated": provider}, Condition=EXACT)
    assert "outside this account" in found


def test_an_account_id_is_accepted_if_the_environment_has_it() -> None:
    own = TRUST | {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    location = {"type_": "AWS::IAM::Role", "path": "AssumeRolePolicyDocument"}
    assert findings(own, account="111122223333", **location) == []
    assert findings(own, **location) != []


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringNotEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
        {"StringEqualsIfExists": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
        {"StringEquals": {"aws:PrincipalAccount": "111122223333"}},
        {"StringEquals": {"aws:PrincipalAccount": [{"Ref": "AWS::AccountId"}, "111122223333"]}},
        {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}},
        {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}},
    ],
)
def test_any_principal_needs_a_condition_on_the_account(principal: Any, condition: Any) -> None:
    (found,) = of_queue(Principal=principal, Condition=condition)
    assert "principal * admits every account" in found
    limited = {"StringEquals": {"AWS:principalaccount": {"Ref": "AWS::AccountId"}}}
    assert of_queue(Principal=principal, Condition=condition | limited) == []


def test_a_condition_on_the_organization_is_accepted() -> None:
    assert of_queue(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}) == []


def test_endpoints_allow_this_account_or_an_exempt_bucket() -> None:
    assert endpoint(Resource="*", Condition={"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}) == []
    assert endpoint(Resource="arn:aws:s3:::packages-eu-central-1/*") == []
    for changes in (
        {"Resource": "*"},
        {"Resource": ["arn:aws:s3:::packages-eu-central-1/*", "arn:aws:s3:::other/*"]},
        {"Resource": "arn:aws:s3:::packages-eu-central-1/*", "Action": ["s3:GetObject", "s3:PutObject"]},
    ):
        (found,) = endpoint(**changes)
        assert "aws:ResourceAccount" in found


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEqualsIfExists": OWN["StringEquals"]},
        {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:events:eu-central-1:*:rule/x"}},
        {"StringLike": {"aws:SourceAccount": "*"}},
        {"StringEquals": {"aws:SourceAccount": {"Ref": "Parameter"}}},
        {"StringEquals": {"aws:SourceAccount": {"Fn::Sub": "${Parameter}"}}},
        {"StringEquals": {"aws:SourceAccount": [{"Ref": "AWS::AccountId"}, {"Ref": "Parameter"}]}},
        {"ArnEquals": {"aws:SourceArn": {"Ref": "Nowhere"}}},
    ],
)
def test_a_service_without_a_condition_on_the_account_is_found(condition: Any) -> None:
    (found,) = of_queue(Condition=condition)
    assert "confused deputy" in found
    assert "aws:SourceAccount or aws:SourceArn" in found


@pytest.mark.parametrize(
    "condition",
    [
        OWN,
        {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}},
        {"ArnEquals": {"aws:SourceArn": {"Ref": "Rule"}}},
        {"ArnEquals": {"aws:SourceArn": {"Fn::GetStackOutput": {"StackName": "Other", "OutputName": "Rule"}}}},
        {"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:aws:events:eu-central-1:${AWS::AccountId}:rule/*"}}},
    ],
)
def test_a_service_is_limited_by_account_or_by_resource(condition: Any) -> None:
    assert of_queue(Condition=condition) == []


def test_an_exemption_is_for_one_service_action_and_resource_type() -> None:
    assert "confused deputy" in trusting(Principal={"Service": "scheduler.amazonaws.com"})[0]
    assert "confused deputy" in trusting(Action=["sts:AssumeRole", "sts:TagSession"])[0]
    assert "confused deputy" in of_queue(Principal={"Service": "lambda.amazonaws.com"}, Condition={})[0]


def test_lambda_permissions_are_checked() -> None:
    def invoked(**changes: Any) -> list[str]:
        permission = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "events.amazonaws.com",
        }
        resource = {"Type": "AWS::Lambda::Permission", "Properties": permission | changes}
        return findings_in(Data={"Resources": {"Bad": resource, "Rule": {"Type": "AWS::Events::Rule"}}})

    assert invoked(SourceArn={"Fn::GetAtt": ["Rule", "Arn"]}) == []
    assert "confused deputy" in invoked()[0]
    assert "another account" in invoked(Principal="111122223333")[0]
    assert "lambda:*" in invoked(SourceArn={"Fn::GetAtt": ["Rule", "Arn"]}, Action="lambda:*")[0]


TEXT = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:*"}]}'


@pytest.mark.parametrize("written", [TEXT, {"Fn::Sub": TEXT}, {"Fn::Join": ["", [TEXT[:40], TEXT[40:]]]}])
def test_policies_as_json_text_are_checked(written: Any) -> None:
    resource = {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": written}}
    assert len(findings_in(Data={"Resources": {"Bad": resource}})) == 2


def test_an_endpoint_without_a_policy_is_found() -> None:
    found = findings_in(Data={"Resources": {"Bad": {"Type": "AWS::EC2::VPCEndpoint"}}})
    assert any("admits every account" in finding for finding in found)
