"""The guard says what a deployment does to state, and what to do instead."""

from checks.changes.guard import Finding, findings
from checks.changes.stateful import deletion_policy, replace_policy, weaker
from checks.changes.wording import finding_lines
from tests.support.changes_sketch import APP, DATA, Sketch, att, place, ref, told

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
    .add("Function", "AWS::Lambda::Function", stack=APP, Environment={"BUCKET": told("BucketName")})
)


def _found(new: Sketch, old: Sketch = BASE) -> list[Finding]:
    return findings(old.templates, new.templates)


def _only(new: Sketch, old: Sketch = BASE) -> Finding:
    (finding,) = _found(new, old)
    return finding


def test_nothing_is_found_where_nothing_changes_or_only_what_can_change() -> None:
    assert _found(BASE.changed()) == []
    assert _found(BASE.changed().put("Bucket", VersioningConfiguration={}).add("Other", "AWS::S3::Bucket")) == []


def test_a_replaced_bucket_is_told_whole() -> None:
    finding = _only(BASE.changed().put("Bucket", BucketName="b"))
    assert finding.place == place("Bucket")
    assert finding.path == "Dev/Data/Bucket"
    assert finding.changes == ("BucketName: a -> b",)
    assert finding.consequence == (
        "CloudFormation replaces it. "
        "UpdateReplacePolicy Retain: it stays, outside every stack; the new one starts empty"
    )
    assert "put back BucketName" in finding.advice
    assert "copy the objects" in finding.advice
    assert [str(reader) for reader in finding.readers] == [f"{APP}/Function (Environment)"]


def test_what_may_be_replaced_is_said_to_be_so() -> None:
    assert "may replace it" in _only(BASE.changed().put("Database", Engine="postgres")).consequence


def test_the_weaker_of_both_policies_decides_what_a_replacement_loses() -> None:
    new = BASE.changed().put("Database", StorageEncrypted=False)
    assert "after a last snapshot" in _only(new).consequence
    new.stacks[DATA]["Resources"]["Database"]["UpdateReplacePolicy"] = "Delete"
    assert "it is deleted, and the database with it" in _found(new)[0].consequence


def test_a_new_logical_id_is_a_new_resource_and_both_ways_to_keep_the_old_one_are_told() -> None:
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


def test_what_is_gone_for_good_is_told_with_its_fate() -> None:
    finding = _only(BASE.changed().remove("Queue"))
    assert finding.changes == ("logical id: Queue -> (gone)",)
    assert finding.consequence == "DeletionPolicy Delete: it is deleted, and its messages with it"


def test_deletion_protection_is_told_where_it_stops_the_deployment() -> None:
    assert "its deletion protection makes the deletion fail" in _only(BASE.changed().remove("Database")).consequence
    kept = BASE.changed()
    kept.stacks[DATA]["Resources"]["Database"]["DeletionPolicy"] = "Retain"
    assert "protection" not in _only(kept.changed().remove("Database"), kept).consequence


def test_a_move_to_another_stack_is_told() -> None:
    finding = _only(BASE.changed().remove("Queue").add("Queue", "AWS::SQS::Queue", stack=APP))
    assert finding.changes == (f"logical id: Queue -> {APP}/Queue, in another stack",)
    assert f"keep it in {DATA}" in finding.advice


def test_another_type_under_the_same_id_is_told_to_fail() -> None:
    finding = _only(BASE.changed().add("Queue", "AWS::SNS::Topic"))
    assert finding.changes == ("type: AWS::SQS::Queue -> AWS::SNS::Topic",)
    assert "the deployment fails" in finding.consequence


def test_lost_removal_policies_are_told_one_by_one() -> None:
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


def test_a_stack_that_is_gone_is_one_finding_that_names_what_it_holds() -> None:
    new = BASE.changed()
    new.stacks["acme-dev-data"] = new.stacks.pop(DATA)
    first = _found(new)[0]
    assert str(first.place) == f"{DATA}/*"
    assert first.changes == (f"stack name: {DATA} -> (gone), there are only {APP}, acme-dev-data",)
    assert "Bucket, Database, Queue" in first.consequence


def test_lost_termination_protection_of_a_stack_that_holds_something_is_told() -> None:
    old = BASE.changed()
    for stack in old.stacks.values():
        stack["TerminationProtection"] = True
    new = old.changed()
    for stack in new.stacks.values():
        stack["TerminationProtection"] = False
    finding = _only(new, old)
    assert (str(finding.place), finding.changes) == (f"{DATA}/*", ("termination protection: on -> off",))
    assert _found(old, new) == []


def test_an_output_that_changes_for_others_is_told_with_its_readers_and_the_order() -> None:
    old = BASE.changed().output("Port", "5433").put("Function", APP, Port=told("Port"))
    finding = _only(old.changed().output("Port", "5434"), old)
    assert finding.changes == ("value: 5433 -> 5434",)
    assert "`cdk deploy` skips it" in finding.consequence
    assert f"deploy it after {DATA}" in finding.advice
    gone = old.changed()
    del gone.stacks[DATA]["Outputs"]["Port"]
    assert "can't be deployed" in _only(gone, old).consequence


def test_what_replaces_a_network_resource_reaches_the_readers_as_well() -> None:
    old = (
        BASE.changed()
        .add("Group", "AWS::EC2::SecurityGroup", GroupDescription="a")
        .output("Id", att("Group", "GroupId"))
    )
    old.put("Function", APP, Group=told("Id"))
    finding = _only(old.changed().put("Group", GroupDescription="b"), old)
    assert finding.changes == (f"value: ${{{DATA}/Group.GroupId}}, as {DATA}/Group is replaced",)


def test_the_paragraph_names_everything_and_fits_a_terminal() -> None:
    said = finding_lines([_only(BASE.changed().put("Bucket", BucketName="b" * 200))], {DATA: "data", APP: "app"})
    assert said[0].strip() == "data/Bucket  AWS::S3::Bucket"
    assert [line.split()[0] for line in said if line.startswith("      ") and line[6] != " "] == [
        "construct",
        "change",
        "then",
        "read",
        "do",
    ]
    assert max(len(line) for line in said) <= 110


def test_outputs_of_one_fate_stand_in_one_paragraph_and_long_ids_are_cut() -> None:
    old = BASE.changed().output("One", "1").output("Two", "1").add("F" * 100, "AWS::Lambda::Function", stack=APP)
    old.put("F" * 100, APP, One=told("One"), Two=told("Two"))
    said = finding_lines(_found(old.changed().output("One", "2").output("Two", "2"), old), {DATA: "data", APP: "app"})
    assert said[:4] == [
        "  data/One  an output",
        "  data/Two  an output",
        "      change     value: 1 -> 2",
        "      change     value: 1 -> 2",
    ]
    assert sum(line.startswith("      read by") for line in said) == 1
    assert not any("Each keeps the old value" in line for line in said)  # which the consequence says already
    assert max(len(line) for line in said) <= 110


def test_default_policies_are_those_of_cloudformation() -> None:
    assert deletion_policy({"Type": "AWS::S3::Bucket"}) == "Delete"
    assert deletion_policy({"Type": "AWS::RDS::DBInstance"}) == "Snapshot"
    assert deletion_policy({"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": "x"}}) == "Delete"
    assert replace_policy({"Type": "AWS::RDS::DBInstance"}) == "Delete"


def test_policies_are_ranked_by_what_they_keep() -> None:
    assert weaker("Delete", "Snapshot")
    assert weaker("Snapshot", "RetainExceptOnCreate")
    assert not weaker("RetainExceptOnCreate", "Retain")
    assert not weaker("Retain", "Delete")
