"""Access, encryption and expiry of landed files."""

from tests.mutants.mutant import Mutant

DATA = "tests/stacks/test_data.py"
FOUNDATION = "tests/stacks/foundation/test_foundation.py"
INGESTION = "tests/stacks/ingestion/test_ingestion.py"
REGIONS = "tests/stacks/test_regions.py"

MUTANTS = (
    Mutant(
        name="the landing bucket may be made public",
        file="components/ingestion/landing_bucket.py",
        old="block_public_access=s3.BlockPublicAccess.BLOCK_ALL",
        new="block_public_access=s3.BlockPublicAccess(block_public_policy=False, restrict_public_buckets=False)",
        test=f"{DATA}::test_the_landing_bucket_is_versioned_encrypted_and_private[prod]",
        says="BlockPublicPolicy",
    ),
    Mutant(
        name="the landing bucket keeps no versions",
        file="components/ingestion/landing_bucket.py",
        old="versioned=True",
        new="versioned=False",
        test=f"{DATA}::test_the_landing_bucket_is_versioned_encrypted_and_private[prod]",
        says="VersioningConfiguration",
    ),
    Mutant(
        name="landed files are encrypted with SSE-S3 instead of KMS",
        file="components/ingestion/landing_bucket.py",
        old="encryption=s3.BucketEncryption.KMS,\n            encryption_key=key,\n            bucket_key_enabled=True",
        new="encryption=s3.BucketEncryption.S3_MANAGED",
        test=f"{DATA}::test_the_landing_bucket_is_versioned_encrypted_and_private[prod]",
        says="AES256",
    ),
    Mutant(
        name="landed files are encrypted with AWS's key instead of ours",
        file="components/ingestion/landing_bucket.py",
        old="encryption=s3.BucketEncryption.KMS,\n            encryption_key=key",
        new="encryption=s3.BucketEncryption.KMS_MANAGED",
        test=f"{DATA}::test_the_landing_bucket_is_versioned_encrypted_and_private[prod]",
        says="KMSMasterKeyID",
    ),
    Mutant(
        name="the landing bucket accepts plain HTTP",
        file="components/ingestion/landing_bucket.py",
        old="enforce_ssl=True,\n            minimum_tls_version=1.2",
        new="enforce_ssl=False",
        test=f"{DATA}::test_the_landing_bucket_refuses_plain_http[prod]",
        says="aws:SecureTransport",
    ),
    Mutant(
        name="the landing bucket accepts TLS 1.0",
        file="components/ingestion/landing_bucket.py",
        old="minimum_tls_version=1.2",
        new="minimum_tls_version=1.0",
        test=f"{DATA}::test_the_landing_bucket_refuses_plain_http[prod]",
        says="s3:TlsVersion",
    ),
    Mutant(
        name="the landing bucket logs under a prefix that AWS may not write to",
        file="components/ingestion/landing_bucket.py",
        old='log_file_prefix=f"{BUCKET_LOGS}landing/"',
        new='log_file_prefix="landing/"',
        test=f"{FOUNDATION}::test_the_landing_bucket_logs_under_an_allowed_prefix[prod]",
        says="LogFilePrefix",
    ),
    Mutant(
        name="the landing bucket sends no events to EventBridge",
        file="components/ingestion/landing_bucket.py",
        old="event_bridge_enabled=True",
        new="event_bridge_enabled=False",
        test=f"{DATA}::test_the_landing_bucket_sends_its_events_to_eventbridge[prod]",
        says="EventBridgeEnabled",
    ),
    Mutant(
        name="landed files expire like noncurrent versions",
        file="components/ingestion/landing_bucket.py",
        old="Duration.days(config.expire_days) if config.expire_days else None",
        new="Duration.days(config.noncurrent_days)",
        test=f"{DATA}::test_files_expire_only_if_configured[dev]",
        says="ExpirationInDays",
    ),
    Mutant(
        name="unfinished multipart uploads are never removed",
        file="components/ingestion/landing_bucket.py",
        old="        abort_incomplete_multipart_upload_after=Duration.days(1),\n",
        new="",
        test=f"{DATA}::test_replaced_versions_and_unfinished_uploads_expire[prod]",
        says="AbortIncompleteMultipartUpload",
    ),
    Mutant(
        name="the landing bucket is deleted with its stack",
        file="components/ingestion/landing_bucket.py",
        old="removal_policy=removal",
        new="removal_policy=RemovalPolicy.DESTROY",
        test=f"{DATA}::test_buckets_keys_and_log_groups_are_retained_when_their_stack_is_deleted[prod]",
        says="LandingBucket",
    ),
    Mutant(
        name="the ingestion function may read files outside the landing prefix",
        file="components/ingestion/landing_bucket.py",
        old='"s3:GetObjectVersion", resources=[self._objects]',
        new='"s3:GetObjectVersion", resources=[self.bucket.arn_for_objects("*")]',
        test=f"{INGESTION}::test_ingestion_reads_landed_files_and_writes_none[prod]",
        says="incoming/",
    ),
    Mutant(
        name="the ingestion function may delete landed files",
        file="components/ingestion/landing_bucket.py",
        old='"s3:GetObjectVersion", resources=[self._objects]',
        new='"s3:GetObjectVersion", "s3:DeleteObject", resources=[self._objects]',
        test=f"{INGESTION}::test_ingestion_reads_landed_files_and_writes_none[prod]",
        says="s3:DeleteObject",
    ),
    Mutant(
        name="a condition names S3 by a domain that China does not use",
        file="components/ingestion/landing_bucket.py",
        old='f"s3.{Aws.REGION}.{Aws.URL_SUFFIX}"',
        new='f"s3.{Aws.REGION}.amazonaws.com"',
        test=f"{REGIONS}::test_the_domain_of_aws_is_hard_coded_only_in_service_names[prod-None]",
        says="amazonaws.com",
    ),
)
