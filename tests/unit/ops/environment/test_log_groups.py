"""Log groups are found by their tags; those that RDS made after the stacks were gone are deleted."""

from __future__ import annotations

from ops.environment.log_groups import delete_returned, find_log_groups
from tests.support.ops.environment import PROJECT
from tests.support.ops.stubs import Stubs

ARN = "arn:aws:logs:eu-central-1:111122223333:log-group:"
MINE = {"Project": PROJECT, "Environment": "dev"}
RDS = f"/aws/rds/instance/{PROJECT}-dev/postgresql"


def exist(aws: Stubs, **groups: dict[str, str]) -> None:
    """These groups exist, with these tags."""
    found = [{"logGroupName": group, "arn": f"{ARN}{group}:*", "storedBytes": 5} for group in groups]
    aws.expect("logs", "describe_log_groups", {"logGroups": found}, {"logGroupNamePattern": f"{PROJECT}-dev"})
    for group, tags in groups.items():
        aws.expect("logs", "list_tags_for_resource", {"tags": tags}, {"resourceArn": f"{ARN}{group}"})


def test_a_group_belongs_to_the_environment_in_its_tags(aws: Stubs) -> None:
    eu = {**MINE, "Environment": "dev-eu"}
    exist(aws, **{f"{PROJECT}-dev-network-Flows": MINE, f"{PROJECT}-dev-eu-network-Flows": eu})
    assert [group.name for group in find_log_groups(aws.environment())] == [f"{PROJECT}-dev-network-Flows"]


def test_a_name_that_a_service_prescribes_would_stop_the_next_deployment(aws: Stubs) -> None:
    names = {RDS: MINE, f"aws-waf-logs-{PROJECT}-dev": MINE, f"{PROJECT}-dev-network-Flows": MINE}
    exist(aws, **names)
    assert [group.has_generated_name for group in find_log_groups(aws.environment())] == [False, False, True]


def test_only_an_untagged_group_with_the_environments_own_name_is_deleted(aws: Stubs) -> None:
    exist(
        aws,
        **{
            RDS: {},
            f"/aws/rds/instance/{PROJECT}-dev/upgrade": MINE,
            f"/aws/rds/instance/{PROJECT}-dev-eu/postgresql": {},
            f"/mine/{PROJECT}-dev": {"Owner": "somebody"},
        },
    )
    aws.expect("logs", "delete_log_group", {}, {"logGroupName": RDS})
    assert delete_returned(aws.environment()) == [RDS]
