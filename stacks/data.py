"""What would hurt to lose."""

from constructs import Construct

from components.database import Database
from components.landing_zone import LandingZone
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import Foundation
from stacks.network import Network


class Data(PlatformStack):
    """Keeps the files that landed and the rows made of them."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Environment, foundation: Foundation, network: Network
    ) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            description="Landing bucket and database",
            protected=config.termination_protection,
        )
        self.landing_zone = LandingZone(
            self,
            "LandingZone",
            config=config.landing,
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
        self.output("LandingBucketName", self.landing_zone.bucket.bucket_name, "Where files land")
        self.output("IncomingPrefix", self.landing_zone.incoming_prefix, "What their keys start with")
        self.output("DatabaseIdentifier", self.database.identifier, "The database on RDS")
        self.output("DatabaseName", self.database.name, "The database inside PostgreSQL")
