"""The keys that encrypt everything at rest, one a purpose, so that a grant on one says nothing about the others."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Keys(Construct):
    """Customer-managed keys that rotate each year: stored data, messages on their way, logs."""

    def __init__(self, scope: Construct, id_: str, *, removal: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.data = self._key("Data", "Files, the database and its secret", removal)
        self.messages = self._key("Messages", "Queues, topics and archived events", removal)
        self.logs = self._key("Logs", "Log groups", removal)
        self._let_senders_use(self.messages)
        self._let_event_archives_use(self.messages)
        self._let_cloudwatch_logs_use(self.logs)

    def _key(self, id_: str, holds: str, removal: RemovalPolicy) -> kms.Key:
        return kms.Key(self, id_, description=holds, enable_key_rotation=True, removal_policy=removal)

    @staticmethod
    def _let_senders_use(key: kms.Key) -> None:
        """EventBridge writes to queues, alarms and RDS to the topic.

        Source: Amazon SQS Developer Guide, "Key management"; Amazon SNS Developer Guide, "Managing encryption keys".
        """
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendersOfThisAccount",
                principals=[
                    iam.ServicePrincipal("events.amazonaws.com"),
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("events.rds.amazonaws.com"),
                ],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )

    @staticmethod
    def _let_event_archives_use(key: kms.Key) -> None:
        """EventBridge names the bus whose events it archives, and that is this account's own.

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
        # Asked when an archive is made, with no context and for metadata only.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventArchivesLookFirst", principals=[eventbridge], actions=["kms:DescribeKey"], resources=["*"]
            )
        )

    @staticmethod
    def _let_cloudwatch_logs_use(key: kms.Key) -> None:
        """Source: Amazon CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS".

        Its principal has the region and the partition's domain in its name (docs/decisions/0015).
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
