"""Create-only properties come from the schemas that cfn-lint ships."""

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from checks.changes.schemas import CreateOnly, create_only
from checks.changes.stateful import STATEFUL


@pytest.mark.parametrize(
    ("type_", "property_"),
    [
        ("AWS::RDS::DBInstance", "StorageEncrypted"),
        ("AWS::RDS::DBInstance", "KmsKeyId"),
        ("AWS::RDS::DBCluster", "DatabaseName"),
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::SQS::Queue", "FifoQueue"),
        ("AWS::SecretsManager::Secret", "Name"),
        ("AWS::Events::Archive", "ArchiveName"),
        ("AWS::Logs::LogGroup", "LogGroupName"),
        ("AWS::EC2::Subnet", "CidrBlock"),
    ],
)
def test_known_create_only_properties_are_found(type_: str, property_: str) -> None:
    assert CreateOnly(pointer=(property_,), certain=True) in create_only({"Type": type_})


def test_a_conditional_property_is_not_certain() -> None:
    assert CreateOnly(pointer=("Engine",), certain=False) in create_only({"Type": "AWS::RDS::DBInstance"})


@pytest.mark.parametrize("property_", ["BackupRetentionPeriod", "MultiAZ", "DBParameterGroupName"])
def test_properties_that_never_replace_in_practice_are_left_out(property_: str) -> None:
    assert property_ not in {str(one) for one in create_only({"Type": "AWS::RDS::DBInstance"})}


def test_every_stateful_type_is_known_to_cfn_lint() -> None:
    assert STATEFUL.keys() <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1"))


def test_a_custom_resource_is_replaced_with_its_function() -> None:
    assert [str(one) for one in create_only({"Type": "Custom::SchemaMigration"})] == ["ServiceToken"]


def test_an_unknown_type_has_none() -> None:
    assert create_only({"Type": "AWS::Nobody::Knows"}) == ()


def test_pointers_go_into_mappings_and_lists() -> None:
    nested = CreateOnly(pointer=("Tls", "Policy"), certain=True)
    assert nested.values({"Tls": {"Policy": "strict", "Other": 1}}) == ["strict"]
    assert nested.values({"Other": 1}) == []
    listed = CreateOnly(pointer=("Nodes", "*", "Id"), certain=True)
    assert listed.values({"Nodes": [{"Id": 1}, {"Id": 2}, {"Name": "x"}]}) == [1, 2]


def test_an_intrinsic_function_stands_for_the_whole_value() -> None:
    nested = CreateOnly(pointer=("Tls", "Policy"), certain=True)
    assert nested.values({"Tls": {"Ref": "Settings"}}) == [{"Ref": "Settings"}]
