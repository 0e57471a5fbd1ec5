"""Turns each landed file into rows: the events' way from the bucket to the function, and what happens when it fails."""

from pathlib import Path

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components import ports
from components.acknowledgement import acknowledge
from components.alerts import Alerts
from components.database import Database
from components.landing_zone import LandingZone
from components.network import Network
from components.python_function import PythonFunction
from config import model

SOURCE = Path("lambda_src/file_intake")
DATABASE_USER = "file_intake"
RECEIVES = 10  # with the function's growing back-off that spans an hour and a half of trying
MEBIBYTE = 1024 * 1024


class FileIntake(Construct):
    """Loads each file once: bucket -> EventBridge -> queue -> function -> database, with a place for what fails."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: model.FileIntake,
        platform: model.Platform,
        network: Network,
        landing_zone: LandingZone,
        database: Database,
        alerts: Alerts,
        messages_key: kms.IKey,
        data_key: kms.IKey,
        logs_key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self._messages_key = messages_key
        timeout = Duration.seconds(config.timeout_seconds)
        self.dead_letters = self._queue("DeadLetters", retention=Duration.days(14))
        self.undelivered = self._queue("Undelivered", retention=Duration.days(14))
        self.queue = self._queue(
            "Queue",
            retention=Duration.days(4),
            visibility_timeout=Duration.seconds(timeout.to_seconds() * 6),  # AWS's minimum for Lambda consumers
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=RECEIVES),
        )
        acknowledge(
            self.undelivered,
            "AwsSolutions-SQS3",
            reason="This queue is where undeliverable events end, and an alarm watches it; "
            "would change if something consumed it by itself",
        )
        self.rule = self._rule(landing_zone)
        self.function = PythonFunction(
            self,
            "Function",
            source=SOURCE,
            description="Loads landed files into the database",
            platform=platform,
            network=network,
            logs_key=logs_key,
            log_days=config.log_days,
            memory_mb=config.memory_mb,
            timeout=timeout,
            removal=removal,
            environment=database.environment(DATABASE_USER)
            | {
                "QUEUE_URL": self.queue.queue_url,
                "LANDING_BUCKET": landing_zone.bucket.bucket_name,
                "INCOMING_PREFIX": landing_zone.incoming_prefix,
                "MAX_FILE_BYTES": str(config.max_file_mb * MEBIBYTE),
            },
        )
        database.allow_client(self.function, self.function, user=DATABASE_USER)
        self._allow_reading(landing_zone, data_key)
        self._allow_consuming()
        self.live = self._live()
        self.event_source = self._event_source(config)
        alerts.announce(*self._alarms(timeout))

    def _queue(
        self,
        id_: str,
        *,
        retention: Duration,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            id_,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._messages_key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=retention,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )

    def _rule(self, landing_zone: LandingZone) -> events.CfnRule:
        """Filters on bucket and prefix only: what a file must be is the function's to say, in words."""
        rule = events.CfnRule(
            self,
            "Rule",
            description="Files that landed or were deleted",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created", "Object Deleted"],
                "detail": {
                    "bucket": {"name": [landing_zone.bucket.bucket_name]},
                    "object": {"key": [{"prefix": landing_zone.incoming_prefix}]},
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="Queue",
                    arn=self.queue.queue_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.undelivered.queue_arn),
                )
            ],
        )
        # The CDK's own queue target would leave the condition out, because these queues are encrypted with a key.
        for queue in (self.queue, self.undelivered):
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="TheRule",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
                )
            )
        return rule

    def _allow_reading(self, landing_zone: LandingZone, key: kms.IKey) -> None:
        self.function.role.allow(
            "s3:GetObject",
            "s3:GetObjectVersion",
            on=[landing_zone.bucket.arn_for_objects(f"{landing_zone.incoming_prefix}*")],
        )
        # Without these S3 answers 403 for a version that is gone, and the function could not tell that from a refusal
        # (Amazon S3 API Reference, "GetObject"). A condition on the prefix would not help: GetObject carries none.
        self.function.role.allow("s3:ListBucket", "s3:ListBucketVersions", on=[landing_zone.bucket.bucket_arn])
        self._allow_decrypting(key, through="s3")
        acknowledge(
            self.function.role.policy,
            f"AwsSolutions-IAM5[Resource::{landing_zone.bucket_in_findings}/{landing_zone.incoming_prefix}*]",
            reason="The names of files that partners drop are not known beforehand, what their keys start with is; "
            "would change if each partner had a function of its own",
        )

    def _allow_consuming(self) -> None:
        self.function.role.allow(
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            on=[self.queue.queue_arn],
        )
        self._allow_decrypting(self._messages_key, through="sqs")

    def _allow_decrypting(self, key: kms.IKey, *, through: str) -> None:
        """The key opens more than this function's business, so only for what the service itself hands over."""
        service = f"{through}.{Aws.REGION}.{Aws.URL_SUFFIX}"
        self.function.role.allow(
            "kms:Decrypt", on=[key.key_arn], conditions={"StringEquals": {"kms:ViaService": service}}
        )

    def _live(self) -> lambda_.Alias:
        """The version that takes traffic. It moves only when everything it needs is there."""
        # A version keeps the variables it was published with, and its hash sees no values of other stacks.
        self.function.function.invalidate_version_based_on(str(ports.DATABASE))
        return lambda_.Alias(self, "Live", alias_name="live", version=self.function.function.current_version)

    def _event_source(self, config: model.FileIntake) -> lambda_.EventSourceMapping:
        source = lambda_.EventSourceMapping(
            self,
            "EventSource",
            target=self.live,
            event_source_arn=self.queue.queue_arn,
            batch_size=1,  # a message's fate is its own
            report_batch_item_failures=True,
            max_concurrency=config.max_concurrency,
        )
        source.node.add_dependency(self.function.role)
        return source

    def _alarms(self, timeout: Duration) -> list[cloudwatch.Alarm]:
        stuck = Duration.seconds(timeout.to_seconds() * 2)
        return [
            self._alarm(
                "FilesNotLoaded",
                self.dead_letters.metric_approximate_number_of_messages_visible(period=Duration.minutes(1)),
                above=0,
                description="Files could not be loaded after every attempt; they wait in the dead-letter queue.",
            ),
            self._alarm(
                "EventsNotDelivered",
                self.undelivered.metric_approximate_number_of_messages_visible(period=Duration.minutes(1)),
                above=0,
                description="EventBridge could not put events of landed files into the queue.",
            ),
            self._alarm(
                "FilesWaiting",
                self.queue.metric_approximate_age_of_oldest_message(period=Duration.minutes(1)),
                above=stuck.to_seconds(),
                description=f"A file has been waiting for more than {stuck.to_minutes():g} minutes.",
            ),
        ]

    def _alarm(self, id_: str, metric: cloudwatch.Metric, *, above: float, description: str) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            id_,
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )
