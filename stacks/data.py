"""What would hurt to lose."""

from constructs import Construct

from components.database.database import Database
from components.ingestion.landing_bucket import LandingBucket
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack
from stacks.network import NetworkStack


class DataStack(PlatformStack):
    """Keeps the files that landed and the rows made of them."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Environment, foundation: FoundationStack, network: NetworkStack
    ) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            description="Landing bucket and database",
            protected=config.termination_protection,
        )
        self.landing_bucket = LandingBucket(
            self,
            "LandingBucket",
            config=config.landing_bucket,
            upload_origins=config.web.exposure.origins,
            key=foundation.keys.data,
            log_bucket=foundation.log_bucket.bucket,
            removal=self.removal,
        )
        self.database = Database(
            self,
            "Database",
            config=config.database,
            identifier=f"{config.project}-{config.name}",
            network=network.network,
            key=foundation.keys.data,
            logs_key=foundation.keys.logs,
            alerts=foundation.alerts,
            removal=self.removal,
        )
        self.output("LandingBucketName", self.landing_bucket.bucket.bucket_name, "Where files land")
        self.output("IncomingPrefix", self.landing_bucket.incoming_prefix, "What their keys start with")
        self.output("DatabaseIdentifier", self.database.identifier, "The database on RDS")
        self.output("DatabaseName", self.database.name, "The database inside PostgreSQL")
