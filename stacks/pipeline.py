"""From a landed file to rows."""

from constructs import Construct

from components.file_intake import FileIntake
from components.function_host import FunctionHost
from components.housekeeping import Housekeeping
from components.operations import Operations
from components.schema_migration import SchemaMigration
from config.model import Environment
from stacks.base import PlatformStack
from stacks.data import Data
from stacks.foundation import Foundation
from stacks.network import Network


class Pipeline(PlatformStack):
    """Migrates the schema, then loads files into it; people look up what became of them."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Environment,
        foundation: Foundation,
        network: Network,
        data: Data,
    ) -> None:
        super().__init__(scope, id_, config=config, description="File intake and schema migration")
        host = FunctionHost(
            self,
            "Functions",
            platform=config.platform,
            network=network.network,
            logs_key=foundation.keys.logs,
            failed_calls=foundation.failed_calls,
            removal=self.removal,
        )
        self.schema_migration = SchemaMigration(self, "SchemaMigration", host=host, database=data.database)
        self.file_intake = FileIntake(
            self,
            "FileIntake",
            config=config.intake,
            host=host,
            landing_zone=data.landing_zone,
            database=data.database,
            alerts=foundation.alerts,
            messages_key=foundation.keys.messages,
            metrics_namespace=f"{config.project}-{config.name}",
            removal=self.removal,
        )
        # A new version of the code takes traffic only when the schema it needs is there.
        self.file_intake.live.node.add_dependency(self.schema_migration)
        self.operations = Operations(
            self,
            "Operations",
            config=config.intake,
            host=host,
            landing_zone=data.landing_zone,
            database=data.database,
        )
        self.housekeeping = Housekeeping(
            self,
            "Housekeeping",
            config=config.intake,
            host=host,
            database=data.database,
            alerts=foundation.alerts,
        )
        # Both come as roles that the migration makes.
        for construct in (self.operations, self.housekeeping):
            construct.node.add_dependency(self.schema_migration)
        self.output("QueueUrl", self.file_intake.queue.queue_url, "Events of files to load")
        self.output("DeadLetterQueueUrl", self.file_intake.dead_letters.queue_url, "Files that could not be loaded")
        self.output("UndeliveredQueueUrl", self.file_intake.undelivered.queue_url, "Events that missed the queue")
        self.output("RuleArn", self.file_intake.rule.attr_arn, "Which events of the bucket go to the queue")
        self.output("ArchiveArn", self.file_intake.archive.attr_arn, "The events of the last days, for replay")
        self.output("OperationsFunctionName", self.operations.function.function.function_name, "Looks up files")
        self.output("FunctionName", self.file_intake.function.function.function_name, "The function that loads files")
        self.output("EventSourceId", self.file_intake.event_source.event_source_mapping_id, "From queue to function")
