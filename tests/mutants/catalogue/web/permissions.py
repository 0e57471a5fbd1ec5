"""The permissions of instances."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"
WEB = "tests/stacks/web/test_web.py"

MUTANTS = (
    Mutant(
        name="every website may upload into the landing bucket",
        file="components/ingestion/landing_bucket.py",
        old="allowed_origins=list(origins)",
        new='allowed_origins=["*"]',
        test=f"{WEB}::test_browsers_may_upload_only_from_the_apps_own_address[prod]",
        says="AllowedOrigins",
    ),
    Mutant(
        name="instances may put files outside the landing prefix",
        file="components/ingestion/landing_bucket.py",
        old='"s3:PutObject", resources=[self._objects]',
        new='"s3:PutObject", resources=[self.bucket.arn_for_objects("*")]',
        test=f"{WEB}::test_instances_write_files_only_to_the_landing_prefix[prod]",
        says="incoming/",
    ),
    Mutant(
        name="instances may read the whole assets bucket",
        file="components/web/web.py",
        old="arn_for_objects(self._app.s3_object_key)",
        new='arn_for_objects("*")',
        test=f"{WEB}::test_instances_fetch_exactly_one_asset_and_read_nothing_else[prod]",
        says="/*",
    ),
    Mutant(
        name="instances may write metrics into every namespace",
        file="components/web/instance_monitoring.py",
        old='            conditions={"StringEquals": {"cloudwatch:namespace": namespace}},\n',
        new="",
        test=f"{WEB}::test_instances_use_all_resources_only_for_metrics_sessions_and_the_list_of_log_groups[prod]",
        says="cloudwatch:namespace",
    ),
    Mutant(
        name="instances may read every parameter of the account",
        file="components/web/web.py",
        old='            "ssm:UpdateInstanceInformation",\n',
        new='            "ssm:UpdateInstanceInformation",\n            "ssm:GetParameters",\n',
        test=f"{EVERY_STACK}::test_only_actions_that_aws_cannot_limit_are_allowed_on_all_resources[prod]",
        says="ssm:GetParameters",
    ),
    Mutant(
        name="instances that upload files may also read them",
        file="components/ingestion/landing_bucket.py",
        old="        role.attach(self._uploaders)\n",
        new="        role.attach(self._uploaders)\n        role.attach(self._readers)\n",
        test=f"{WEB}::test_instances_fetch_exactly_one_asset_and_read_nothing_else[prod]",
        says="/incoming/*",
    ),
    Mutant(
        name="the web app's settings name one region",
        file="components/web/web.py",
        old='"AWS_REGION": Aws.REGION',
        new='"AWS_REGION": "us-east-1"',
        test=f"{EVERY_STACK}::test_no_template_hard_codes_a_partition_a_region_or_an_account",
        says="us-east-1",
    ),
    Mutant(
        name="the web app is deployed before its database role exists",
        file="stacks/platform.py",
        old="network=network,\n"
        "                landing_bucket=data.landing_bucket,\n"
        "                database=data.database,\n"
        "            ).add_stack_dependency(pipeline)",
        new="network=network,\n"
        "                landing_bucket=data.landing_bucket,\n"
        "                database=data.database,\n"
        "            )",
        test=f"{EVERY_STACK}::test_database_clients_are_deployed_after_the_migration_that_creates_their_role[prod]",
        says="Web is deployed",
    ),
)
