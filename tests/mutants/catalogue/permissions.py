"""Roles and policies that allow more than their workload needs."""

from tests.mutants.mutant import Mutant

EVERY = "tests/stacks/test_every_stack.py"
PIPELINE = "tests/stacks/ingestion/test_ingestion.py"
FUNCTIONS = "tests/stacks/test_functions.py"
NETWORK = "tests/stacks/network/test_network.py"
WEB = "tests/stacks/web/test_web.py"
WILDCARD_RESOURCES = f"{EVERY}::test_only_what_aws_offers_no_narrower_is_allowed_on_all_resources[prod]"
DECRYPTION = f"{EVERY}::test_workloads_use_keys_through_one_service_or_for_one_secret[prod]"

MUTANTS = (
    Mutant(
        name="the intake may do anything with its queue",
        file="components/ingestion/ingestion.py",
        old='"sqs:ReceiveMessage",',
        new='"sqs:*",',
        test=f"{EVERY}::test_nothing_is_allowed_by_wildcard_action[prod]",
        says="sqs:*",
    ),
    Mutant(
        name="the intake reads every queue of the account",
        file="components/ingestion/ingestion.py",
        old="on=[self.queue.queue_arn]",
        new='on=["*"]',
        test=WILDCARD_RESOURCES,
        says="sqs:ReceiveMessage",
    ),
    Mutant(
        name="the migrations read every secret of the account",
        file="components/database/database.py",
        old='"secretsmanager:GetSecretValue", on=[secret]',
        new='"secretsmanager:GetSecretValue", on=["*"]',
        test=WILDCARD_RESOURCES,
        says="secretsmanager:GetSecretValue",
    ),
    Mutant(
        name="the migrations decrypt whatever the key of data encrypts",
        file="components/database/database.py",
        old='            conditions={"StringEquals": {"kms:EncryptionContext:SecretARN": secret}},\n',
        new="",
        test=DECRYPTION,
        says="SchemaMigration",
    ),
    Mutant(
        name="the intake decrypts whatever the key of messages encrypts",
        file="components/ingestion/ingestion.py",
        old='            conditions={"StringEquals": {"kms:ViaService": f"sqs.{Aws.REGION}.{Aws.URL_SUFFIX}"}},\n',
        new="",
        test=DECRYPTION,
        says="Ingestion",
    ),
    Mutant(
        name="the intake reads every file of the landing bucket",
        file="components/ingestion/landing_bucket.py",
        old='"s3:GetObjectVersion", on=[landed]',
        new='"s3:GetObjectVersion", on=[self.bucket.arn_for_objects("*")]',
        test=f"{PIPELINE}::test_the_intake_reads_landed_files_and_writes_none[prod]",
        says="incoming/",
    ),
    Mutant(
        name="the intake may delete landed files",
        file="components/ingestion/landing_bucket.py",
        old='"s3:GetObjectVersion", on=[landed]',
        new='"s3:GetObjectVersion", "s3:DeleteObject", on=[landed]',
        test=f"{PIPELINE}::test_the_intake_reads_landed_files_and_writes_none[prod]",
        says="s3:DeleteObject",
    ),
    Mutant(
        name="the intake connects as the master user",
        file="components/ingestion/ingestion.py",
        old="database.allow_client(self.function, self.function, user=DATABASE_USER)",
        new='database.allow_client(self.function, self.function, user="administrator")',
        test=f"{PIPELINE}::test_the_intake_connects_as_its_own_role_and_no_other[prod]",
        says="administrator",
    ),
    Mutant(
        name="a function's own code may change network interfaces",
        file="components/common/function_defaults.py",
        old="effect=iam.Effect.DENY",
        new="effect=iam.Effect.ALLOW",
        test=f"{FUNCTIONS}::test_function_code_cannot_manage_network_interfaces[prod]",
        says="Deny",
    ),
    Mutant(
        name="constructs add inline policies behind the back",
        file="components/common/python_function.py",
        old="role=self.role.sealed",
        new="role=self.role.role",
        test=f"{EVERY}::test_no_policy_is_inline[prod]",
        says="IdentityRoleDefaultPolicy",
    ),
    Mutant(
        name="every workload is an administrator",
        file="components/common/workload_role.py",
        old="managed_policies=[self.policy]",
        new='managed_policies=[self.policy, iam.ManagedPolicy.from_aws_managed_policy_name("AdministratorAccess")]',
        test=f"{EVERY}::test_no_policy_of_aws_is_attached[prod]",
        says="AdministratorAccess",
    ),
    Mutant(
        name="the function that empties one security group may empty all",
        file="components/network/default_security_group.py",
        old=':security-group/{group}"',
        new=':security-group/*"',
        test=f"{NETWORK}::test_the_default_security_group_is_emptied_by_a_function_that_can_do_nothing_else[prod]",
        says="security-group/*",
    ),
    Mutant(
        name="instances put files anywhere into the landing bucket",
        file="components/ingestion/landing_bucket.py",
        old='"s3:PutObject", on=[landed]',
        new='"s3:PutObject", on=[self.bucket.arn_for_objects("*")]',
        test=f"{WEB}::test_instances_put_files_only_where_files_land[prod]",
        says="incoming/",
    ),
    Mutant(
        name="instances read the whole bucket of assets",
        file="components/web/web.py",
        old="arn_for_objects(self._app.s3_object_key)",
        new='arn_for_objects("*")',
        test=f"{WEB}::test_instances_fetch_exactly_one_asset_and_read_nothing_else[prod]",
        says="/*",
    ),
    Mutant(
        name="instances write metrics into every namespace",
        file="components/web/instance_monitoring.py",
        old=', conditions={"StringEquals": {"cloudwatch:namespace": namespace}}',
        new="",
        test=f"{WEB}::test_instances_do_nothing_else_everywhere[prod]",
        says="cloudwatch:namespace",
    ),
    Mutant(
        name="anybody's instances become the web app",
        file="components/common/workload_role.py",
        old="assumed_by=iam.ServicePrincipal(service, conditions=conditions)",
        new="assumed_by=iam.AnyPrincipal()",
        test=f"{EVERY}::test_roles_are_assumed_by_one_service_each[prod]",
        says="'*'",
    ),
    Mutant(
        name="instances read every parameter of the account",
        file="components/web/web.py",
        old='            "ssm:UpdateInstanceInformation",\n',
        new='            "ssm:UpdateInstanceInformation",\n            "ssm:GetParameters",\n',
        test=WILDCARD_RESOURCES,
        says="ssm:GetParameters",
    ),
    Mutant(
        name="who uploads files reads those of others, too",
        file="components/ingestion/landing_bucket.py",
        old="        role.attach(self._uploaders)\n",
        new="        role.attach(self._uploaders)\n        role.attach(self._readers)\n",
        test=f"{WEB}::test_instances_fetch_exactly_one_asset_and_read_nothing_else[prod]",
        says="/incoming/*",
    ),
    Mutant(
        name="RDS measures for other accounts with our role",
        file="components/database/database_server.py",
        old="            conditions=FOR_THIS_ACCOUNT,\n",
        new="",
        test=f"{EVERY}::test_services_that_act_for_others_take_our_roles_for_this_account_alone[prod]",
        says="monitoring.rds.amazonaws.com",
    ),
)
