"""How S3's events of landed files reach a queue, and where they are kept for a replay."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.ingestion.landing_bucket import LandingBucket

Pattern = dict[str, object]


class ObjectEvents(Construct):
    """Carries each event of a file below the landing prefix from EventBridge to `queue`, and archives it.

    What EventBridge can't deliver it puts into `undelivered`. A replay of `archive` must name `rule`: without names it
    would send the events to every rule of the account that matches them.
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
        # Bucket and prefix only: what a file must be is the function's to say, in words. It also ignores keys that end
        # in "/": a field of a pattern has one list, of which any entry may match, so nothing says "begins with this and
        # doesn't end with that" (EventBridge User Guide, "Comparison operators for use in event patterns"). And it is
        # told of what a lifecycle rule deletes, whose events differ from a partner's by their `reason`.
        pattern: Pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created", "Object Deleted"],
            "detail": {
                "bucket": {"name": [landing_bucket.bucket.bucket_name]},
                "object": {"key": [{"prefix": landing_bucket.incoming_prefix}]},
            },
        }
        self.rule = self._rule(pattern, queue, undelivered)
        self._let_the_rule_send(queue, undelivered)
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

    def _let_the_rule_send(self, *queues: sqs.IQueue) -> None:
        """The CDK's own queue target would leave the condition out, because these queues are encrypted with a key."""
        for queue in queues:
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="TheRule",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": self.rule.attr_arn}},
                )
            )

    def _archive(self, pattern: Pattern, days: int, key: kms.IKey) -> events.CfnArchive:
        """Of the default bus, where S3 sends its events. The CDK's own construct would write into the key's policy."""
        return events.CfnArchive(
            self,
            "Archive",
            description="Events of landed files, for a replay",
            source_arn=Stack.of(self).format_arn(service="events", resource="event-bus", resource_name="default"),
            event_pattern=pattern,
            retention_days=days,
            kms_key_identifier=key.key_arn,
        )
