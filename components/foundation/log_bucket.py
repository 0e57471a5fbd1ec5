"""The bucket for access logs and flow logs."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, PCI, acknowledge, by

BUCKET_LOGS = "s3/"
FLOW_LOGS = "flow"


class LogBucket(Construct):
    """Keeps access logs for `days`. AWS delivers them only with SSE-S3, not under a customer-managed key."""

    def __init__(self, scope: Construct, id_: str, *, days: int, removal: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(days),
                    noncurrent_version_expiration=Duration.days(1),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=removal,
        )
        self._allow_delivered_logs()
        acknowledge(
            self.bucket,
            *by(AWS_SOLUTIONS, rule="S1"),
            *by(NIST, HIPAA, PCI, rule="S3BucketLoggingEnabled"),
            reason="A log bucket that logged its own accesses would write logs endlessly",
            would_change="with a second, independent trail of data events",
        )
        acknowledge(
            self.bucket,
            *by(NIST, HIPAA, PCI, rule="S3DefaultEncryptionKMS"),
            # User Guide for Application Load Balancers, "Enable access logs".
            reason="AWS delivers logs only into buckets with SSE-S3",
            would_change="if it supported a customer-managed key",
        )
        acknowledge(
            self.bucket,
            *by(NIST, HIPAA, PCI, rule="S3BucketReplicationEnabled"),
            reason="Logs serve investigations, and expire after foundation.log_bucket_days; nothing restores from them",
            would_change="with an archive in another account or region",
        )

    def _allow_delivered_logs(self) -> None:
        """Sources: Amazon VPC User Guide, "Amazon S3 bucket permissions for flow logs"; Amazon S3 User Guide, "Enabling
        Amazon S3 server access logging".

        The two statements for flow logs are those of the VPC User Guide, with its Sids: AWS adds its own policy to a
        bucket that lacks them, and that policy may replace this one.
        """
        source = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BucketsOfThisAccount",
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{BUCKET_LOGS}*")],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AWSLogDeliveryWrite",
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{FLOW_LOGS}/AWSLogs/{Aws.ACCOUNT_ID}/*")],
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Aws.ACCOUNT_ID,
                        "s3:x-amz-acl": "bucket-owner-full-control",
                    },
                    "ArnLike": {"aws:SourceArn": source},
                },
            )
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AWSLogDeliveryAclCheck",
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["s3:GetBucketAcl", "s3:ListBucket"],
                resources=[self.bucket.bucket_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": source},
                },
            )
        )

    def allow_load_balancer_logs(self, prefix: str) -> None:
        """Lets load balancers of this account write their logs below `prefix`, which has no slash at its end.

        Source: User Guide for Application Load Balancers, "Enable access logs".
        """
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"LoadBalancersOfThisAccount{prefix.capitalize()}",
                principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{prefix}/AWSLogs/{Aws.ACCOUNT_ID}/*")],
            )
        )
