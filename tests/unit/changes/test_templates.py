"""References are told apart by what they point to, not by how they are written."""

import pytest

from tests.unit.changes.sketch import APP, DATA, Sketch, att, place, ref, told
from tools.changes.errors import ChangesError
from tools.changes.templates import Output, Reference, masked, templates

SKETCH = Sketch().add("Bucket", "AWS::S3::Bucket").output("BucketArn", att("Bucket", "Arn"))


@pytest.mark.parametrize(
    ("value", "stack"),
    [
        ({"Fn::Join": ["", [att("Bucket", "Arn"), "/incoming/*"]]}, DATA),
        ({"Fn::Join": ["", [{"Fn::GetAtt": "Bucket.Arn"}, "/incoming/*"]]}, DATA),
        ({"Fn::Sub": "${Bucket.Arn}/incoming/*"}, DATA),
        ({"Fn::Sub": ["${Arn}/incoming/*", {"Arn": att("Bucket", "Arn")}]}, DATA),
        ({"Fn::Join": ["/", [told("BucketArn"), "incoming", "*"]]}, APP),
    ],
)
def test_one_value_reads_the_same_however_it_is_written(value: object, stack: str) -> None:
    assert SKETCH.templates.text(value, stack) == f"${{{DATA}/Bucket.Arn}}/incoming/*"


def test_values_read_as_one_line() -> None:
    text = SKETCH.templates.text
    assert text({"B": [1, True, "x"], "A": ref("AWS::Region")}, DATA) == "{A: ${AWS::Region}, B: [1, true, x]}"
    assert text({"Fn::Sub": "${!kept} ${AWS::Region}"}, DATA) == "${!kept} ${AWS::Region}"
    assert (
        text({"Fn::Select": [6, {"Fn::Split": [":", ref("Bucket")]}]}, DATA) == f"(part 6 by : of ${{{DATA}/Bucket}})"
    )
    assert text({"Fn::GetAZs": ""}, DATA) == "GetAZs()"
    assert text(told("Nothing"), APP) == f"${{{DATA}.Nothing}}"


def test_references_are_followed_through_outputs_of_other_stacks() -> None:
    value = {"Fn::Sub": ["${One}", {"One": told("BucketArn")}]}
    assert list(SKETCH.templates.references(value, APP)) == [
        Reference(place=place("Bucket"), attribute="Arn", output=Output(stack=DATA, name="BucketArn"))
    ]
    assert list(SKETCH.templates.references({"Fn::Sub": "${Bucket} ${!Bucket} ${AWS::Region}"}, DATA)) == [
        Reference(place=place("Bucket"))
    ]


def test_a_resource_that_moved_is_named_by_its_new_place() -> None:
    moved = SKETCH.templates.moved({place("Bucket"): place("Store", APP)})
    assert moved.text(att("Bucket", "Arn"), DATA) == f"${{{APP}/Store.Arn}}"


def test_code_is_masked_where_that_is_asked_for_and_version_ids_always() -> None:
    version = "FunctionCurrentVersion8AFE8E85" + "b" * 32
    template = {"Resources": {version: {"Key": "a" * 64 + ".zip"}}}
    assert '"FunctionCurrentVersion8AFE8E85<hash>"' in masked(template)
    assert '"<hash>.zip"' in masked(template)
    assert "a" * 64 + ".zip" in masked(template, with_code=True)
    assert version not in masked(template, with_code=True)


def test_no_template_at_all_is_refused() -> None:
    with pytest.raises(ChangesError, match="no template"):
        templates({})
