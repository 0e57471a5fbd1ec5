"""Loads landed files: the queue of their events, the function, and the dead-letter queues."""

from functools import partial
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.common import ports
from components.common.acknowledgement import ANNOTATION, SERVERLESS, acknowledge, by
from components.common.alarm import RunbookAlarm
from components.common.function_defaults import FunctionDefaults
from components.common.python_function import PythonFunction
from components.common.queue import DeadLetterQueue, EncryptedQueue
from components.database.database import Database
from components.foundation.alerts import Alerts
from components.ingestion.landing_bucket import LandingBucket
from components.ingestion.object_events import ObjectEvents
from config.datasets import datasets, declarations
from config.ingestion import DEAD_LETTER_DAYS, QUEUE_DAYS, IngestionConfig, ProvisionedConcurrency, SnapStart, Start

SOURCE = Path("lambda_src/ingestion")
DATABASE_USER = "ingestion"
MEBIBYTE = 1024 * 1024


class Ingestion(Construct):
    """Loads each file once: bucket -> EventBridge -> queue -> function -> database."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: IngestionConfig,
        defaults: FunctionDefaults,
        landing_bucket: LandingBucket,
        database: Database,
        alerts: Alerts,
        messages_key: kms.IKey,
        metrics_namespace: str,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.dead_letter_queue = DeadLetterQueue(
            self,
            "DeadLetterQueue",
            key=messages_key,
            keeps="events of files that could not be loaded",
            is_redrive_target=True,
        )
        self.undelivered = DeadLetterQueue(
            self, "UndeliveredEventsQueue", key=messages_key, keeps="events that EventBridge could not deliver"
        )
        self.queue = EncryptedQueue(
            self,
            "Queue",
            key=messages_key,
            retention=Duration.days(QUEUE_DAYS),
            visibility_timeout=Duration.seconds(config.visibility_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letter_queue, max_receive_count=config.max_receive_count
            ),
        )
        events = ObjectEvents(
            self,
            "ObjectEvents",
            landing_bucket=landing_bucket,
            datasets=datasets(),
            queue=self.queue,
            undelivered=self.undelivered,
            archive_days=config.archive_days,
            key=messages_key,
            removal=removal,
        )
        self.rules = events.rules
        self.archive = events.archive
        self.function = PythonFunction(
            self,
            "Function",
            source=SOURCE,
            description="Loads landed files into the database",
            defaults=defaults,
            log_days=config.log_days,
            memory_mb=config.memory_mb,
            timeout=Duration.seconds(config.timeout_seconds),
            reserved_concurrency=config.max_concurrency,
            start=config.start,
            data=declarations(),
            environment=database.environment(DATABASE_USER)
            | {
                "QUEUE_URL": self.queue.queue_url,
                "LANDING_BUCKET": landing_bucket.bucket.bucket_name,
                "INCOMING_PREFIX": landing_bucket.incoming_prefix,
                "MAX_FILE_BYTES": str(config.max_file_mb * MEBIBYTE),
                "INITIAL_BACKOFF_SECONDS": str(config.initial_backoff_seconds),
                "METRICS_NAMESPACE": metrics_namespace,
            },
        )
        database.grant_connect(self.function, self.function, user=DATABASE_USER)
        landing_bucket.grant_read(self.function.role)
        self.queue.grant_consume(self.function.role)
        # The function shortens the visibility of a message that failed to a growing back-off.
        self.function.role.allow("sqs:ChangeMessageVisibility", resources=[self.queue.queue_arn])
        self.live = self._live(config.start)
        self.event_source = self._event_source(config.max_concurrency)
        self._alarms(config, metrics_namespace, alerts)

    def _live(self, start: Start) -> lambda_.Alias:
        """The alias of the version that takes traffic."""
        # A version keeps the variables with which it was published, and its hash ignores the values of other stacks.
        self.function.resource.invalidate_version_based_on(str(ports.DATABASE))
        if isinstance(start, SnapStart):
            acknowledge(
                self.function.resource,
                *by(ANNOTATION, rule="@aws-cdk/aws-lambda:snapStartRequirePublish"),
                reason="Snapshots need published versions, and the alias publishes one with every change",
                would_change="if anything called the function without the alias",
            )
        ready = start.executions if isinstance(start, ProvisionedConcurrency) else None
        return lambda_.Alias(
            self,
            "Live",
            alias_name="live",
            version=self.function.resource.current_version,
            provisioned_concurrent_executions=ready,
        )

    def _event_source(self, max_concurrency: int) -> lambda_.EventSourceMapping:
        source = lambda_.EventSourceMapping(
            self,
            "EventSource",
            target=self.live,
            event_source_arn=self.queue.queue_arn,
            batch_size=1,  # one message's failure must not affect another
            report_batch_item_failures=True,
            max_concurrency=max_concurrency,
        )
        source.node.add_dependency(self.function.role)
        acknowledge(
            source,
            *by(SERVERLESS, rule="LambdaEventSourceMappingDestination"),
            reason="Lambda accepts no failure destination for an SQS event source; the queue has a dead-letter queue",
            would_change="with another kind of source",
        )
        return source

    def _alarms(self, config: IngestionConfig, metrics_namespace: str, alerts: Alerts) -> None:
        alarm = partial(RunbookAlarm, self, capability="ingestion", alerts=alerts)
        minute = Duration.minutes(1)
        alarm(
            "DeadLetterMessages",
            metric=self.dead_letter_queue.metric_approximate_number_of_messages_visible(period=minute),
            description="Files failed at every attempt; the dead-letter queue keeps their events until "
            f"{DEAD_LETTER_DAYS} days after they arrived.",
            first_step="Find the cause in the function's log, fix it, then run make redrive.",
        )
        alarm(
            "UndeliveredEvents",
            metric=self.undelivered.metric_approximate_number_of_messages_visible(period=minute),
            description="EventBridge could not deliver events of landed files to the queue.",
            first_step="Check whether the queue's policy or its key changed, fix it, then run make redrive.",
        )
        # EventBridge sends this metric only when a rule fails. On the default event bus the rule is the only dimension
        # (Amazon EventBridge User Guide, "Monitoring Amazon EventBridge").
        for rule in self.rules:
            RunbookAlarm(
                rule,
                "InvocationsFailedToBeSentToDlq",
                capability="ingestion",
                metric=cloudwatch.Metric(
                    namespace="AWS/Events",
                    metric_name="InvocationsFailedToBeSentToDlq",
                    dimensions_map={"RuleName": rule.ref},
                    statistic=cloudwatch.Stats.SUM,
                ),
                description="EventBridge could send events of landed files neither to the queue nor to the queue of "
                "undelivered events.",
                first_step="Check whether the queues' policies or their key changed, fix it, then run make replay.",
                alerts=alerts,
            )
        longest = Duration.seconds(config.timeout_seconds * 2)
        alarm(
            "OldestMessageAge",
            metric=self.queue.metric_approximate_age_of_oldest_message(period=minute),
            threshold=longest.to_seconds(),
            description=f"A file has been in the queue for more than {longest.to_human_string()}.",
            first_step="Check the function's throttles and log, then the database's load.",
        )
        # Throttles have no alarm: OldestMessageAge reports their effect.
        alarm(
            "FunctionErrors",
            metric=self.function.resource.metric_errors(),
            description="The ingestion function crashed, ran out of memory or time, or could not start.",
            first_step="Read the last lines of the function's log.",
        )
        alarm(
            "FilesRefused",
            metric=cloudwatch.Metric(
                namespace=metrics_namespace,
                metric_name="FilesRefused",
                dimensions_map={"service": SOURCE.name},
                statistic=cloudwatch.Stats.SUM,
            ),
            description="A partner's file broke a rule, and none of its rows was loaded.",
            first_step="Find the reason in the function's log, and send it to the partner.",
        )
