"""The schema migration and the ingestion of files."""

from aws_cdk import Fn
from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.database.database import Database
from components.database.schema_migration import SchemaMigration
from components.ingestion.ingestion import Ingestion
from components.ingestion.landing_bucket import LandingBucket
from components.network.network import Network
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class PipelineStack(PlatformStack):
    """Migrates the database's schema, then loads files into it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        foundation: FoundationStack,
        network: Network,
        landing_bucket: LandingBucket,
        database: Database,
    ) -> None:
        super().__init__(scope, id_, environment=environment, description="Ingestion and schema migration")
        # Shared by all functions in the VPC, those of the optional capabilities too: one policy instead of a copy each.
        self.function_defaults = FunctionDefaults(
            self,
            "FunctionDefaults",
            runtime=environment.runtime,
            network=network,
            logs_key=foundation.keys.logs,
            async_dead_letter_queue=foundation.async_dead_letter_queue,
            removal=self.removal,
        )
        self.schema_migration = SchemaMigration(
            self, "SchemaMigration", defaults=self.function_defaults, database=database
        )
        self.ingestion = Ingestion(
            self,
            "Ingestion",
            config=environment.ingestion,
            defaults=self.function_defaults,
            landing_bucket=landing_bucket,
            database=database,
            alerts=foundation.alerts,
            messages_key=foundation.keys.messages,
            metrics_namespace=f"{environment.project}-{environment.name}",
            removal=self.removal,
        )
        # A new version of the code takes traffic only when the schema that it needs is there.
        self.ingestion.live.node.add_dependency(self.schema_migration)
        self.output("QueueUrl", self.ingestion.queue.queue_url, "Events of files to load")
        self.output("DeadLetterQueueUrl", self.ingestion.dead_letter_queue.queue_url, "Events of files that failed")
        self.output(
            "UndeliveredQueueUrl", self.ingestion.undelivered.queue_url, "Events that EventBridge could not send"
        )
        rules = Fn.join(",", [rule.attr_arn for rule in self.ingestion.rules])
        self.output("RuleArns", rules, "The rules that send the bucket's events to the queue")
        self.output("ArchiveArn", self.ingestion.archive.attr_arn, "The archive of events, for replay")
        self.output("FunctionName", self.ingestion.function.name, "The function that loads files")
        self.output("EventSourceId", self.ingestion.event_source.event_source_mapping_id, "From queue to function")
