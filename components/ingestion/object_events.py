"""The rule that sends S3's events to the queue, and the archive for replays."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.ingestion.landing_bucket import LandingBucket

Pattern = dict[str, object]


class ObjectEvents(Construct):
    """Sends each event of a file below the landing prefix to `queue`, and archives it.

    Events that EventBridge can't deliver go to `undelivered`. A replay of `archive` must name `rule`; otherwise it
    would send the events to every matching rule of the account.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        landing_bucket: LandingBucket,
        queue: sqs.IQueue,
        undelivered: sqs.IQueue,
        archive_days: int,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        # Bucket and prefix only: the function decides what a file must be, and explains it. It also ignores keys that
        # end in "/": a pattern can't express "starts with this and doesn't end with that", because any entry of a list
        # may match (EventBridge User Guide, "Comparison operators for use in event patterns"). Deletions by a lifecycle
        # rule arrive too; their `reason` differs from a partner's.
        pattern: Pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created", "Object Deleted"],
            "detail": {
                "bucket": {"name": [landing_bucket.bucket.bucket_name]},
                "object": {"key": [{"prefix": landing_bucket.incoming_prefix}]},
            },
        }
        self.rule = self._rule(pattern, queue, undelivered)
        self._allow_rule_to_send(queue, undelivered)
        self.archive = self._archive(pattern, archive_days, key)
        self.archive.apply_removal_policy(removal)

    def _rule(self, pattern: Pattern, queue: sqs.IQueue, undelivered: sqs.IQueue) -> events.CfnRule:
        return events.CfnRule(
            self,
            "Rule",
            description="Files that landed or were deleted",
            event_pattern=pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    id="Queue",
                    arn=queue.queue_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
                )
            ],
        )

    def _allow_rule_to_send(self, *queues: sqs.IQueue) -> None:
        """The CDK's own queue target omits the condition for queues that are encrypted with a KMS key."""
        for queue in queues:
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="EventBridgeRule",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": self.rule.attr_arn}},
                )
            )

    def _archive(self, pattern: Pattern, days: int, key: kms.IKey) -> events.CfnArchive:
        """An archive of the default event bus, which S3 uses. The CDK's L2 construct would change the key's policy."""
        return events.CfnArchive(
            self,
            "Archive",
            description="Events of landed files, for a replay",
            source_arn=Stack.of(self).format_arn(service="events", resource="event-bus", resource_name="default"),
            event_pattern=pattern,
            retention_days=days,
            kms_key_identifier=key.key_arn,
        )
