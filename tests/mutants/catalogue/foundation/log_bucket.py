"""Access, delivered logs and expiry of the log bucket."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"
FOUNDATION = "tests/stacks/foundation/test_foundation.py"

MUTANTS = (
    Mutant(
        name="the log bucket may be made public",
        file="components/foundation/log_bucket.py",
        old="block_public_access=s3.BlockPublicAccess.BLOCK_ALL",
        new="block_public_access=s3.BlockPublicAccess(block_public_policy=False, restrict_public_buckets=False)",
        test=f"{FOUNDATION}::test_the_log_bucket_is_private_and_accepts_only_tls[prod]",
        says="BlockPublicPolicy",
    ),
    Mutant(
        name="the log bucket accepts plain HTTP",
        file="components/foundation/log_bucket.py",
        old="enforce_ssl=True,\n            minimum_tls_version=1.2",
        new="enforce_ssl=False",
        test=f"{FOUNDATION}::test_the_log_bucket_is_private_and_accepts_only_tls[prod]",
        says="aws:SecureTransport",
    ),
    Mutant(
        name="access logs never expire",
        file="components/foundation/log_bucket.py",
        old="                    expiration=Duration.days(days),\n",
        new="",
        test=f"{FOUNDATION}::test_access_logs_expire_after_the_configured_days[prod]",
        says="ExpirationInDays",
    ),
    Mutant(
        name="buckets of other accounts may log into the log bucket",
        file="components/foundation/log_bucket.py",
        old='LOGS}*")],\n                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},',
        new='LOGS}*")],',
        test=f"{FOUNDATION}::test_aws_delivers_logs_only_of_this_account[prod]",
        says="BucketsOfThisAccount",
    ),
    Mutant(
        name="the log bucket keeps no versions",
        file="components/foundation/log_bucket.py",
        old="            versioned=True,\n",
        new="",
        test=f"{FOUNDATION}::test_the_log_bucket_is_private_and_accepts_only_tls[prod]",
        says="VersioningConfiguration",
    ),
    Mutant(
        name="the writer of a log owns it",
        file="components/foundation/log_bucket.py",
        old="ObjectOwnership.BUCKET_OWNER_ENFORCED",
        new="ObjectOwnership.OBJECT_WRITER",
        test=f"{FOUNDATION}::test_the_log_bucket_is_private_and_accepts_only_tls[prod]",
        says="OwnershipControls",
    ),
    Mutant(
        name="prod's access logs expire after a week",
        file="config/environments.py",
        old="log_bucket_days=365",
        new="log_bucket_days=7",
        test=f"{EVERY_STACK}::test_staging_and_prod_keep_logs_for_months[prod]",
        says="ExpirationInDays",
    ),
    Mutant(
        name="the log bucket's policy names one account",
        file="components/foundation/log_bucket.py",
        old='f"{FLOW_LOGS}/AWSLogs/{Aws.ACCOUNT_ID}/*"',
        new='f"{FLOW_LOGS}/AWSLogs/111122223333/*"',
        test=f"{EVERY_STACK}::test_no_template_hard_codes_a_partition_a_region_or_an_account",
        says="111122223333",
    ),
    Mutant(
        name="noncurrent versions of logs never expire",
        file="components/foundation/log_bucket.py",
        old="                    noncurrent_version_expiration=Duration.days(1),\n",
        new="",
        test=f"{FOUNDATION}::test_access_logs_expire_after_the_configured_days[prod]",
        says="NoncurrentVersionExpiration",
    ),
    Mutant(
        name="only logs under one prefix expire",
        file="components/foundation/log_bucket.py",
        old="expiration=Duration.days(days)",
        new='prefix="s3/",\n                    expiration=Duration.days(days)',
        test=f"{FOUNDATION}::test_access_logs_expire_after_the_configured_days[prod]",
        says="Prefix",
    ),
    Mutant(
        name="AWS may not read the bucket's ACL before it delivers logs",
        file="components/foundation/log_bucket.py",
        old='"s3:GetBucketAcl", "s3:ListBucket"',
        new='"s3:ListBucket"',
        test=f"{FOUNDATION}::test_the_log_bucket_has_the_statements_that_aws_would_add_for_flow_logs[prod]",
        says="s3:GetBucketAcl",
    ),
    Mutant(
        name="the log bucket accepts TLS 1.0",
        file="components/foundation/log_bucket.py",
        old="            minimum_tls_version=1.2,\n",
        new="",
        test=f"{FOUNDATION}::test_the_log_bucket_is_private_and_accepts_only_tls[prod]",
        says="s3:TlsVersion",
    ),
)
