"""A changed create-only property replaces a resource, and then those that refer to it by create-only properties."""

from checks.changes.replacements import OutputReader, consumers, moves, output_changes, replacements
from checks.templates import Output
from tests.support.changes_sketch import APP, DATA, Sketch, att, ref, resource_id, stack_output

BASE = (
    Sketch()
    .add("Key", "AWS::KMS::Key")
    .add("Group", "AWS::RDS::DBSubnetGroup", DBSubnetGroupName="one", SubnetIds=["a", "b"])
    .add(
        "Database",
        "AWS::RDS::DBInstance",
        DBSubnetGroupName=ref("Group"),
        StorageEncrypted=True,
        Port="5433",
        KmsKeyId=att("Key", "Arn"),
    )
    .output("Endpoint", att("Database", "Endpoint.Address"))
    .output("Port", att("Database", "Endpoint.Port"))
    .add("Function", "AWS::Lambda::Function", stack=APP, Environment={"Variables": {"HOST": stack_output("Endpoint")}})
    .add(
        "Rule",
        "AWS::EC2::SecurityGroupEgress",
        stack=APP,
        FromPort=stack_output("Port"),
        GroupId="sg",
        IpProtocol="tcp",
    )
)


def _replaced(new: Sketch, old: Sketch = BASE) -> dict[str, list[tuple[str, bool]]]:
    found = replacements(old.templates, new.templates)
    return {id_.logical_id: [(one.property, one.certain) for one in reasons] for id_, reasons in found.items()}


def test_the_same_templates_replace_nothing() -> None:
    assert _replaced(BASE.changed()) == {}


def test_a_create_only_property_replaces() -> None:
    (reason,) = replacements(BASE.templates, BASE.changed().put("Database", StorageEncrypted=False).templates)[
        resource_id("Database")
    ]
    assert (reason.property, reason.old, reason.new) == ("StorageEncrypted", "true", "false")
    assert reason.certain


def test_a_removed_or_added_create_only_property_replaces_too() -> None:
    without = BASE.changed()
    del without.stacks[DATA]["Resources"]["Database"]["Properties"]["StorageEncrypted"]
    assert _replaced(without) == {"Database": [("StorageEncrypted", True)]}
    assert _replaced(BASE, old=without) == {"Database": [("StorageEncrypted", True)]}


def test_a_conditional_property_may_replace() -> None:
    assert _replaced(BASE.changed().put("Database", Engine="postgres")) == {"Database": [("Engine", False)]}


def test_any_other_property_replaces_nothing() -> None:
    assert _replaced(BASE.changed().put("Database", DBInstanceClass="db.m8g.large", Tags=[])) == {}


def test_a_resource_that_refers_to_a_replaced_one_is_replaced_too() -> None:
    assert _replaced(BASE.changed().put("Group", DBSubnetGroupName="two")) == {
        "Group": [("DBSubnetGroupName", True)],
        "Database": [("DBSubnetGroupName", True)],
    }


def test_a_possible_replacement_causes_possible_replacements() -> None:
    old = BASE.changed().add("Copy", "AWS::RDS::DBProxyTargetGroup", DBProxyName=ref("Database"))
    assert _replaced(old.changed().put("Database", Engine="postgres"), old)["Copy"] == [("DBProxyName", False)]


def test_a_conditional_property_that_refers_to_a_replaced_resource_may_replace() -> None:
    old = BASE.changed().add("Copy", "AWS::RDS::DBInstance", SourceDBInstanceIdentifier=ref("Database"))
    new = old.changed().put("Database", StorageEncrypted=False)
    assert _replaced(new, old)["Copy"] == [("SourceDBInstanceIdentifier", False)]


def test_replacements_continue_through_outputs_into_other_stacks() -> None:
    old = (
        Sketch()
        .add("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
        .output("VpcId", ref("Vpc"))
        .add("Group", "AWS::EC2::SecurityGroup", stack=APP, VpcId=stack_output("VpcId"))
        .add("Rule", "AWS::EC2::SecurityGroupIngress", stack=APP, GroupId=att("Group", "GroupId"))
    )
    assert _replaced(old.changed().put("Vpc", CidrBlock="10.1.0.0/16"), old) == {
        "Vpc": [("CidrBlock", True)],
        "Group": [("VpcId", True)],
        "Rule": [("GroupId", True)],
    }


def test_a_rule_is_replaced_if_the_port_that_it_reads_changes() -> None:
    assert _replaced(BASE.changed().put("Database", Port="5434")) == {"Rule": [("FromPort", True)]}


def test_a_renamed_output_replaces_nothing() -> None:
    old = Sketch().add("Vpc", "AWS::EC2::VPC").output("Old", ref("Vpc"))
    old.add("Group", "AWS::EC2::SecurityGroup", stack=APP, VpcId=stack_output("Old"))
    new = Sketch().add("Vpc", "AWS::EC2::VPC").output("New", ref("Vpc"))
    new.add("Group", "AWS::EC2::SecurityGroup", stack=APP, VpcId=stack_output("New"))
    assert _replaced(new, old) == {}


def test_another_type_is_no_replacement_because_cloudformation_refuses_it() -> None:
    assert _replaced(BASE.changed().add("Database", "AWS::RDS::DBCluster", StorageEncrypted=False)) == {}


def test_consumers_are_found_through_every_output() -> None:
    assert consumers(BASE.templates, resource_id("Database")) == [
        OutputReader(resource_id=resource_id("Function", APP), property="Environment"),
        OutputReader(resource_id=resource_id("Rule", APP), property="FromPort"),
    ]
    assert consumers(BASE.templates, resource_id("Key")) == []


def test_an_output_that_passes_another_one_on_is_a_consumer() -> None:
    chained = (
        Sketch().add("Key", "AWS::KMS::Key").output("Arn", att("Key", "Arn")).output("Again", stack_output("Arn"), APP)
    )
    assert consumers(chained.templates, resource_id("Key")) == [
        OutputReader(resource_id=resource_id("Again", APP), property="an output")
    ]


def _outputs(new: Sketch, old: Sketch = BASE) -> dict[str, tuple[str | None, tuple[str, ...], bool]]:
    before, after = old.templates, new.templates
    changes = output_changes(before, after, replacements(before, after))
    return {change.output.name: (change.new, change.stale, change.broken) for change in changes}


def test_outputs_of_a_replaced_resource_change_and_unchanged_readers_are_stale() -> None:
    new = BASE.changed().put("Database", StorageEncrypted=False)
    assert _outputs(new) == {"Endpoint": (f"${{{DATA}/Database.Endpoint.Address}}", (APP,), False)}


def test_metadata_of_the_cdk_is_no_change_of_a_stack() -> None:
    new = BASE.changed().put("Database", StorageEncrypted=False)
    new.stacks[APP]["Resources"]["Function"]["Metadata"] = {"aws:cdk:path": "Dev/App/Function"}
    assert {stale for _, stale, _ in _outputs(new).values()} == {(APP,)}


def test_a_reader_whose_stack_changes_too_is_not_stale() -> None:
    new = BASE.changed().put("Database", StorageEncrypted=False).put("Function", APP, MemorySize=512)
    assert {stale for _, stale, _ in _outputs(new).values()} == {()}


def test_an_attribute_that_mirrors_a_property_changes_with_it() -> None:
    assert _outputs(BASE.changed().put("Database", Port="5434")) == {
        "Port": (f"${{{DATA}/Database.Endpoint.Port}}", (APP,), False)
    }


def test_a_changed_literal_is_reported_if_it_has_readers() -> None:
    old = BASE.changed().output("Port", "5433").output("Unread", "one")
    assert _outputs(old.changed().output("Port", "5434").output("Unread", "two"), old) == {
        "Port": ("5434", (APP,), False)
    }


def test_a_reader_of_an_output_that_does_not_exist_is_broken() -> None:
    new = BASE.changed()
    del new.stacks[DATA]["Outputs"]["Port"]
    new.put("Function", APP, Role=stack_output("Nothing"))
    assert _outputs(new) == {"Port": (None, (), True), "Nothing": (None, (), True)}


def test_a_removed_output_is_reported_with_its_former_readers_if_its_resource_is_removed() -> None:
    new = BASE.changed().remove("Function", APP).remove("Rule", APP)
    new.stacks[DATA]["Outputs"] = {}
    assert _outputs(new) == {}
    new.remove("Database")
    assert _outputs(new) == {"Endpoint": (None, (), False), "Port": (None, (), False)}
    (change, _) = output_changes(BASE.templates, new.templates, {})
    assert change.output == Output(stack=DATA, name="Endpoint")
    assert change.because == resource_id("Database")


def test_a_resource_that_moved_is_recognized_by_its_path_id_or_properties() -> None:
    path = {"Metadata": {"aws:cdk:path": "Dev/Data/Bucket/Resource"}}
    old = (
        Sketch()
        .add("Bucket", "AWS::S3::Bucket", attributes=path, BucketName="x")
        .add("Queue", "AWS::SQS::Queue", DelaySeconds=1)
        .add("Topic", "AWS::SNS::Topic", KmsMasterKeyId=ref("Key"), Tags=[{"Key": "Stack", "Value": "Data"}])
        .add("Secret", "AWS::SecretsManager::Secret", Description="one")
        .add("Role", "AWS::IAM::Role", Description="one")
    )
    new = (
        Sketch()
        .add("Landing", "AWS::S3::Bucket", attributes=path)
        .add("Queue", "AWS::SQS::Queue", stack=APP, DelaySeconds=2)
        .add("Alerts", "AWS::SNS::Topic", KmsMasterKeyId=stack_output("Key"), Tags=[{"Key": "Stack", "Value": "App"}])
        .add("Password", "AWS::SecretsManager::Secret", Description="two")
        .add("Other", "AWS::IAM::Role", Description="two")
    )
    assert moves(old.templates, new.templates) == {
        resource_id("Bucket"): resource_id("Landing"),
        resource_id("Queue"): resource_id("Queue", APP),
        resource_id("Topic"): resource_id("Alerts"),
        resource_id("Secret"): resource_id("Password"),  # the only stateful resource of its type
    }


def test_a_stateful_resource_that_moved_is_recognized_by_its_constructs_id() -> None:
    def queues(**paths: str) -> Sketch:
        sketch = Sketch()
        for number, (id_, path) in enumerate(paths.items()):
            attributes = {"Metadata": {"aws:cdk:path": path}}
            sketch.add(id_, "AWS::SQS::Queue", attributes=attributes, DelaySeconds=number + len(paths) * len(id_))
        return sketch

    old = queues(One="Dev/App/DeadLetters/Resource", Two="Dev/App/Undelivered/Resource")
    new = queues(Three="Dev/App/Ends/Undelivered/Resource", Four="Dev/App/Ends/DeadLetters/Resource")
    assert moves(old.templates, new.templates) == {
        resource_id("One"): resource_id("Four"),
        resource_id("Two"): resource_id("Three"),
    }


def test_similar_resources_are_not_confused() -> None:
    old = Sketch().add("One", "AWS::SQS::Queue").add("Two", "AWS::SQS::Queue")
    new = Sketch().add("Three", "AWS::SQS::Queue").add("Four", "AWS::SQS::Queue")
    assert moves(old.templates, new.templates) == {}
    assert moves(old.changed().remove("Two").templates, new.templates) == {}
    assert moves(old.templates, new.changed().remove("Four").templates) == {}
