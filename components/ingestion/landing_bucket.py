"""The bucket in which files land."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, PCI, acknowledge, by
from components.common.workload_role import AccessPolicy, WorkloadRole
from components.foundation.log_bucket import BUCKET_LOGS
from config.canary import canary
from config.datasets import Dataset
from config.ingestion import DeepArchive, GlacierInstantRetrieval, IntelligentTiering, LandingBucketConfig, StandardIa

INCOMING_PREFIX = "incoming/"
# The key also encrypts other resources, so callers may use it through S3 only.
THROUGH_S3: dict[str, object] = {"StringEquals": {"kms:ViaService": f"s3.{Aws.REGION}.{Aws.URL_SUFFIX}"}}
CLASSES = {
    StandardIa: s3.StorageClass.INFREQUENT_ACCESS,
    IntelligentTiering: s3.StorageClass.INTELLIGENT_TIERING,
    GlacierInstantRetrieval: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
    DeepArchive: s3.StorageClass.DEEP_ARCHIVE,
}


def _lifecycle(config: LandingBucketConfig) -> s3.LifecycleRule:
    """What happens to the files of every dataset."""
    return s3.LifecycleRule(
        transitions=[
            s3.Transition(storage_class=CLASSES[type(step)], transition_after=Duration.days(step.after_days))
            for step in config.storage
        ]
        or None,
        expiration=Duration.days(config.expire_days) if config.expire_days else None,
        noncurrent_version_expiration=Duration.days(config.noncurrent_days),
        abort_incomplete_multipart_upload_after=Duration.days(1),
    )


def _expirations(config: LandingBucketConfig, datasets: Mapping[str, Dataset]) -> list[s3.LifecycleRule]:
    """Deletes the originals of a dataset that declares for how long they are kept.

    Of two rules for a file, S3 applies the one that deletes it first (Amazon S3 User Guide, "Examples of S3 Lifecycle
    configurations", "Lifecycle configuration conflicts").
    """
    return [
        s3.LifecycleRule(
            prefix=f"{INCOMING_PREFIX}{dataset.name}/",
            expiration=Duration.days(dataset.originals_days),
            noncurrent_version_expiration=Duration.days(min(dataset.originals_days, config.noncurrent_days)),
        )
        for dataset in datasets.values()
        if dataset.originals_days
    ]


class LandingBucket(Construct):
    """Keeps every version of every file that partners drop, and sends an event for each to EventBridge."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: LandingBucketConfig,
        datasets: Mapping[str, Dataset],
        key: kms.IKey,
        log_bucket: s3.IBucket,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.incoming_prefix = INCOMING_PREFIX
        self._key = key
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[_lifecycle(config), *_expirations(config, datasets)],
            removal_policy=removal,
        )
        resource = cast("s3.CfnBucket", self.bucket.node.default_child)
        # Both inline: the L2's flag for EventBridge adds a singleton function, and its access logs would add this
        # bucket's ARN to the policy of the log bucket, which is in an earlier stack.
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=log_bucket.bucket_name, log_file_prefix=f"{BUCKET_LOGS}landing/"
        )
        acknowledge(
            self.bucket,
            *by(NIST, HIPAA, PCI, rule="S3BucketReplicationEnabled"),
            reason="S3 keeps each file in several zones of the region, and old versions protect against mistakes",
            would_change="with disaster recovery in another region",
        )
        self._access = Construct(self, "Access")
        self._readers = self._reader_policy()
        self._uploaders: AccessPolicy | None = None
        acknowledge(
            self._access,
            *by(
                AWS_SOLUTIONS,
                rule=f"IAM5[Resource::<{Stack.of(self).get_logical_id(resource)}.Arn>/{INCOMING_PREFIX}*]",
            ),
            reason="The keys of landed files are not known in advance, but their prefix is",
            would_change="if each partner had a separate prefix",
        )

    def grant_read(self, role: WorkloadRole) -> None:
        """Lets the role read every version of the files that landed, and list them.

        The policy changes with this stack, before the code of its users: widen it first, narrow it a release later
        (docs/decisions/0005).
        """
        role.attach(self._readers)

    def grant_upload(self, role: WorkloadRole, *, origins: tuple[str, ...]) -> None:
        """Lets the role upload files, and sign uploads that browsers at `origins` send. It can't read any file."""
        if self._uploaders is None:
            self._uploaders = self._uploader_policy()
        role.attach(self._uploaders)
        self.bucket.add_cors_rule(allowed_methods=[s3.HttpMethods.POST], allowed_origins=list(origins))

    def allow_canary(self, policy: AccessPolicy) -> None:
        """Allows to put the file of `make verify` into the bucket, and to delete it with its version."""
        file = canary()
        if file is None:
            return
        objects = self.bucket.arn_for_objects(f"{self.incoming_prefix}{file.key}")
        policy.allow("s3:PutObject", "s3:DeleteObjectVersion", resources=[objects])
        policy.allow("kms:GenerateDataKey", "kms:Decrypt", resources=[self._key.key_arn], conditions=THROUGH_S3)

    @property
    def _objects(self) -> str:
        return self.bucket.arn_for_objects(f"{self.incoming_prefix}*")

    def _uploader_policy(self) -> AccessPolicy:
        uploaders = AccessPolicy(self._access, "UploadPolicy", description="Uploads files to the landing bucket")
        uploaders.allow("s3:PutObject", resources=[self._objects])
        # Decrypt is for the S3 Bucket Key, which saves a KMS call for each file and is itself encrypted (Amazon S3 User
        # Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys").
        uploaders.allow("kms:GenerateDataKey", "kms:Decrypt", resources=[self._key.key_arn], conditions=THROUGH_S3)
        return uploaders

    def _reader_policy(self) -> AccessPolicy:
        readers = AccessPolicy(self._access, "ReadPolicy", description="Reads files in the landing bucket")
        # Readers name the version, which needs no GetObject (Amazon S3 API Reference, "GetObject").
        readers.allow("s3:GetObjectVersion", resources=[self._objects])
        # Without these S3 answers 403 for a deleted version, as it does for a missing permission (Amazon S3 API
        # Reference, "GetObject"). A condition on the prefix is not possible, because GetObject has no prefix.
        readers.allow("s3:ListBucket", "s3:ListBucketVersions", resources=[self.bucket.bucket_arn])
        readers.allow("kms:Decrypt", resources=[self._key.key_arn], conditions=THROUGH_S3)
        return readers
