"""References are resolved, and written as text, in the same way however a template writes them."""

import pytest

from checks.templates import Output, Reference, ResourceId, Templates

DATA, APP = "sketch-data", "sketch-app"
ARN = {"Fn::GetAtt": ["Bucket", "Arn"]}
FROM_OUTPUT = {
    "Fn::GetStackOutput": {"StackName": DATA, "OutputName": "BucketArn", "Region": {"Ref": "AWS::Region"}},
}
UNKNOWN = {"Fn::GetStackOutput": {"StackName": "sketch-other", "OutputName": "Address"}}
WITH_BUCKET = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"BucketArn": {"Value": ARN}}}
TEMPLATES = Templates(stacks={DATA: WITH_BUCKET, APP: {}})
BUCKET = ResourceId(stack=DATA, logical_id="Bucket")


def test_resources_are_found_by_type_and_by_id() -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    templates = Templates(stacks={**TEMPLATES.stacks, "sketch-queues": {"Resources": {"Queue": queue}}})
    id_ = ResourceId(stack="sketch-queues", logical_id="Queue")
    assert templates.resources("AWS::SQS::Queue") == {id_: queue}
    assert templates.resources().keys() == {BUCKET, id_}
    assert templates.resource(id_) == queue
    assert templates.resource(ResourceId(stack=DATA, logical_id="Queue")) == {}


@pytest.mark.parametrize(
    ("value", "stack"),
    [
        ({"Fn::Join": ["", [ARN, "/incoming/*"]]}, DATA),
        ({"Fn::Join": ["", [{"Fn::GetAtt": "Bucket.Arn"}, "/incoming/*"]]}, DATA),
        ({"Fn::Sub": "${Bucket.Arn}/incoming/*"}, DATA),
        ({"Fn::Sub": ["${Arn}/incoming/*", {"Arn": ARN}]}, DATA),
        ({"Fn::Join": ["/", [FROM_OUTPUT, "incoming", "*"]]}, APP),
    ],
)
def test_equal_values_have_equal_texts(value: object, stack: str) -> None:
    assert TEMPLATES.text(value, stack) == f"${{{DATA}/Bucket.Arn}}/incoming/*"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"B": [1, True, "x"], "A": {"Ref": "AWS::Region"}}, "{A: <Region>, B: [1, true, x]}"),
        ({"Fn::Sub": "${!kept} ${AWS::Region}"}, "${!kept} <Region>"),
        (
            {"Fn::Select": [6, {"Fn::Split": [":", {"Ref": "Bucket"}]}]},
            f"(item 6 of ${{{DATA}/Bucket}} split at :)",
        ),
        ({"Fn::GetAZs": ""}, "GetAZs()"),
        (UNKNOWN, "${sketch-other.Address}"),
    ],
)
def test_a_text_is_one_line(value: object, text: str) -> None:
    assert TEMPLATES.text(value, DATA) == text


def test_references_are_followed_through_outputs_of_other_stacks() -> None:
    output = Output(stack=DATA, name="BucketArn")
    assert list(TEMPLATES.references({"Fn::Sub": ["${One}", {"One": FROM_OUTPUT}]}, APP)) == [
        Reference(resource_id=BUCKET, attribute="Arn", output=output)
    ]
    assert list(TEMPLATES.reads([FROM_OUTPUT, UNKNOWN])) == [output, Output(stack="sketch-other", name="Address")]
    assert list(TEMPLATES.references(UNKNOWN, APP)) == []


def test_only_resources_are_references() -> None:
    value = {"Fn::Sub": "${Bucket} ${!Bucket} ${AWS::Region} ${Parameter}"}
    assert list(TEMPLATES.references(value, DATA)) == [Reference(resource_id=BUCKET)]
    assert list(TEMPLATES.references({"Fn::Sub": ["${Bucket}", {"Bucket": "a word"}]}, DATA)) == []


def test_a_text_names_the_resources_that_its_value_refers_to() -> None:
    value = {"Fn::Sub": "${Bucket} ${AWS::Region} ${Bucket.Arn} ${Parameter}"}
    text = TEMPLATES.text(value, DATA)
    assert list(TEMPLATES.named(text)) == list(TEMPLATES.references(value, DATA))
    assert [reference.text for reference in TEMPLATES.named(text)] == [
        f"${{{DATA}/Bucket}}",
        f"${{{DATA}/Bucket.Arn}}",
    ]


def test_stacks_may_have_other_keys_than_their_names() -> None:
    by_key = Templates(stacks={"Data": WITH_BUCKET, "App": {}}, keys={DATA: "Data", APP: "App"})
    assert by_key.text(FROM_OUTPUT, "App") == "${Data/Bucket.Arn}"
    assert [reference.resource_id for reference in by_key.references(FROM_OUTPUT, "App")] == [
        ResourceId(stack="Data", logical_id="Bucket")
    ]


def test_a_resource_that_moved_has_its_new_id_in_texts() -> None:
    moved = TEMPLATES.with_moves({BUCKET: ResourceId(stack=APP, logical_id="Store")})
    assert moved.text(ARN, DATA) == f"${{{APP}/Store.Arn}}"
