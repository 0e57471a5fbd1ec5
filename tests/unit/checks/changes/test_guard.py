"""The guard reports what a deployment does to stateful resources, and what to do instead."""

from checks.changes.formatting import finding_lines
from checks.changes.guard import Finding, findings
from checks.changes.stateful import deletion_policy, replace_policy, weaker
from tests.support.changes_sketch import APP, DATA, Sketch, att, ref, resource_id, stack_output

KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
SNAPSHOT = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
BASE = (
    Sketch()
    .add(
        "Bucket",
        "AWS::S3::Bucket",
        attributes={**KEPT, "Metadata": {"aws:cdk:path": "Dev/Data/Bucket"}},
        BucketName="a",
    )
    .add("Database", "AWS::RDS::DBInstance", attributes=SNAPSHOT, StorageEncrypted=True, DeletionProtection=True)
    .add("Queue", "AWS::SQS::Queue", attributes={"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"})
    .output("BucketName", ref("Bucket"))
    .add("Function", "AWS::Lambda::Function", stack=APP, Environment={"BUCKET": stack_output("BucketName")})
)


def _found(new: Sketch, old: Sketch = BASE) -> list[Finding]:
    return findings(old.templates, new.templates)


def _only(new: Sketch, old: Sketch = BASE) -> Finding:
    (finding,) = _found(new, old)
    return finding


def test_there_is_no_finding_without_a_change_or_for_an_update_in_place() -> None:
    assert _found(BASE.changed()) == []
    assert _found(BASE.changed().put("Bucket", VersioningConfiguration={}).add("Other", "AWS::S3::Bucket")) == []


def test_a_finding_about_a_replaced_bucket_is_complete() -> None:
    finding = _only(BASE.changed().put("Bucket", BucketName="b"))
    assert finding.resource_id == resource_id("Bucket")
    assert finding.path == "Dev/Data/Bucket"
    assert finding.changes == ("BucketName: a -> b",)
    assert finding.consequence == (
        "CloudFormation replaces it. "
        "UpdateReplacePolicy Retain: it is retained outside of any stack; the new one starts empty"
    )
    assert "restore BucketName" in finding.advice
    assert "copy the objects" in finding.advice
    assert [str(reader) for reader in finding.readers] == [f"{APP}/Function (Environment)"]


def test_a_possible_replacement_is_reported_as_possible() -> None:
    assert "may replace it" in _only(BASE.changed().put("Database", Engine="postgres")).consequence


def test_the_weaker_of_both_policies_decides_what_a_replacement_loses() -> None:
    new = BASE.changed().put("Database", StorageEncrypted=False)
    assert "after a final snapshot" in _only(new).consequence
    new.stacks[DATA]["Resources"]["Database"]["UpdateReplacePolicy"] = "Delete"
    assert "it is deleted, and the database with it" in _found(new)[0].consequence


def test_a_new_logical_id_is_reported_with_both_ways_to_keep_the_old_resource() -> None:
    new = (
        BASE.changed()
        .remove("Bucket")
        .add("Store", "AWS::S3::Bucket", BucketName="a")
        .output("BucketName", ref("Store"))
    )
    finding = _only(new)
    assert finding.changes == ("logical id: Bucket -> Store",)
    assert "DeletionPolicy Retain" in finding.consequence
    assert "override_logical_id('Bucket')" in finding.advice
    assert "cdk refactor" in finding.advice
    assert [str(reader) for reader in finding.readers] == [f"{APP}/Function (Environment)"]


def test_a_removed_resource_is_reported_with_the_loss_of_its_content() -> None:
    finding = _only(BASE.changed().remove("Queue"))
    assert finding.changes == ("logical id: Queue -> (removed)",)
    assert finding.consequence == "DeletionPolicy Delete: it is deleted, and its messages with it"


def test_deletion_protection_is_reported_if_it_stops_the_deployment() -> None:
    assert "its deletion protection makes the deletion fail" in _only(BASE.changed().remove("Database")).consequence
    kept = BASE.changed()
    kept.stacks[DATA]["Resources"]["Database"]["DeletionPolicy"] = "Retain"
    assert "protection" not in _only(kept.changed().remove("Database"), kept).consequence


def test_a_move_to_another_stack_is_reported() -> None:
    finding = _only(BASE.changed().remove("Queue").add("Queue", "AWS::SQS::Queue", stack=APP))
    assert finding.changes == (f"logical id: Queue -> {APP}/Queue, in another stack",)
    assert f"keep it in {DATA}" in finding.advice


def test_another_type_with_the_same_logical_id_is_reported_to_fail() -> None:
    finding = _only(BASE.changed().add("Queue", "AWS::SNS::Topic"))
    assert finding.changes == ("type: AWS::SQS::Queue -> AWS::SNS::Topic",)
    assert "the deployment fails" in finding.consequence


def test_weaker_removal_policies_are_separate_findings() -> None:
    new = BASE.changed()
    new.stacks[DATA]["Resources"]["Bucket"] |= {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    assert [finding.changes for finding in _found(new)] == [
        ("DeletionPolicy: Retain -> Delete",),
        ("UpdateReplacePolicy: Retain -> Delete",),
    ]


def test_a_stronger_or_equal_removal_policy_is_no_finding() -> None:
    new = BASE.changed()
    new.stacks[DATA]["Resources"]["Bucket"]["DeletionPolicy"] = "RetainExceptOnCreate"
    new.stacks[DATA]["Resources"]["Database"]["DeletionPolicy"] = "Retain"
    assert _found(new) == []


def test_a_removed_stack_is_one_finding_that_names_its_stateful_resources() -> None:
    new = BASE.changed()
    new.stacks["renamed-data"] = new.stacks.pop(DATA)
    first = _found(new)[0]
    assert str(first.resource_id) == f"{DATA}/*"
    assert first.changes == (f"stack name: {DATA} -> (removed), there are only {APP}, renamed-data",)
    assert "Bucket, Database, Queue" in first.consequence


def test_lost_termination_protection_of_a_stack_with_stateful_resources_is_reported() -> None:
    old = BASE.changed()
    for stack in old.stacks.values():
        stack["TerminationProtection"] = True
    new = old.changed()
    for stack in new.stacks.values():
        stack["TerminationProtection"] = False
    finding = _only(new, old)
    assert (str(finding.resource_id), finding.changes) == (f"{DATA}/*", ("termination protection: on -> off",))
    assert _found(old, new) == []


def test_an_output_that_changes_is_reported_with_its_readers_and_the_order_of_deployment() -> None:
    old = BASE.changed().output("Port", "5433").put("Function", APP, Port=stack_output("Port"))
    finding = _only(old.changed().output("Port", "5434"), old)
    assert finding.changes == ("value: 5433 -> 5434",)
    assert f"`cdk deploy` skips unchanged stacks: {APP}" in finding.consequence
    assert f"deploy after {DATA}" in finding.advice
    removed = old.changed()
    del removed.stacks[DATA]["Outputs"]["Port"]
    assert "their deployment fails" in _only(removed, old).consequence


def test_the_replacement_of_a_stateless_resource_is_reported_for_its_readers() -> None:
    old = (
        BASE.changed()
        .add("Group", "AWS::EC2::SecurityGroup", GroupDescription="a")
        .output("Id", att("Group", "GroupId"))
    )
    old.put("Function", APP, Group=stack_output("Id"))
    finding = _only(old.changed().put("Group", GroupDescription="b"), old)
    assert finding.changes == (f"value: ${{{DATA}/Group.GroupId}}, because {DATA}/Group is replaced",)


def test_a_paragraph_is_complete_and_fits_a_terminal() -> None:
    found = finding_lines([_only(BASE.changed().put("Bucket", BucketName="b" * 200))], {DATA: "data", APP: "app"})
    assert found[0].strip() == "data/Bucket  AWS::S3::Bucket"
    assert [line.split()[0] for line in found if line.startswith("      ") and line[6] != " "] == [
        "construct",
        "change",
        "effect",
        "read",
        "do",
    ]
    assert max(len(line) for line in found) <= 110


def test_outputs_with_the_same_consequence_share_a_paragraph_and_long_ids_are_shortened() -> None:
    old = BASE.changed().output("One", "1").output("Two", "1").add("F" * 100, "AWS::Lambda::Function", stack=APP)
    old.put("F" * 100, APP, One=stack_output("One"), Two=stack_output("Two"))
    found = finding_lines(_found(old.changed().output("One", "2").output("Two", "2"), old), {DATA: "data", APP: "app"})
    assert found[:4] == [
        "  data/One  an output",
        "  data/Two  an output",
        "      change     value: 1 -> 2",
        "      change     value: 1 -> 2",
    ]
    assert sum(line.startswith("      read by") for line in found) == 1
    assert not any("Each keeps the old value" in line for line in found)  # the consequence says so
    assert max(len(line) for line in found) <= 110


def test_default_policies_are_those_of_cloudformation() -> None:
    assert deletion_policy({"Type": "AWS::S3::Bucket"}) == "Delete"
    assert deletion_policy({"Type": "AWS::RDS::DBInstance"}) == "Snapshot"
    assert deletion_policy({"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": "x"}}) == "Delete"
    assert replace_policy({"Type": "AWS::RDS::DBInstance"}) == "Delete"


def test_policies_are_ordered_by_how_much_they_keep() -> None:
    assert weaker("Delete", "Snapshot")
    assert weaker("Snapshot", "RetainExceptOnCreate")
    assert not weaker("RetainExceptOnCreate", "Retain")
    assert not weaker("Retain", "Delete")
