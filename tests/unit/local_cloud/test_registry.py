"""The resource types that can be deployed locally."""

from pathlib import Path

import pytest

import local_cloud
from local_cloud.emulator import registration
from local_cloud.emulator.registration import Completed, Made, Recorded


def test_no_type_is_registered_twice() -> None:
    types = [resource.type for resource in registration.registry()]
    assert len(types) == len(set(types))


def test_only_types_that_the_emulator_lacks_are_added_and_only_its_own_are_completed() -> None:
    for resource in registration.registry():
        assert isinstance(resource, Completed) == (resource.type in registration.own_types()), resource.type


def test_each_module_is_named_for_its_type() -> None:
    folders = Path(local_cloud.__file__).parent.glob("*/registry")
    modules = {path.stem.replace("_", "") for folder in folders for path in folder.glob("*.py")} - {"init"}
    types = {"".join(resource.type.split("::")[1:]).lower() for resource in registration.registry()}
    assert modules == types


def test_a_type_in_neither_list_is_reported() -> None:
    assert registration.uncovered({"AWS::S3::Bucket", "AWS::EC2::EIP", "AWS::Quantum::Computer"}) == {
        "AWS::Quantum::Computer"
    }


def test_custom_resources_count_as_covered() -> None:
    assert registration.uncovered({"Custom::SchemaMigration"}) == set()


def test_every_recorded_type_says_what_is_missing() -> None:
    assert all(why.strip() for why in registration.recorded_types().values())


def test_a_recorded_type_keeps_its_physical_id_through_an_update() -> None:
    handlers = registration.handlers(Recorded(type="AWS::Some::Thing", why="none here"))
    physical_id, attributes = handlers["create"]("Thing", {}, "stack")
    assert attributes == {"Id": physical_id}
    assert handlers["update"](physical_id, {}, {"A": "b"}, "stack", "Thing") == (physical_id, {"Id": physical_id})


def test_an_update_deletes_a_made_type_before_it_creates_it_again() -> None:
    calls: list[str] = []

    def create(name: str, properties: registration.Properties) -> registration.Created:
        calls.append(f"create {properties['Port']}")
        return name, {}

    def delete(physical_id: str, properties: registration.Properties) -> None:
        calls.append(f"delete {properties['Port']}")

    handlers = registration.handlers(Made(type="AWS::Some::Rule", create=create, delete=delete))
    handlers["update"]("old", {"Port": 1}, {"Port": 2}, "stack", "Rule")
    assert calls == ["delete 1", "create 2"]


@pytest.mark.parametrize("change", ["create", "update"])
def test_a_completed_type_keeps_the_emulators_attributes_and_adds_to_them(change: str) -> None:
    stock = {
        "create": lambda logical_id, properties, stack: ("id", {"Arn": "stock", "Size": properties["Size"]}),
        "update": lambda physical_id, old, new, stack: ("id", {"Arn": "stock", "Size": new["Size"]}),
        "delete": lambda physical_id, properties: None,
    }
    handlers = registration.complete(
        Completed(
            type="AWS::Some::Thing",
            complete=lambda physical_id, properties, attributes: {"Endpoint": f"{physical_id}:{properties['Size']}"},
        ),
        stock,
    )
    made = (
        handlers["create"]("Thing", {"Size": 1}, "stack")
        if change == "create"
        else handlers["update"]("id", {"Size": 0}, {"Size": 1}, "stack")
    )
    assert made == ("id", {"Arn": "stock", "Size": 1, "Endpoint": "id:1"})
    assert handlers["delete"] is stock["delete"]


def test_a_completed_type_may_refuse_deletions_that_aws_refuses() -> None:
    def refuse(physical_id: str, properties: registration.Properties) -> None:
        raise ValueError(physical_id)

    original = {"create": None, "update": None, "delete": lambda physical_id, properties: None}
    resource = Completed(type="AWS::Some::Thing", complete=lambda *_: {}, delete=refuse)
    with pytest.raises(ValueError, match="bucket"):
        registration.complete(resource, original)["delete"]("bucket", {})
