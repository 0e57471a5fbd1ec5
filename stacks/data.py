"""The data that must not be lost."""

from constructs import Construct

from components.common.incarnation import incarnation
from components.common.workload_role import AccessPolicy
from components.database.database import Database
from components.ingestion.landing_bucket import LandingBucket
from components.network.network import Network
from config.datasets import datasets
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class DataStack(PlatformStack):
    """Keeps the files that landed, and the rows made from them."""

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, foundation: FoundationStack, network: Network
    ) -> None:
        super().__init__(scope, id_, environment=environment, description="Landing bucket and database")
        self.landing_bucket = LandingBucket(
            self,
            "LandingBucket",
            config=environment.landing_bucket,
            datasets=datasets(),
            key=foundation.keys.data,
            log_bucket=foundation.log_bucket.bucket,
            removal=self.removal,
        )
        self.database = Database(
            self,
            "Database",
            config=environment.database,
            project=environment.project,
            identifier=f"{environment.project}-{environment.name}-{incarnation()}",
            network=network,
            key=foundation.keys.data,
            logs_key=foundation.keys.logs,
            alerts=foundation.alerts,
            removal=self.removal,
        )
        self.output("LandingBucketName", self.landing_bucket.bucket.bucket_name, "The bucket in which files land")
        self.output("IncomingPrefix", self.landing_bucket.incoming_prefix, "The prefix under which files land")
        self.output("DatabaseIdentifier", self.database.identifier, "The database instance or cluster on RDS")
        self.output("DatabaseName", self.database.name, "The database inside PostgreSQL")

    def allow_verify(self, policy: AccessPolicy) -> None:
        """Allows it to drop its file."""
        self.landing_bucket.allow_canary(policy)
