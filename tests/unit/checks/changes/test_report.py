"""The report lists changes by stack, fits a terminal, and is one line if nothing changes."""

from checks.changes.formatting import WIDTH, change, clipped, names, shortened
from checks.changes.report import rendered, report
from tests.support.changes_sketch import APP, DATA, Sketch, ref, stack_output

ALARM = "AWS::CloudWatch::Alarm"
BASE = (
    Sketch()
    .add("Bucket", "AWS::S3::Bucket", attributes={"DeletionPolicy": "Retain"})
    .output("BucketName", ref("Bucket"))
    .add("Queue", "AWS::SQS::Queue", DelaySeconds=1, Tags=[{"Key": "Team", "Value": "one"}])
    .add(
        "Function", "AWS::Lambda::Function", stack=APP, Code={"S3Key": "a" * 64}, Environment=stack_output("BucketName")
    )
    .add("Other", "AWS::Lambda::Function", stack=APP, Code={"S3Key": "c" * 64}, MemorySize=128)
)


def _text(new: Sketch, old: Sketch = BASE) -> str:
    return rendered(report(old.stacks, new.stacks))


def test_a_report_without_changes_is_one_line() -> None:
    assert _text(BASE.changed()) == "Nothing changes."


def test_metadata_of_the_cdk_and_ids_of_published_versions_are_no_change() -> None:
    version = "FunctionCurrentVersion8AFE8E85"
    old = BASE.changed().add(version + "a" * 32, "AWS::Lambda::Version", attributes={"Metadata": {"aws:cdk:path": "x"}})
    new = BASE.changed().add(version + "b" * 32, "AWS::Lambda::Version")
    assert _text(new, old) == "Nothing changes."


def test_added_removed_and_changed_resources_are_listed_with_types_and_values() -> None:
    new = BASE.changed().add("Late", ALARM).remove("Other", APP).put("Queue", DelaySeconds=2)
    assert _text(new).splitlines() == [
        "Plan: 1 in place",
        "Findings: none",
        "Resources: 1 added, 1 removed, 1 changed",
        "",
        "== 1. data =================================================",
        "Resources",
        "  + Late  AWS::CloudWatch::Alarm",
        "  ~ Queue  AWS::SQS::Queue  (in place)",
        "      DelaySeconds: 1 -> 2",
        "",
        "== 2. app ==================================================",
        "Resources",
        "  - Other  AWS::Lambda::Function",
    ]


def test_changed_code_is_listed_with_its_hash() -> None:
    assert "Code.S3Key: aaaaaaaa -> bbbbbbbb" in _text(BASE.changed().put("Function", APP, Code={"S3Key": "b" * 64}))


def test_code_is_left_out_if_one_side_has_no_hashes() -> None:
    new = BASE.changed().put("Function", APP, Code={"S3Key": "b" * 64})
    assert rendered(report(BASE.stacks, new.stacks, with_code=False)) == "Nothing changes."


def test_tags_and_list_items_are_compared_by_name() -> None:
    new = BASE.changed().put("Queue", Tags=[{"Key": "Cost", "Value": "1"}, {"Key": "Team", "Value": "two"}])
    assert "      Tags.Cost: (not set) -> 1\n      Tags.Team: one -> two" in _text(new)
    rules = [{"Id": "a", "Days": 1}, {"Id": "b", "Days": 2}]
    old = BASE.changed().put("Queue", Rules=rules)
    assert "Rules[1].Days: 2 -> 3" in _text(
        BASE.changed().put("Queue", Rules=[rules[0], {"Id": "b", "Days": 3}, {"Id": "c", "Days": 4}]), old
    )
    assert "Rules[]: + {Days: 4, Id: c}" in _text(
        BASE.changed().put("Queue", Rules=[*rules, {"Id": "c", "Days": 4}]), old
    )
    assert "Rules[]: - {Days: 2, Id: b}" in _text(BASE.changed().put("Queue", Rules=rules[:1]), old)
    assert "Rules: {Days: 1, Id: a}, {Days: 2, Id: b} -> {Days: 2, Id: b}, {Days: 1, Id: a}" in _text(
        BASE.changed().put("Queue", Rules=rules[::-1]), old
    )


def test_equal_changes_of_several_resources_are_listed_once() -> None:
    old, new = Sketch(), Sketch()
    for number in range(5):
        old.add(f"Alarm{number}", ALARM, Period=60)
        new.add(f"Alarm{number}", ALARM, Period=300)
    assert (
        "  ~ Alarm0, Alarm1, Alarm2, and 2 more  AWS::CloudWatch::Alarm  (in place)\n      Period: 60 -> 300"
        in _text(new, old)
    )


def test_stateful_resources_replacements_permissions_and_network_come_before_other_resources() -> None:
    old = BASE.changed().add("Group", "AWS::EC2::SecurityGroup", GroupDescription="a").add("Role", "AWS::IAM::Role")
    old.add("Rule", "AWS::EC2::SecurityGroupIngress", GroupId=ref("Group"), IpProtocol="-1", CidrIp="10.0.0.0/8")
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    new = old.changed().put("Bucket", BucketName="b").put("Group", GroupDescription="b")
    new.put("Role", Policies=[{"PolicyDocument": policy}]).put("Rule", CidrIp="0.0.0.0/0")
    said = _text(new, old)
    titles = [line for line in said.splitlines() if line and line[0].isupper()]
    assert titles == [
        "Plan: 1 refused, 2 replaced, 1 in place",
        "Findings: 1 on stateful resources and outputs, 1 on wider permissions, 1 on new network access",
        "Resources: 4 changed",
        "Refused, or left behind",
        "Stateful resources, and outputs that other stacks read",
        "Replaced resources",
        "Wider permissions",
        "New network access",
        "Resources",
    ]
    for line in (
        "  Group  AWS::EC2::SecurityGroup",
        "      GroupDescription: a -> b",
        "  Role has more permissions",
        "      new      Allow s3:* on *",
        "      ingress all traffic from 0.0.0.0/0",
        "      read by    app/Function (Environment)",
    ):
        assert line in said.splitlines()


def test_resources_that_are_replaced_because_of_others_are_counted() -> None:
    old = Sketch().add("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
    for number in range(3):
        old.add(f"Table{number}", "AWS::EC2::RouteTable", VpcId=ref("Vpc"))
    said = _text(old.changed().put("Vpc", CidrBlock="10.1.0.0/16"), old)
    assert "  because they refer to replaced resources: 3 AWS::EC2::RouteTable" in said
    assert "Table1" not in said


def test_a_move_is_listed_once_with_both_ids() -> None:
    new = BASE.changed().remove("Queue").add("Inbox", "AWS::SQS::Queue", DelaySeconds=1)
    said = _text(new)
    assert "  + Inbox  AWS::SQS::Queue  (was Queue)" in said
    assert "  - Queue" not in said


def test_changes_outside_of_resources_are_listed_too() -> None:
    old = BASE.changed().output("Note", "one", APP)
    new = BASE.changed().output("Note", "two", APP).output("PublishOutputX", "three", APP)
    old.stacks[APP] |= {"TerminationProtection": True, "Parameters": {"Image": {"Default": "one"}}}
    new.stacks[APP] |= {"TerminationProtection": False, "Parameters": {"Image": {"Default": "two"}}}
    assert _text(new, old).splitlines()[3:] == [
        "",
        "== 1. app ==================================================",
        "Rest of the template",
        "  Outputs.Note.Value: one -> two",
        "  Parameters.Image.Default: one -> two",
        "  TerminationProtection: true -> false",
    ]


def test_new_and_removed_stacks_are_marked() -> None:
    new = BASE.changed()
    new.stacks["sketch-edge"] = {"Resources": {"Balancer": {"Type": ALARM}}}
    del new.stacks[APP]
    said = _text(new)
    assert "== app (removed: it stays deployed until you delete it) =" in said
    assert "== 1. edge (new) =" in said


def test_what_is_refused_comes_first_with_the_remedy_and_the_source() -> None:
    old = BASE.changed().add("Proxy", "AWS::RDS::DBProxy", DBProxyName="a", VpcSubnetIds=["one"])
    said = _text(old.changed().put("Proxy", VpcSubnetIds=["two"]), old).splitlines()
    assert said[0] == "Plan: 1 refused"
    start = said.index("Refused, or left behind")
    assert said[start + 1 : start + 5] == [
        "  Proxy  AWS::RDS::DBProxy",
        "      the old resource keeps DBProxyName until the end of the deployment: DBProxyName a",
        "      do: change DBProxyName too, or remove the old one in a release before this one",
        '      source: CloudFormation User Guide, "Name type"',
    ]


def test_an_interruption_is_listed_even_if_only_what_it_refers_to_changes() -> None:
    old = BASE.changed().add("Gateway", "AWS::EC2::NatGateway", SubnetId="one")
    old.add("Route", "AWS::EC2::Route", RouteTableId="table", NatGatewayId=ref("Gateway"))
    said = _text(old.changed().put("Gateway", SubnetId="two"), old)
    assert "Plan: 1 replaced, 1 in place, with an interruption" in said
    assert "      connections that are open through the old gateway end: NatGatewayId" in said


def test_every_line_fits() -> None:
    long = BASE.changed().put("Queue", Policy="x" * 2000).add("Q" * 200, "AWS::SQS::Queue")
    assert max(len(line) for line in _text(long).splitlines()) <= WIDTH


def test_stack_names_are_shortened_by_their_common_prefix() -> None:
    assert names([DATA, APP]) == {DATA: "data", APP: "app"}
    assert names([DATA]) == {DATA: DATA}
    assert names(["other-dev-data", DATA]) == {"other-dev-data": "other-dev-data", DATA: DATA}
    assert shortened(f"{DATA}/X, {DATA}-1 and my-{DATA}", {DATA: "data"}) == f"data/X, {DATA}-1 and my-{DATA}"


def test_long_values_are_shortened_to_their_difference() -> None:
    text = change("x" * 100 + "old" + "y" * 100, "x" * 100 + "new" + "y" * 100)
    assert text == f"…{'x' * 20}old{'y' * 20}… -> …{'x' * 20}new{'y' * 20}…"
    assert change("a", "b") == "a -> b"
    assert len(clipped("x" * 1000)) < 200
