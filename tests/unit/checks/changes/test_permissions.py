"""Permissions are wider if a statement allows something that no statement allowed before."""

from typing import Any

import pytest

from checks.changes.permissions import Widening, widenings
from checks.changes.replacements import moves
from tests.support.changes_sketch import APP, DATA, Sketch, att, ref, resource_id, stack_output

TRUST: dict[str, Any] = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
}
READ: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:one"}
TLS: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:one", "arn:one/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _policy(*statements: dict[str, Any]) -> Sketch:
    return (
        Sketch()
        .add("Role", "AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
        .add("Policy", "AWS::IAM::ManagedPolicy", Roles=[ref("Role")], PolicyDocument={"Statement": list(statements)})
    )


def _bucket(*statements: dict[str, Any]) -> Sketch:
    return (
        Sketch()
        .add("Bucket", "AWS::S3::Bucket")
        .add("Policy", "AWS::S3::BucketPolicy", Bucket=ref("Bucket"), PolicyDocument={"Statement": list(statements)})
    )


def _widenings(old: Sketch, new: Sketch) -> list[Widening]:
    before, after = old.templates, new.templates
    return widenings(before, after, moves(before, after))


def _summary(old: Sketch, new: Sketch) -> list[tuple[str, tuple[str, ...]]]:
    return [(widening.what, widening.details) for widening in _widenings(old, new)]


@pytest.mark.parametrize(
    "same",
    [
        [READ | {"Action": ["s3:GetObject"], "Resource": ["arn:one"]}],
        [READ | {"Action": "s3:getobject"}],
        [READ | {"Sid": "Named"}],
        [READ, READ],
        [READ | {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}],
        [],
    ],
    ids=["a list of one", "another case", "a Sid", "twice", "another condition", "nothing"],
)
def test_a_statement_that_allows_no_more_is_no_widening(same: list[dict[str, Any]]) -> None:
    assert _summary(_policy(READ), _policy(*same)) == []


def test_order_splitting_and_joining_are_no_widening() -> None:
    both = READ | {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:one", "arn:two"]}
    turned = READ | {"Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["arn:two", "arn:one"]}
    split = [both | {"Action": "s3:PutObject"}, both | {"Action": "s3:GetObject"}]
    for one, other in (([both], [turned]), ([both], split), (split, [both])):
        assert _summary(_policy(*one), _policy(*other)) == []


def test_a_statement_that_a_wildcard_already_covered_is_no_widening() -> None:
    wide = READ | {"Action": "s3:Get*", "Resource": "arn:one*"}
    assert _summary(_policy(wide), _policy(READ | {"Action": ["s3:GetObject", "s3:GetObjectTagging"]})) == []
    assert _summary(_policy(READ), _policy(wide)) == [("wider", ("+ action s3:Get*", "+ resource arn:one*"))]


def test_a_new_action_a_new_resource_and_a_new_statement_are_distinguished() -> None:
    more = READ | {"Action": ["s3:GetObject", "s3:DeleteObject"]}
    (widening,) = _widenings(_policy(READ), _policy(more))
    assert (widening.what, widening.statement) == ("wider", "Allow s3:DeleteObject on arn:one")
    assert widening.details == ("+ action s3:DeleteObject",)
    assert _summary(_policy(READ), _policy(READ | {"Resource": ["arn:one", "arn:two"]})) == [
        ("wider", ("+ resource arn:two",))
    ]
    assert _summary(
        _policy(READ), _policy(READ, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "q"})
    ) == [("new", ())]


@pytest.mark.parametrize(
    ("old", "new", "details"),
    [
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {}, ("- condition aws:SourceAccount StringEquals 1",)),
        (
            {"StringEquals": {"k": "1"}},
            {"StringEquals": {"k": ["1", "2"]}},
            ("- condition k StringEquals 1",),
        ),
        ({"StringEquals": {"k": ["1", "2"]}}, {"StringEquals": {"K": "2"}}, ()),
        ({"StringLike": {"k": "a*"}}, {"StringLike": {"k": "ab*"}}, ()),
        ({"StringLike": {"k": "ab*"}}, {"StringLike": {"k": "a*"}}, ("- condition k StringLike ab*",)),
        ({"ArnLike": {"k": "arn:*:x"}}, {"ArnLike": {"k": "arn:aws:x"}}, ()),
        (
            {"StringNotEquals": {"k": ["1", "2"]}},
            {"StringNotEquals": {"k": "1"}},
            ("- condition k StringNotEquals 1 or 2",),
        ),
        ({"StringNotEquals": {"k": "1"}}, {"StringNotEquals": {"k": ["1", "2"]}}, ()),
        ({"NumericLessThan": {"k": "10"}}, {"NumericLessThan": {"k": "20"}}, ("- condition k NumericLessThan 10",)),
        (
            {"NumericNotEquals": {"k": ["1", "2"]}},
            {"NumericNotEquals": {"k": "1"}},
            ("- condition k NumericNotEquals 1 or 2",),
        ),
        ({"Bool": {"k": "true"}}, {"Bool": {"k": "false"}}, ("- condition k Bool true",)),
        ({"StringEquals": {"k": "1"}}, {"StringLike": {"k": "1"}}, ("- condition k StringEquals 1",)),
        ({}, {"StringEquals": {"k": "1"}}, ()),
    ],
)
def test_a_condition_that_holds_more_often_is_a_widening(
    old: dict[str, Any], new: dict[str, Any], details: tuple[str, ...]
) -> None:
    expected = [("wider", details)] if details else []
    assert _summary(_policy(READ | {"Condition": old}), _policy(READ | {"Condition": new})) == expected


def test_not_action_and_not_resource_are_compared_by_what_they_allow() -> None:
    but_delete = {"Effect": "Allow", "NotAction": ["s3:Delete*"], "Resource": "*"}
    but_more = {"Effect": "Allow", "NotAction": ["s3:Delete*", "iam:*"], "Resource": "*"}
    assert _summary(_policy(but_delete), _policy(but_more)) == []
    assert _summary(_policy(but_more), _policy(but_delete)) == [("wider", ("+ action all except s3:Delete*",))]
    assert _summary(_policy(but_delete), _policy(READ)) == []
    assert _summary(_policy(but_delete), _policy(READ | {"Action": "s3:DeleteObject"})) != []
    assert _summary(_policy(but_delete), _policy(READ | {"Action": "s3:D*"})) != []
    assert _summary(_policy(READ | {"Action": "*", "Resource": "*"}), _policy(but_delete)) == []
    assert _summary(_policy(READ | {"Resource": "*"}), _policy(but_delete)) != []
    assert _summary(_policy({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:one"}), _policy(READ)) != []


def test_a_removed_or_narrower_deny_is_a_widening() -> None:
    assert _summary(_bucket(TLS), _bucket()) == [("lost", ())]
    assert _summary(_bucket(TLS), _bucket(TLS | {"Resource": "arn:one/*"})) == [("narrower", ("- resource arn:one",))]
    narrower = {"Condition": TLS["Condition"] | {"StringEquals": {"k": "1"}}}
    assert _summary(_bucket(TLS), _bucket(TLS | narrower)) == [("narrower", ("+ condition k StringEquals 1",))]


def test_a_new_or_wider_deny_is_no_widening() -> None:
    assert _summary(_bucket(), _bucket(TLS)) == []
    assert _summary(_bucket(TLS), _bucket(TLS | {"Action": "*", "Condition": {}})) == []


def test_a_deny_that_becomes_an_allow_is_both_lost_and_new() -> None:
    assert [what for what, _ in _summary(_bucket(TLS), _bucket(TLS | {"Effect": "Allow"}))] == ["new", "lost"]


def test_a_deny_that_is_removed_with_its_bucket_is_no_widening() -> None:
    assert _summary(_bucket(TLS), Sketch()) == []


def test_a_resource_policy_that_is_removed_with_its_deny_is_a_widening() -> None:
    assert _summary(_bucket(TLS), _bucket(TLS).changed().remove("Policy")) == [("lost", ())]


def test_more_principals_are_a_widening() -> None:
    one = {
        "Effect": "Allow",
        "Action": "sns:Publish",
        "Resource": "*",
        "Principal": {"Service": "events.amazonaws.com"},
    }
    two = one | {"Principal": {"Service": ["events.amazonaws.com", "s3.amazonaws.com"]}}
    anybody = one | {"Principal": "*"}

    def topic(statement: dict[str, Any]) -> Sketch:
        policy = {"Statement": [statement]}
        return (
            Sketch()
            .add("Topic", "AWS::SNS::Topic")
            .add("P", "AWS::SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=policy)
        )

    assert _summary(topic(one), topic(two)) == [("wider", ("+ principal s3.amazonaws.com",))]
    assert _summary(topic(two), topic(one)) == []
    assert _summary(topic(anybody), topic(one | {"Principal": {"AWS": "*"}})) == []
    assert _summary(topic(one), topic(anybody)) == [("wider", ("+ principal *",))]
    (widening,) = _widenings(topic(one), topic(two))
    assert (widening.holder.resource_id, widening.title) == (resource_id("Topic"), "can be used by more principals")


def test_a_wider_statement_is_compared_with_the_old_one_of_the_same_sid() -> None:
    other = READ | {"Sid": "One", "Resource": "arn:a", "Condition": {"Bool": {"k": "true"}}}
    same_sid = READ | {"Sid": "Two", "Resource": ["arn:a", "arn:z"]}
    wider = READ | {"Sid": "Two", "Resource": ["arn:a", "arn:b"]}
    assert _summary(_policy(other, same_sid), _policy(other, wider)) == [("wider", ("+ resource arn:b",))]


def test_trust_is_distinguished_from_permissions() -> None:
    ec2 = {"Statement": TRUST["Statement"][0] | {"Principal": {"Service": "ec2.amazonaws.com"}}}
    (widening,) = _widenings(_policy(READ), _policy(READ).changed().put("Role", AssumeRolePolicyDocument=ec2))
    assert widening.title == "can be assumed by more principals"
    assert widening.statement == "Allow sts:AssumeRole for ec2.amazonaws.com"


def test_the_same_permission_in_another_policy_of_the_same_role_is_no_widening() -> None:
    inline = Sketch().add(
        "Role", "AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, Policies=[{"PolicyDocument": {"Statement": [READ]}}]
    )
    named = (
        Sketch()
        .add("Role", "AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, ManagedPolicyArns=[ref("Named")])
        .add("Named", "AWS::IAM::ManagedPolicy", PolicyDocument={"Statement": [READ]})
    )
    for old, new in ((_policy(READ), inline), (inline, named), (named, _policy(READ))):
        assert _summary(old, new) == []


def test_a_renamed_role_is_compared_with_its_old_self() -> None:
    old, new = _policy(READ), Sketch()
    new.add("OutputReader", "AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
    new.add(
        "Other",
        "AWS::IAM::ManagedPolicy",
        Roles=[ref("OutputReader")],
        PolicyDocument={"Statement": [READ, READ | {"Action": "s3:PutObject", "Resource": "arn:two"}]},
    )
    (widening,) = _widenings(old, new)
    assert widening.holder.resource_id == resource_id("OutputReader")
    assert widening.statement == "Allow s3:PutObject on arn:two"


def test_an_aws_managed_policy_is_a_widening() -> None:
    new = _policy(READ).changed().put("Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])
    (widening,) = _widenings(_policy(READ), new)
    assert widening.statement == "Allow everything in arn:aws:iam::aws:policy/AdministratorAccess"


def test_a_removed_permissions_boundary_is_a_widening() -> None:
    bounded = _policy(READ).changed().put("Role", PermissionsBoundary="arn:boundary")
    assert _summary(bounded, _policy(READ)) == [("wider", ("- boundary arn:boundary",))]
    assert _summary(_policy(READ), bounded) == []


def test_key_queue_endpoint_and_function_policies_are_read() -> None:
    anybody: dict[str, Any] = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]}
    closed: dict[str, Any] = {"Statement": []}
    for type_, name in (
        ("AWS::KMS::Key", "KeyPolicy"),
        ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument"),
    ):
        old, new = Sketch().add("It", type_), Sketch().add("It", type_)
        old.put("It", DATA, **{name: closed})
        new.put("It", DATA, **{name: anybody})
        assert [widening.statement for widening in _widenings(old, new)] == ["Allow * on * for *"], type_
    invoked: dict[str, Any] = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": att("F", "Arn"),
        "Principal": "s3.amazonaws.com",
    }
    old = Sketch().add("F", "AWS::Lambda::Function").add("P", "AWS::Lambda::Permission", **invoked, SourceArn="arn:one")
    new = Sketch().add("F", "AWS::Lambda::Function").add("P", "AWS::Lambda::Permission", **invoked)
    (widening,) = _widenings(old, new)
    assert widening.holder.resource_id == resource_id("F")
    assert widening.details == ("- condition aws:SourceArn ArnLike arn:one",)


def test_an_endpoint_without_a_policy_allows_everything() -> None:
    closed = Sketch().add("It", "AWS::EC2::VPCEndpoint", PolicyDocument={"Statement": [READ | {"Principal": "*"}]})
    assert [widening.statement for widening in _widenings(closed, Sketch().add("It", "AWS::EC2::VPCEndpoint"))] == [
        "Allow * on * for *"
    ]


def test_a_policy_as_json_text_is_read_too() -> None:
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}'
    (widening,) = _widenings(Sketch(), Sketch().add("It", "AWS::Logs::ResourcePolicy", PolicyDocument=text))
    assert widening.statement == "Allow logs:* on *"


def test_a_policy_as_joined_json_text_is_read_too() -> None:
    pieces = ['{"Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "', att("Group", "Arn"), '"}]}']
    base = Sketch().add("Group", "AWS::Logs::LogGroup")
    new = base.changed().add("It", "AWS::Logs::ResourcePolicy", PolicyDocument={"Fn::Join": ["", pieces]})
    (widening,) = _widenings(base, new)
    assert widening.statement == f"Allow logs:* on ${{{DATA}/Group.Arn}}"


def test_resources_are_compared_by_their_references_across_stacks() -> None:
    def reader(resource: Any) -> Sketch:
        sketch = Sketch().add("Bucket", "AWS::S3::Bucket").output("Arn", att("Bucket", "Arn"))
        policy = {"Statement": [READ | {"Resource": resource}]}
        return sketch.add("Role", "AWS::IAM::Role", stack=APP, Policies=[{"PolicyDocument": policy}])

    whole = {"Fn::Join": ["", [stack_output("Arn"), "/*"]]}
    part = {"Fn::Sub": ["${Arn}/incoming/*", {"Arn": stack_output("Arn")}]}
    assert _summary(reader(whole), reader(part)) == []
    assert _summary(reader(part), reader(whole)) == [("wider", (f"+ resource ${{{DATA}/Bucket.Arn}}/*",))]
