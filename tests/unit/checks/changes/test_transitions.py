"""A row says the worst that a change of one value does, what is lost, and what to do."""

from checks.changes.report import report
from checks.changes.transitions import ELSEWHERE, NOTHING, Row, outcome, row, severity
from tests.support.changes_sketch import APP, DATA, Sketch, ref

QUEUE = Sketch().add("Queue", "AWS::SQS::Queue", DelaySeconds=1)


def _row(old: Sketch, new: Sketch) -> Row:
    return row("queue.delay", "`1` → `2`", report(old.stacks, new.stacks))


def test_a_row_is_a_line_of_a_table() -> None:
    assert (
        str(_row(QUEUE, QUEUE.changed().put("Queue", DelaySeconds=2))) == "| `queue.delay` | `1` → `2` | in place |  |"
    )
    assert _row(QUEUE, QUEUE.changed()).outcome == NOTHING


def test_resources_with_the_same_effect_are_counted_with_one_remedy() -> None:
    old = Sketch()
    for number in (1, 2):
        old.add(f"Gateway{number}", "AWS::EC2::NatGateway", AllocationId=f"eip{number}", SubnetId="a")
    new = old.changed().put("Gateway1", SubnetId="b").put("Gateway2", SubnetId="b")
    found = _row(old, new)
    assert found.outcome == "refused"
    assert found.text == (
        "EC2::NatGateway (2): the old resource keeps AllocationId until the end of the deployment. "
        "*Change AllocationId too, or remove the old one in a release before this one.*"
    )


def test_a_row_names_what_is_lost_with_a_replaced_resource() -> None:
    assert _row(QUEUE, QUEUE.changed().put("Queue", FifoQueue=True)).text == (
        "Replaced, with the loss of its messages: SQS::Queue."
    )


def test_many_types_are_shortened() -> None:
    old = Sketch().add("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
    for type_ in ("RouteTable", "NetworkAcl", "SecurityGroup", "Subnet", "VPCEndpoint", "VPCGatewayAttachment"):
        old.add(type_, f"AWS::EC2::{type_}", VpcId=ref("Vpc"))
    text = _row(old, old.changed().put("Vpc", CidrBlock="10.1.0.0/16")).text
    assert text == ("Replaced: EC2::NetworkAcl, EC2::RouteTable, EC2::SecurityGroup, EC2::Subnet and 3 other types."), (
        "the order is that of the templates"
    )


def test_what_depends_on_more_than_the_templates_is_possible() -> None:
    old = Sketch().add("It", "AWS::EC2::Subnet", VpcId="vpc", CidrBlock="10.0.0.0/24")
    assert _row(old, old.changed().put("It", Ipv6CidrBlock="2001:db8::/64")).outcome == "possibly refused"


def test_other_stacks_are_another_environment_and_a_removed_stack_stays() -> None:
    renamed = Sketch()
    renamed.stacks = {"other-data": QUEUE.stacks[DATA], "other-app": QUEUE.stacks[APP]}
    assert outcome(report(QUEUE.stacks, renamed.stacks)) == ELSEWHERE
    without = QUEUE.changed()
    del without.stacks[APP]
    assert _row(QUEUE, without).text == "Stays deployed until you delete it: app."


def test_outcomes_are_ordered_from_harmless_to_impossible() -> None:
    ordered = [NOTHING, "in place", "possibly replaced", "replaced", "possibly refused", "refused", ELSEWHERE]
    assert sorted(ordered, key=severity) == ordered


def test_a_row_says_that_less_is_kept() -> None:
    kept = Sketch().add("Queue", "AWS::SQS::Queue", attributes={"DeletionPolicy": "Retain"})
    assert _row(kept, Sketch().add("Queue", "AWS::SQS::Queue")).text == (
        "SQS::Queue: less is kept if it is deleted later."
    )
