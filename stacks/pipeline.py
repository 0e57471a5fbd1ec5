"""From a landed file to rows."""

from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.database.schema_migration import SchemaMigration
from components.housekeeping.housekeeping import Housekeeping
from components.ingestion.ingestion import Ingestion
from components.operations.operations import Operations
from config.model import Environment
from stacks.base import PlatformStack
from stacks.data import DataStack
from stacks.foundation import FoundationStack
from stacks.network import NetworkStack


class PipelineStack(PlatformStack):
    """Migrates the schema, then loads files into it; people look up what became of them."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Environment,
        foundation: FoundationStack,
        network: NetworkStack,
        data: DataStack,
    ) -> None:
        super().__init__(scope, id_, config=config, description="Ingestion and schema migration")
        defaults = FunctionDefaults(
            self,
            "Functions",
            platform=config.runtime,
            network=network.network,
            logs_key=foundation.keys.logs,
            async_dead_letter_queue=foundation.async_dead_letter_queue,
            removal=self.removal,
        )
        self.schema_migration = SchemaMigration(self, "SchemaMigration", defaults=defaults, database=data.database)
        self.ingestion = Ingestion(
            self,
            "Ingestion",
            config=config.ingestion,
            defaults=defaults,
            landing_bucket=data.landing_bucket,
            database=data.database,
            alerts=foundation.alerts,
            messages_key=foundation.keys.messages,
            metrics_namespace=f"{config.project}-{config.name}",
            removal=self.removal,
        )
        # A new version of the code takes traffic only when the schema it needs is there.
        self.ingestion.live.node.add_dependency(self.schema_migration)
        self.operations = Operations(
            self,
            "Operations",
            config=config.ingestion,
            defaults=defaults,
            landing_bucket=data.landing_bucket,
            database=data.database,
        )
        self.housekeeping = Housekeeping(
            self,
            "Housekeeping",
            config=config.ingestion,
            defaults=defaults,
            database=data.database,
            alerts=foundation.alerts,
        )
        # Both come as roles that the migration makes.
        for construct in (self.operations, self.housekeeping):
            construct.node.add_dependency(self.schema_migration)
        self.output("QueueUrl", self.ingestion.queue.queue_url, "Events of files to load")
        self.output("DeadLetterQueueUrl", self.ingestion.dead_letters.queue_url, "Files that could not be loaded")
        self.output("UndeliveredQueueUrl", self.ingestion.undelivered.queue_url, "Events that missed the queue")
        self.output("RuleArn", self.ingestion.rule.attr_arn, "Which events of the bucket go to the queue")
        self.output("ArchiveArn", self.ingestion.archive.attr_arn, "The events of the last days, for replay")
        self.output("OperationsFunctionName", self.operations.function.function.function_name, "Looks up files")
        self.output("FunctionName", self.ingestion.function.function.function_name, "The function that loads files")
        self.output("EventSourceId", self.ingestion.event_source.event_source_mapping_id, "From queue to function")
