"""What stands in a template and belongs to one partition, region or account; and what ties stacks together."""

from tests.mutants.mutant import Mutant

EVERY = "tests/stacks/test_every_stack.py"
REGIONS = "tests/stacks/test_regions.py"
NAMES = f"{EVERY}::test_nothing_names_a_partition_a_region_or_an_account"

MUTANTS = (
    Mutant(
        name="a policy names the partition of most regions",
        file="components/network/default_security_group.py",
        old='f"arn:{Aws.PARTITION}:ec2:',
        new='f"arn:aws:ec2:',
        test=NAMES,
        says="arn:aws:",
    ),
    Mutant(
        name="a key serves the logs of one region",
        file="components/foundation/keys.py",
        old='f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}"',
        new='f"logs.eu-central-1.{Aws.URL_SUFFIX}"',
        test=NAMES,
        says="eu-central-1",
    ),
    Mutant(
        name="the app works in one region",
        file="components/web/web.py",
        old='"AWS_REGION": Aws.REGION',
        new='"AWS_REGION": "us-east-1"',
        test=NAMES,
        says="us-east-1",
    ),
    Mutant(
        name="flow logs are delivered for one account",
        file="components/foundation/log_bucket.py",
        old='f"{FLOW_LOGS}/AWSLogs/{Aws.ACCOUNT_ID}/*"',
        new='f"{FLOW_LOGS}/AWSLogs/111122223333/*"',
        test=NAMES,
        says="111122223333",
    ),
    Mutant(
        name="a condition names S3 as China does not",
        file="components/ingestion/landing_bucket.py",
        old='f"s3.{Aws.REGION}.{Aws.URL_SUFFIX}"',
        new='f"s3.{Aws.REGION}.amazonaws.com"',
        test=f"{REGIONS}::test_the_domain_of_aws_is_written_out_in_the_names_of_services_only[prod-None]",
        says="amazonaws.com",
    ),
    Mutant(
        name="outputs become exports that no stack can change",
        file="stacks/base.py",
        old="CfnOutput(self, name, value=value, description=description)",
        new='CfnOutput(self, name, value=value, description=description, export_name=f"{self.stack_name}-{name}")',
        test=f"{EVERY}::test_stacks_export_nothing[prod]",
        says="Export",
    ),
    Mutant(
        name="the web tier is deployed before the tables are there",
        file="stacks/platform.py",
        old="self.web.add_stack_dependency(self.pipeline)",
        new="self.web.add_stack_dependency(self.data)",
        test=f"{EVERY}::test_the_web_tier_comes_after_the_tables_it_reads[prod]",
        says="Pipeline",
    ),
)
