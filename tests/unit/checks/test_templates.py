"""References lead to the same place, and read the same, however a template writes them."""

import pytest

from checks.templates import Output, Place, Reference, Templates

DATA, APP = "shop-dev-data", "shop-dev-app"
ARN = {"Fn::GetAtt": ["Bucket", "Arn"]}
TOLD = {
    "Fn::GetStackOutput": {"StackName": DATA, "OutputName": "BucketArn", "Region": {"Ref": "AWS::Region"}},
}
UNKNOWN = {"Fn::GetStackOutput": {"StackName": "shop-dev-web", "OutputName": "Address"}}
HOLDING = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"BucketArn": {"Value": ARN}}}
TEMPLATES = Templates(stacks={DATA: HOLDING, APP: {}})
BUCKET = Place(stack=DATA, id="Bucket")


def test_resources_are_found_by_type_and_by_place() -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    templates = Templates(stacks={**TEMPLATES.stacks, "shop-dev-pipeline": {"Resources": {"Queue": queue}}})
    place = Place(stack="shop-dev-pipeline", id="Queue")
    assert templates.resources("AWS::SQS::Queue") == {place: queue}
    assert templates.resources().keys() == {BUCKET, place}
    assert templates.resource(place) == queue
    assert templates.resource(Place(stack=DATA, id="Queue")) == {}


@pytest.mark.parametrize(
    ("value", "stack"),
    [
        ({"Fn::Join": ["", [ARN, "/incoming/*"]]}, DATA),
        ({"Fn::Join": ["", [{"Fn::GetAtt": "Bucket.Arn"}, "/incoming/*"]]}, DATA),
        ({"Fn::Sub": "${Bucket.Arn}/incoming/*"}, DATA),
        ({"Fn::Sub": ["${Arn}/incoming/*", {"Arn": ARN}]}, DATA),
        ({"Fn::Join": ["/", [TOLD, "incoming", "*"]]}, APP),
    ],
)
def test_one_value_reads_the_same_however_it_is_written(value: object, stack: str) -> None:
    assert TEMPLATES.text(value, stack) == f"${{{DATA}/Bucket.Arn}}/incoming/*"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"B": [1, True, "x"], "A": {"Ref": "AWS::Region"}}, "{A: <Region>, B: [1, true, x]}"),
        ({"Fn::Sub": "${!kept} ${AWS::Region}"}, "${!kept} <Region>"),
        (
            {"Fn::Select": [6, {"Fn::Split": [":", {"Ref": "Bucket"}]}]},
            f"(part 6 by : of ${{{DATA}/Bucket}})",
        ),
        ({"Fn::GetAZs": ""}, "GetAZs()"),
        (UNKNOWN, "${shop-dev-web.Address}"),
    ],
)
def test_values_read_as_one_line(value: object, text: str) -> None:
    assert TEMPLATES.text(value, DATA) == text


def test_references_are_followed_through_outputs_of_other_stacks() -> None:
    told = Output(stack=DATA, name="BucketArn")
    assert list(TEMPLATES.references({"Fn::Sub": ["${One}", {"One": TOLD}]}, APP)) == [
        Reference(place=BUCKET, attribute="Arn", output=told)
    ]
    assert list(TEMPLATES.reads([TOLD, UNKNOWN])) == [told, Output(stack="shop-dev-web", name="Address")]
    assert list(TEMPLATES.references(UNKNOWN, APP)) == []


def test_only_resources_are_referred_to() -> None:
    value = {"Fn::Sub": "${Bucket} ${!Bucket} ${AWS::Region} ${Parameter}"}
    assert list(TEMPLATES.references(value, DATA)) == [Reference(place=BUCKET)]
    assert list(TEMPLATES.references({"Fn::Sub": ["${Bucket}", {"Bucket": "a word"}]}, DATA)) == []


def test_a_text_names_the_resources_that_its_value_refers_to() -> None:
    value = {"Fn::Sub": "${Bucket} ${AWS::Region} ${Bucket.Arn} ${Parameter}"}
    text = TEMPLATES.text(value, DATA)
    assert list(TEMPLATES.named(text)) == list(TEMPLATES.references(value, DATA))
    assert [reference.text for reference in TEMPLATES.named(text)] == [
        f"${{{DATA}/Bucket}}",
        f"${{{DATA}/Bucket.Arn}}",
    ]


def test_a_stack_is_found_by_its_capability_too() -> None:
    by_capability = Templates(stacks={"Data": HOLDING, "App": {}})
    assert by_capability.text(TOLD, "App") == "${Data/Bucket.Arn}"
    assert [reference.place for reference in by_capability.references(TOLD, "App")] == [
        Place(stack="Data", id="Bucket")
    ]


def test_a_resource_that_moved_is_named_by_its_new_place() -> None:
    moved = TEMPLATES.moved({BUCKET: Place(stack=APP, id="Store")})
    assert moved.text(ARN, DATA) == f"${{{APP}/Store.Arn}}"
