"""PostgreSQL on RDS, and the only place that knows what access to it means."""

from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from components import ports
from components.acknowledgement import acknowledge
from components.log_group import log_group
from components.network import Network
from components.python_function import PythonFunction
from config import model

DATABASE_NAME = "shop"
MASTER_USER = "administrator"
ON_REMOVAL = {"snapshot": RemovalPolicy.SNAPSHOT, "destroy": RemovalPolicy.DESTROY}


class Database(Construct):
    """Keeps orders, the ledger of files, and rejected rows. Nobody but the migrations holds a password for it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: model.PostgresInstance,
        identifier: str,
        network: Network,
        key: kms.IKey,
        logs_key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.name = DATABASE_NAME
        self._key = key
        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=network.vpc, description="The database", allow_all_outbound=False
        )
        # RDS would make this group itself, unencrypted and kept for ever, if it weren't there first.
        log = log_group(
            self,
            "Log",
            key=logs_key,
            days=config.log_days,
            removal=removal,
            name=f"/aws/rds/instance/{identifier}/postgresql",
        )
        self.instance = self._instance(config, identifier, network)
        self.instance.node.add_dependency(log)
        self._acknowledge(config)

    @property
    def host(self) -> str:
        """The name that clients connect to, and that the server's certificate carries."""
        return self.instance.db_instance_endpoint_address

    def environment(self, user: str | None = None) -> dict[str, str]:
        """The variables by which a runtime finds the database; `user` where it has one of its own."""
        variables = {
            "DATABASE_HOST": self.host,
            "DATABASE_PORT": self.instance.db_instance_endpoint_port,
            "DATABASE_NAME": self.name,
        }
        return variables | ({"DATABASE_USER": user} if user else {})

    def allow_client(self, client: ec2.IConnectable, grantee: iam.IGrantable, *, user: str) -> None:
        """Lets `client` connect as the PostgreSQL role `user` with IAM database authentication, without a password."""
        self._open_port_to(client)
        self.instance.grant_connect(grantee, user)

    def allow_migrations(self, function: PythonFunction) -> str:
        """Lets the migrations connect as the master user. Returns the ARN of the secret with its password.

        By password on a new database, by token later: once the master user has made roles that belong to rds_iam, it
        belongs to rds_iam itself, and RDS refuses its password (docs/decisions/0001).
        """
        self._open_port_to(function)
        self.instance.grant_connect(function, MASTER_USER)
        secret = self._resource.attr_master_user_secret_secret_arn
        function.role.allow("secretsmanager:GetSecretValue", on=[secret])
        function.role.allow(
            "kms:Decrypt",
            on=[self._key.key_arn],
            conditions={"StringEquals": {"kms:EncryptionContext:SecretARN": secret}},
        )
        return secret

    @property
    def _resource(self) -> rds.CfnDBInstance:
        return cast("rds.CfnDBInstance", self.instance.node.default_child)

    def _open_port_to(self, client: ec2.IConnectable) -> None:
        # Said from the client's side, so that the rule stands in the client's stack: from this side it would tie the
        # database's stack to its consumers, and the stacks into a circle.
        client.connections.allow_to(self.instance, ec2.Port.tcp(ports.DATABASE), "The database")

    def _instance(self, config: model.PostgresInstance, identifier: str, network: Network) -> rds.DatabaseInstance:
        engine = rds.DatabaseInstanceEngine.postgres(
            version=rds.PostgresEngineVersion.of(config.major_version, config.major_version)
        )
        return rds.DatabaseInstance(
            self,
            "Instance",
            # A name of our own, against the rule: RDS makes its log group's name from it.
            instance_identifier=identifier,
            engine=engine,
            instance_type=ec2.InstanceType(config.instance_type),
            multi_az=config.multi_az,
            vpc=network.vpc,
            vpc_subnets=network.data_subnets,
            security_groups=[self.security_group],
            publicly_accessible=False,
            port=ports.DATABASE,
            database_name=DATABASE_NAME,
            credentials=rds.Credentials.from_username(MASTER_USER, encryption_key=self._key),
            manage_master_user_password=True,
            iam_authentication=True,
            storage_encrypted=True,
            storage_encryption_key=self._key,
            storage_type=rds.StorageType.GP3,
            allocated_storage=config.storage_gib,
            max_allocated_storage=config.max_storage_gib,
            backup_retention=Duration.days(config.backup_days),
            copy_tags_to_snapshot=True,
            delete_automated_backups=config.on_removal == "destroy",
            deletion_protection=config.deletion_protection,
            removal_policy=ON_REMOVAL[config.on_removal],
            auto_minor_version_upgrade=True,
            cloudwatch_logs_exports=["postgresql"],
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            parameter_group=rds.ParameterGroup(
                self,
                "Parameters",
                engine=engine,
                parameters={"rds.force_ssl": "1", "log_min_duration_statement": "1000"},
            ),
        )

    def _acknowledge(self, config: model.PostgresInstance) -> None:
        if not config.multi_az:
            acknowledge(
                self.instance,
                "AwsSolutions-RDS3",
                reason="A standby in a second zone doubles the price of a database that may be away for an hour; "
                "would change with database.multi_az",
            )
        if not config.deletion_protection:
            acknowledge(
                self.instance,
                "AwsSolutions-RDS10",
                reason="This environment is made to be thrown away, its database with it; "
                "would change with database.deletion_protection",
            )
