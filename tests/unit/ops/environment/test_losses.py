"""Before anything is deleted, the report says what is lost for good, and what is kept."""

from __future__ import annotations

from ops.environment.losses import described
from ops.environment.stacks import DeployedResource
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.stubs import Stubs, page

INSTANCE = "AWS::RDS::DBInstance"
KEY = "AWS::KMS::Key"


def report(aws: Stubs, *resources: DeployedResource) -> str:
    return "\n".join(described(aws.environment(), [deployed_stack("acme-dev-data", *resources)]))


def test_what_holds_data_is_listed_with_how_much_it_holds(aws: Stubs) -> None:
    aws.expect("s3", "list_object_versions", page([], [], more=True))
    aws.expect("rds", "describe_db_instances", {"DBInstances": [{"AllocatedStorage": 20}]})
    shown = report(aws, resource("AWS::S3::Bucket"), resource(INSTANCE), resource("AWS::IAM::Role"))
    assert "Lost for good:\n  Bucket thing: more than 0 versions of files\n" in shown
    assert "  DBInstance thing: a database with 20 GiB of storage\n" in shown
    assert "Nothing is kept." in shown
    assert "without data of their own: 1" in shown


def test_what_its_policy_keeps_is_listed_as_kept(aws: Stubs) -> None:
    aws.expect("rds", "describe_db_instances", {"DBInstances": [{"AllocatedStorage": 20}]})
    shown = report(aws, resource(KEY, policy="RetainExceptOnCreate"), resource(INSTANCE, policy="Snapshot"))
    assert "Nothing with data of its own is lost." in shown
    assert "Kept:\n  Key thing: what it encrypts stays readable\n" in shown
    assert "  DBInstance thing: a database with 20 GiB of storage, after a final snapshot\n" in shown
    assert "Attention" not in shown


def test_a_snapshot_whose_key_is_deleted_is_pointed_out(aws: Stubs) -> None:
    aws.expect("rds", "describe_db_instances", {"DBInstances": [{"AllocatedStorage": 20}]})
    shown = report(aws, resource(KEY, {"PendingWindowInDays": 7}), resource(INSTANCE, policy="Snapshot"))
    assert "deleted after 7 days" in shown
    assert "Attention: the snapshot is kept, but the key that encrypts it is deleted." in shown


def test_what_cannot_be_read_is_said(aws: Stubs) -> None:
    aws.refuse("s3", "list_object_versions", "AccessDenied")
    assert "Bucket thing: not readable (AccessDenied)" in report(aws, resource("AWS::S3::Bucket"))


def test_a_type_that_is_unknown_here_is_listed_if_its_template_says_that_it_holds_data(aws: Stubs) -> None:
    table = resource("AWS::DynamoDB::Table", policy="Delete")
    shown = report(aws, table, resource("Custom::Migration", policy="Delete"), resource("AWS::IAM::Role"))
    assert "Lost for good:\n  Table thing\nNothing is kept.\n" in shown
    assert "without data of their own: 2" in shown
