"""The database, and access to the database: network rules, IAM permissions and environment variables."""

from pathlib import Path

from aws_cdk import Annotations, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.common import ports
from components.common.python_function import PythonFunction
from components.common.region import known_region
from components.database.aurora_serverless import AuroraServer
from components.database.database_proxy import DatabaseProxy
from components.database.database_server import MASTER_USER, DatabaseServer, Placement
from components.database.postgres_instance import PostgresServer
from components.foundation.alerts import Alerts
from components.network.network import Network
from config.database import AuroraServerless, Engine, ThroughProxy

# Lists the certificates of the CA bundle, one certificate per line.
CERTIFICATES = Path("components/database/certificates/fingerprints.txt")


class Database(Construct):
    """Stores the ledger of files, the loaded rows and the rejected rows. Only the schema migration has a password.

    If there is a proxy, clients reach only the proxy; the proxy and the schema migration reach the database.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Engine,
        project: str,
        identifier: str,
        network: Network,
        key: kms.IKey,
        logs_key: kms.IKey,
        alerts: Alerts,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.name = project.replace("-", "_")
        self.identifier = identifier
        self._key = key
        placement = Placement(
            identifier=identifier,
            database_name=self.name,
            network=network,
            key=key,
            logs_key=logs_key,
            alerts=alerts,
            removal=removal,
        )
        self.server: DatabaseServer
        if isinstance(config, AuroraServerless):
            self.server = AuroraServer(self, "Server", config=config, placement=placement)
        else:
            self.server = PostgresServer(self, "Server", config=config, placement=placement)
        self.proxy: DatabaseProxy | None = None
        if isinstance(config.connections, ThroughProxy):
            self.proxy = DatabaseProxy(
                self,
                "Proxy",
                config=config.connections,
                server=self.server,
                log_days=config.log_days,
                placement=placement,
            )
        self._warn_if_certificate_is_missing(known_region(self))

    def environment(self, user: str | None = None) -> dict[str, str]:
        """The environment variables of a client that connects as `user`, or of the schema migration (no `user`)."""
        variables = {"DATABASE_NAME": self.name}
        if user and self.proxy:
            variables |= {"DATABASE_HOST": self.proxy.proxy.endpoint, "DATABASE_PORT": str(ports.DATABASE_PROXY)}
        else:
            variables |= {"DATABASE_HOST": self.server.host, "DATABASE_PORT": self.server.port}
        return variables | ({"DATABASE_USER": user} if user else {})

    def grant_connect(self, client: ec2.IConnectable, grantee: iam.IGrantable, *, user: str) -> None:
        """Lets `client` connect as the PostgreSQL role `user` with IAM database authentication, without a password."""
        if self.proxy:
            self._open(client, self.proxy.security_group, ports.DATABASE_PROXY)
            self.proxy.allow_login(grantee, user)
        else:
            self._open(client, self.server.security_group, ports.DATABASE)
            self.server.resource.grant_connect(grantee, user)

    def allow_migrations(self, function: PythonFunction) -> str:
        """Lets the schema migration connect as the master user. Returns the ARN of the secret with the user's password.

        The migration logs in to a new database with the password, and later with a token. The reason: after the master
        user has created roles in rds_iam, the master user is a member of rds_iam too, and RDS refuses the password
        (docs/decisions/0001). The migration never connects through a proxy. The proxy has no password for the master
        user, and the migration's lock would pin the session.
        """
        self._open(function, self.server.security_group, ports.DATABASE)
        self.server.resource.grant_connect(function, MASTER_USER)
        secret = self.server.master_secret
        function.role.allow("secretsmanager:GetSecretValue", resources=[secret])
        function.role.allow(
            "kms:Decrypt",
            resources=[self._key.key_arn],
            conditions={"StringEquals": {"kms:EncryptionContext:SecretARN": secret}},
        )
        return secret

    @staticmethod
    def _open(client: ec2.IConnectable, group: ec2.SecurityGroup, port: int) -> None:
        # `client.connections` puts the rules into the client's stack, which depends on the database's stack anyway.
        # `group.connections` would make the database's stack depend on the client's stack: a cycle.
        client.connections.allow_to(group, ec2.Port.tcp(port), "The database")

    def _warn_if_certificate_is_missing(self, region: str | None) -> None:
        """Warns instead of raising an error: the template is valid, and AWS publishes the missing certificate."""
        if region and f" RDS {region} Root CA" not in CERTIFICATES.read_text():
            Annotations.of(self).add_warning_v2(
                "platform:databaseCertificate",
                f"{CERTIFICATES.parent} has no root certificate of RDS in {region}: clients will refuse the database: "
                f"add the certificate before you deploy ({CERTIFICATES.parent}/README.md).",
            )
