"""What the Foundation stack promises."""

import json
from dataclasses import replace

from config.environments import DEV
from tests.promises import has, mentions, refuses_plain_http
from tests.synthesis import Synthesized, synthesize


def test_every_key_rotates(every_environment: Synthesized) -> None:
    keys = every_environment.resources("Foundation", "AWS::KMS::Key")
    assert len(keys) == 3
    for id_, key in keys.items():
        has(id_, key["Properties"], {"EnableKeyRotation": True})


def test_service_principals_use_keys_for_this_account_only(every_environment: Synthesized) -> None:
    used = 0
    for key in every_environment.resources("Foundation", "AWS::KMS::Key").values():
        for statement in key["Properties"]["KeyPolicy"]["Statement"]:
            looks_only = statement["Action"] == "kms:DescribeKey"  # at what anybody may know, and with no context
            if "Sid" in statement and not looks_only:
                used += 1
                condition = statement.get("Condition", "missing")
                assert "AWS::AccountId" in str(condition), (
                    f"{statement['Sid']} serves every account: its Condition is {condition}"
                )
                assert not any("*" in action for action in statement["Action"]), statement["Sid"]
    assert used == 4


def test_auto_scaling_alone_uses_the_key_of_messages_by_its_role(every_environment: Synthesized) -> None:
    """Its statement has no service for principal: only the condition keeps everybody else of the account away."""
    (statement,) = (
        statement
        for key in every_environment.resources("Foundation", "AWS::KMS::Key").values()
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Sid" in statement and statement["Principal"] == {"AWS": "*"}
    )
    role = json.dumps(statement["Condition"].get("ArnEquals", {}).get("aws:PrincipalArn", "missing"))
    assert role.endswith(':role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]]}'), (
        f"{statement['Sid']}: aws:PrincipalArn under ArnEquals is {role}"
    )


def test_alarms_and_databases_and_nobody_else_publish_over_tls(every_environment: Synthesized) -> None:
    statements = every_environment.only("Foundation", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [
        {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]}
    ]
    for statement in allowed:
        ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        has(f"the topic's {statement['Sid']}", statement, {"Condition": ours})
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        statement["Condition"] for statement in statements if statement["Effect"] == "Deny"
    ], "the topic denies nothing on aws:SecureTransport, and so takes plain HTTP"
    mentions("the topic", every_environment.only("Foundation", "AWS::SNS::Topic"), {"KmsMasterKeyId": "KeysMessages"})


def test_failed_calls_are_kept_encrypted_for_as_long_as_sqs_keeps_anything(every_environment: Synthesized) -> None:
    queue = every_environment.only("Foundation", "AWS::SQS::Queue")
    mentions("the queue of failed calls", queue, {"KmsMasterKeyId": "KeysMessages"})
    has("the queue of failed calls", queue, {"MessageRetentionPeriod": 14 * 24 * 3600})
    policies = every_environment.resources("Foundation", "AWS::SQS::QueuePolicy").values()
    statements = [one for policy in policies for one in policy["Properties"]["PolicyDocument"]["Statement"]]
    refuses_plain_http("the queue of failed calls", statements)


def test_an_address_in_the_configuration_hears_of_alarms() -> None:
    foundation = replace(DEV.foundation, alert_emails=("ops@example.com",))
    subscription = synthesize(replace(DEV, foundation=foundation)).only("Foundation", "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_the_log_bucket_uses_the_one_encryption_that_log_delivery_can_write(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Foundation", "AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_log_bucket_is_private_and_takes_tls_alone(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Foundation", "AWS::S3::Bucket")
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    has("the log bucket", bucket["PublicAccessBlockConfiguration"], dict.fromkeys(blocked, True))
    owner = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    has("the log bucket", bucket, {"VersioningConfiguration": {"Status": "Enabled"}, "OwnershipControls": owner})
    policy = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]
    refuses_plain_http("the log bucket", policy["Statement"])


def test_access_logs_are_kept_as_long_as_configured_and_no_longer(every_environment: Synthesized) -> None:
    (rule,) = every_environment.only("Foundation", "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    days = every_environment.environment.foundation.log_bucket_days
    has("the log bucket's lifecycle", rule, {"Status": "Enabled", "ExpirationInDays": days})


def test_log_delivery_writes_for_this_account_alone(every_environment: Synthesized) -> None:
    """Load balancers' delivery knows no condition: its path names the account."""
    policy = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow" and "elasticloadbalancing" not in str(statement["Principal"]):
            ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
            has(f"the log bucket's {statement['Sid']}", statement, {"Condition": ours})


def test_log_delivery_writes_under_its_prefix_and_nowhere_else(every_environment: Synthesized) -> None:
    statements = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    writers = {
        statement["Principal"]["Service"]: every_environment.linked.text(statement["Resource"], "Foundation")
        for statement in statements
        if statement["Effect"] == "Allow" and statement["Action"] == "s3:PutObject"
    }
    ((bucket, _),) = every_environment.resources("Foundation", "AWS::S3::Bucket").items()
    arn = f"${{Foundation/{bucket}.Arn}}"
    assert writers == {
        "logging.s3.amazonaws.com": f"{arn}/s3/*",
        "delivery.logs.amazonaws.com": f"{arn}/flow/AWSLogs/<AccountId>/*",
        "logdelivery.elasticloadbalancing.amazonaws.com": f"{arn}/alb/AWSLogs/<AccountId>/*",
    }


def test_what_logs_into_the_log_bucket_uses_those_prefixes(every_environment: Synthesized) -> None:
    landing = every_environment.only("Data", "AWS::S3::Bucket")["LoggingConfiguration"]
    assert landing["LogFilePrefix"].startswith("s3/"), f"the landing bucket's LogFilePrefix is {landing}"
    balancer = every_environment.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    assert attributes["access_logs.s3.prefix"] == "alb"
    assert attributes["access_logs.s3.bucket"] == landing["DestinationBucketName"]
