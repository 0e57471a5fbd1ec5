"""Each ban, seen to refuse a template that breaks it, and to let pass what it must."""

from typing import Any

import pytest

from checks.permissions.bans import Judge
from checks.templates import Templates

ROOT = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"]]}
OWN = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
IDENTITY = {"Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
OF_QUEUE = IDENTITY | {"Principal": {"Service": "events.amazonaws.com"}, "Condition": OWN}
# An account in writing is somebody else's, as long as the environment doesn't name it as its own.
TRUST = {"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
ENDPOINT = {"Action": "s3:GetObject", "Principal": {"AWS": "*"}}
# Another stack, where the name of a parameter is that of a resource.
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
    """What is said of one resource with that statement, beside a role of ours."""
    document: Any = {"Statement": [{"Effect": "Allow"} | statement]}
    for name in reversed(path.split(".")):
        document = [document] if name == "0" else {name: document}
    resources = {
        "Bad": {"Type": type_, "Properties": document},
        "Ours": {"Type": "AWS::IAM::Role"},
        "Rule": {"Type": "AWS::Events::Rule"},
    }
    template = {"Parameters": {"Parameter": {"Type": "String"}}, "Resources": resources}
    return judged(account=account, Data=template, Web=ELSEWHERE)


def judged(*, account: str | None = None, **stacks: Any) -> list[str]:
    return Judge(account=account).findings(Templates(stacks=stacks))


def of_queue(**changes: Any) -> list[str]:
    return findings(OF_QUEUE | changes, type_="AWS::SQS::QueuePolicy")


def trusting(**changes: Any) -> list[str]:
    return findings(TRUST | changes, type_="AWS::IAM::Role", path="AssumeRolePolicyDocument")


def endpoint(**changes: Any) -> list[str]:
    return findings(ENDPOINT | changes, type_="AWS::EC2::VPCEndpoint")


def test_what_is_narrow_passes() -> None:
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
def test_no_action_is_a_wildcard_wherever_the_policy_stands(action: Any, type_: str, path: str) -> None:
    found, *_ = findings(IDENTITY | {"Action": action}, type_=type_, path=path)
    assert found.startswith(f"Data/Bad ({type_}), {path.replace('.0', '[0]')}.Statement[0]: ")
    assert "allows actions that nobody asked for: list those that are called" in found


def test_only_the_account_itself_administers_a_key() -> None:
    administration = {"Action": "kms:*", "Resource": "*"}
    assert findings(administration | {"Principal": {"AWS": ROOT}}, type_="AWS::KMS::Key", path="KeyPolicy") == []
    role = {"Principal": {"AWS": {"Fn::GetAtt": ["Ours", "Arn"]}}}
    assert "kms:*" in findings(administration | role, type_="AWS::KMS::Key", path="KeyPolicy")[0]
    assert "kms:*" in findings(administration)[0]


@pytest.mark.parametrize("name", ["NotAction", "NotResource", "NotPrincipal"])
def test_nothing_is_allowed_by_what_it_is_not(name: str) -> None:
    (found,) = findings(IDENTITY | {name: "x"})
    assert f"Allow with {name}" in found


def test_a_denial_may_be_wide() -> None:
    assert of_queue(Effect="Deny", Action="sqs:*", Principal="*", NotResource="x", Condition={}) == []


@pytest.mark.parametrize("action", ["iam:PassRole", "IAM:passrole"])
def test_a_role_is_passed_to_a_named_service_only(action: str) -> None:
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
def test_a_role_is_passed_to_services_in_writing(condition: Any) -> None:
    passing = {"Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["Ours", "Arn"]}}
    (found,) = findings(passing | {"Condition": condition})
    assert "StringEquals iam:PassedToService" in found
    literal = {"StringLike": {"iam:PassedToService": ["scheduler.amazonaws.com", "ec2.amazonaws.com.cn"]}}
    assert findings(passing | {"Condition": literal}) == []


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:iam::111122223333:role/*",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/shop-*"},
        [{"Fn::GetAtt": ["Ours", "Arn"]}, "arn:aws:iam::*:role/x"],
        "arn:aws:iam::111122223333:role/shop-?",
    ],
)
def test_no_passed_role_is_a_wildcard(resource: Any) -> None:
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
def test_nobody_of_another_account_comes_in(principal: Any) -> None:
    (found,) = trusting(Principal=principal)
    assert "account" in found
    assert "role" in found


def test_an_account_in_writing_is_ours_where_the_environment_says_so() -> None:
    ours = TRUST | {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    place = {"type_": "AWS::IAM::Role", "path": "AssumeRolePolicyDocument"}
    assert findings(ours, account="111122223333", **place) == []
    assert findings(ours, **place) != []


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
def test_everybody_is_pinned_to_the_account(principal: Any, condition: Any) -> None:
    (found,) = of_queue(Principal=principal, Condition=condition)
    assert "principal * lets every account in" in found
    pinned = {"StringEquals": {"AWS:principalaccount": {"Ref": "AWS::AccountId"}}}
    assert of_queue(Principal=principal, Condition=condition | pinned) == []


def test_an_organisation_pins_too() -> None:
    assert of_queue(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}) == []


def test_endpoints_lead_to_this_account_or_to_named_buckets_of_aws() -> None:
    assert endpoint(Resource="*", Condition={"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}) == []
    assert endpoint(Resource="arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*") == []
    for changes in (
        {"Resource": "*"},
        {"Resource": ["arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*", "arn:aws:s3:::other/*"]},
        {"Resource": "arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*", "Action": ["s3:GetObject", "s3:PutObject"]},
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
def test_no_service_acts_for_another_account(condition: Any) -> None:
    (found,) = of_queue(Condition=condition)
    assert "confused deputy" in found
    assert "aws:SourceAccount or aws:SourceArn" in found


@pytest.mark.parametrize(
    "condition",
    [
        OWN,
        {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}},
        {"ArnEquals": {"aws:SourceArn": {"Ref": "Rule"}}},
        {"ArnEquals": {"aws:SourceArn": {"Fn::GetStackOutput": {"StackName": "shop-dev-web", "OutputName": "Rule"}}}},
        {"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:aws:events:eu-central-1:${AWS::AccountId}:rule/*"}}},
    ],
)
def test_a_service_is_pinned_by_account_or_by_resource(condition: Any) -> None:
    assert of_queue(Condition=condition) == []


def test_a_service_without_a_pin_is_named_with_what_it_may_do() -> None:
    assert "confused deputy" in trusting(Principal={"Service": "scheduler.amazonaws.com"})[0]
    assert "confused deputy" in trusting(Action=["sts:AssumeRole", "sts:TagSession"])[0]
    assert "confused deputy" in of_queue(Principal={"Service": "lambda.amazonaws.com"}, Condition={})[0]


def test_permissions_of_functions_are_judged_too() -> None:
    def invoked(**changes: Any) -> list[str]:
        permission = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "events.amazonaws.com",
        }
        resource = {"Type": "AWS::Lambda::Permission", "Properties": permission | changes}
        return judged(Web={"Resources": {"Bad": resource, "Rule": {"Type": "AWS::Events::Rule"}}})

    assert invoked(SourceArn={"Fn::GetAtt": ["Rule", "Arn"]}) == []
    assert "confused deputy" in invoked()[0]
    assert "another account" in invoked(Principal="111122223333")[0]
    assert "lambda:*" in invoked(SourceArn={"Fn::GetAtt": ["Rule", "Arn"]}, Action="lambda:*")[0]


TEXT = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:*"}]}'


@pytest.mark.parametrize("written", [TEXT, {"Fn::Sub": TEXT}, {"Fn::Join": ["", [TEXT[:40], TEXT[40:]]]}])
def test_policies_written_as_text_are_judged_too(written: Any) -> None:
    resource = {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": written}}
    assert len(judged(Web={"Resources": {"Bad": resource}})) == 2
