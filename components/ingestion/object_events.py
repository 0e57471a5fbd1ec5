"""The rules that send S3's events to the queue, and the archive for replays."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.ingestion.landing_bucket import LandingBucket
from config.datasets import Dataset

Pattern = dict[str, object]


class ObjectEvents(Construct):
    """Sends each event of a file below the landing prefix to `queue`, and archives it.

    Each dataset has a rule of its own, which makes the dataset's name the message group. So SQS lets files of one
    dataset pass a backlog of another (Amazon SQS Developer Guide, "Amazon SQS fair queues"; docs/decisions/0026).

    Events that EventBridge can't deliver go to `undelivered`. A replay of `archive` must name all `rules`; otherwise it
    would send the events to every matching rule of the account.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        landing_bucket: LandingBucket,
        datasets: Mapping[str, Dataset],
        queue: sqs.IQueue,
        undelivered: sqs.IQueue,
        archive_days: int,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self._bucket = landing_bucket.bucket
        self._queue, self._undelivered = queue, undelivered
        incoming = landing_bucket.incoming_prefix
        folders = {name: f"{incoming}{name}/" for name in datasets}
        # The function explains to the sender of another file where files belong. A pattern can't express "starts with
        # this and not with that", because any entry of a list may match (EventBridge User Guide, "Comparison operators
        # for use in event patterns"). So this rule also sends events of keys outside the landing prefix, which the
        # function ignores. Without a group each message counts as a group of its own.
        others = self._rule("OtherFiles", {"anything-but": {"prefix": list(folders.values())}})
        of_datasets = [self._rule(f"Files-{name}", {"prefix": one}, group=name) for name, one in folders.items()]
        self.rules = [others, *of_datasets]
        for rule in of_datasets:
            others.add_dependency(rule)  # a new dataset's folder leaves one rule only when the other has it
        self._allow_rules_to_send(queue, undelivered)
        self.archive = self._archive(self._pattern({"prefix": incoming}), archive_days, key)
        self.archive.apply_removal_policy(removal)

    def _pattern(self, key: Pattern) -> Pattern:
        """The events of files with such a key. Deletions by a lifecycle rule differ from others by their `reason`."""
        return {
            "source": ["aws.s3"],
            "detail-type": ["Object Created", "Object Deleted"],
            "detail": {"bucket": {"name": [self._bucket.bucket_name]}, "object": {"key": [key]}},
        }

    def _rule(self, id_: str, key: Pattern, *, group: str | None = None) -> events.CfnRule:
        return events.CfnRule(
            self,
            id_,
            description="Files that landed or were deleted",
            event_pattern=self._pattern(key),
            targets=[
                events.CfnRule.TargetProperty(
                    id="Queue",
                    arn=self._queue.queue_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._undelivered.queue_arn),
                    sqs_parameters=events.CfnRule.SqsParametersProperty(message_group_id=group) if group else None,
                )
            ],
        )

    def _allow_rules_to_send(self, *queues: sqs.IQueue) -> None:
        """The CDK's own queue target omits the condition for queues that are encrypted with a KMS key."""
        arns = [rule.attr_arn for rule in self.rules]
        for queue in queues:
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="EventBridgeRules",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": arns}},
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
