"""The KMS keys that encrypt everything at rest, one for each purpose, so that a grant on one opens no other."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Keys(Construct):
    """Customer-managed keys, rotated yearly, for stored data, messages and logs."""

    def __init__(self, scope: Construct, id_: str, *, removal: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.data = self._key("Data", "Files, the database and its secret", removal)
        self.messages = self._key("Messages", "Queues, topics and archived events", removal)
        self.logs = self._key("Logs", "Log groups", removal)
        self._allow_senders(self.messages)
        self._allow_rules(self.messages)
        self._allow_event_archives(self.messages)
        self._allow_cloudwatch_logs(self.logs)

    def _key(self, id_: str, holds: str, removal: RemovalPolicy) -> kms.Key:
        return kms.Key(self, id_, description=holds, enable_key_rotation=True, removal_policy=removal)

    @staticmethod
    def _allow_senders(key: kms.Key) -> None:
        """Alarms and RDS publish to the topic.

        Source: Amazon SNS Developer Guide, "Managing encryption keys".
        """
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendersOfThisAccount",
                principals=[
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("events.rds.amazonaws.com"),
                ],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )

    @staticmethod
    def _allow_rules(key: kms.Key) -> None:
        """EventBridge rules send to queues. The policy of each queue names the only rule that may.

        There is no condition. AWS documents that EventBridge does not support aws:SourceAccount and aws:SourceArn with
        encrypted topics, and nothing says that it does with encrypted queues. A refusal would be silent, because the
        queue of undelivered events has the same key. Source: Amazon SQS Developer Guide, "Key management"; Amazon SNS
        Developer Guide, "Managing encryption keys".
        """
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventBridgeRules",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )

    @staticmethod
    def _allow_event_archives(key: kms.Key) -> None:
        """EventBridge names the event bus whose events it archives: this account's default bus.

        Source: Amazon EventBridge User Guide, "Encrypting EventBridge archives with AWS KMS keys".
        """
        eventbridge = iam.ServicePrincipal("events.amazonaws.com")
        bus = f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:event-bus/default"
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventArchivesOfThisAccount",
                principals=[eventbridge],
                actions=["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
                resources=["*"],
                conditions={"StringEquals": {"kms:EncryptionContext:aws:events:event-bus:arn": bus}},
            )
        )
        # Called when an archive is created, without an encryption context, for metadata only.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventArchivesDescribeKey", principals=[eventbridge], actions=["kms:DescribeKey"], resources=["*"]
            )
        )

    @staticmethod
    def _allow_cloudwatch_logs(key: kms.Key) -> None:
        """Source: Amazon CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS".

        The principal's name contains the region and the partition's domain (docs/decisions/0015).
        """
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}")],
                actions=[
                    "kms:Encrypt",
                    "kms:Decrypt",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:DescribeKey",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": (
                            f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:*"
                        )
                    }
                },
            )
        )
