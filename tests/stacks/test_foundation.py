"""What the Foundation stack promises."""

from dataclasses import replace

from config.environments import DEV
from tests.synthesis import Synthesized, synthesize


def test_every_key_rotates(every_environment: Synthesized) -> None:
    keys = every_environment.resources("Foundation", "AWS::KMS::Key")
    assert len(keys) == 3
    assert all(key["Properties"]["EnableKeyRotation"] is True for key in keys.values())


def test_service_principals_use_keys_for_this_account_only(every_environment: Synthesized) -> None:
    used = 0
    for key in every_environment.resources("Foundation", "AWS::KMS::Key").values():
        for statement in key["Properties"]["KeyPolicy"]["Statement"]:
            looks_only = statement["Action"] == "kms:DescribeKey"  # at what anybody may know, and with no context
            if "Sid" in statement and not looks_only:
                used += 1
                assert "AWS::AccountId" in str(statement["Condition"]), statement["Sid"]
                assert not any("*" in action for action in statement["Action"])
    assert used == 4


def test_alarms_and_databases_and_nobody_else_publish_over_tls(every_environment: Synthesized) -> None:
    statements = every_environment.only("Foundation", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [
        {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]}
    ]
    assert all("aws:SourceAccount" in str(statement["Condition"]) for statement in allowed)
    assert any(
        statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements
    )
    assert every_environment.only("Foundation", "AWS::SNS::Topic")["KmsMasterKeyId"]


def test_an_address_in_the_configuration_hears_of_alarms() -> None:
    foundation = replace(DEV.foundation, alert_emails=("ops@example.com",))
    subscription = synthesize(replace(DEV, foundation=foundation)).only("Foundation", "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_the_log_bucket_uses_the_one_encryption_that_log_delivery_can_write(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Foundation", "AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert all(bucket["PublicAccessBlockConfiguration"].values())


def test_log_delivery_writes_under_its_prefix_and_nowhere_else(every_environment: Synthesized) -> None:
    statements = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    writers = {
        statement["Principal"]["Service"]: str(statement["Resource"]["Fn::Join"][1][1:])
        for statement in statements
        if statement["Effect"] == "Allow" and statement["Action"] == "s3:PutObject"
    }
    account = "{'Ref': 'AWS::AccountId'}"
    assert writers == {
        "logging.s3.amazonaws.com": "['/s3/*']",
        "delivery.logs.amazonaws.com": f"['/flow/AWSLogs/', {account}, '/*']",
        "logdelivery.elasticloadbalancing.amazonaws.com": f"['/alb/AWSLogs/', {account}, '/*']",
    }


def test_what_logs_into_the_log_bucket_uses_those_prefixes(every_environment: Synthesized) -> None:
    landing = every_environment.only("Data", "AWS::S3::Bucket")["LoggingConfiguration"]
    assert landing["LogFilePrefix"].startswith("s3/")
    balancer = every_environment.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    assert attributes["access_logs.s3.prefix"] == "alb"
    assert attributes["access_logs.s3.bucket"] == landing["DestinationBucketName"]
