"""Who is trusted, and what they may do."""

from tests.mutants.mutant import Mutant

COMPONENT = "components/delivery/delivery.py"
TESTS = "tests/stacks/delivery/test_delivery.py"
PERMISSIONS = "tests/architecture/test_permissions.py"
TRUST = f"{TESTS}::test_each_role_trusts_one_environment_of_one_repository"

MUTANTS = (
    Mutant(
        name="every job of the repository may deploy",
        file=COMPONENT,
        old='{"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}}',
        new='{"StringLike": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": f"repo:{self._config.repository}:*"}}',
        test=f"{TRUST}[Deploy]",
        says="StringLike",
    ),
    Mutant(
        name="tokens for every audience are trusted",
        file=COMPONENT,
        old='f"{ISSUER}:aud": AUDIENCE, ',
        new="",
        test=f"{PERMISSIONS}::test_no_policy_contains_what_is_prohibited[dev, deployed from GitHub]",
        says="also issues tokens to others",
    ),
    Mutant(
        name="jobs that only verify may deploy",
        file=COMPONENT,
        old='"Detects drift, and reads no content")\n',
        new='"Detects drift, and reads no content")\n        policy.allow("sts:AssumeRole", resources=["*"])\n',
        test=f"{TESTS}::test_whoever_verifies_can_deploy_nothing",
        says="sts:AssumeRole",
    ),
    Mutant(
        name="pull requests delete every stack",
        file="stacks/delivery.py",
        old='prefix=f"{environment.project}-{TEMPORARY_PREFIX}"',
        new='prefix=f"{environment.project}-"',
        test=f"{TESTS}::test_pull_requests_delete_temporary_environments_only",
        says="-pr-*",
    ),
    Mutant(
        name="workflows read files",
        file=COMPONENT,
        old="""self._policy("VerifyPolicy", "Detects drift, and reads no content")
        _deny_content(policy)""",
        new='self._policy("VerifyPolicy", "Detects drift, and reads no content")',
        test=f"{TESTS}::test_no_role_reads_files_or_messages[Verify]",
        says="Verify",
    ),
    Mutant(
        name="a workflow changes its own roles",
        file=COMPONENT,
        old='PATH = "/delivery/"',
        new='PATH = "/"',
        test="tests/architecture/delivery/test_trust.py::test_a_deployment_cannot_change_what_it_is_trusted_with",
        says="iam:AttachRolePolicy",
    ),
    Mutant(
        name="a temporary environment has roles of its own",
        file="config/delivery.py",
        old='''of another environment deploys the copy."""
        return
''',
        new='''of another environment deploys the copy."""
        return self
''',
        test=f"{TESTS}::test_a_temporary_environment_has_no_roles_of_its_own",
        says="Delivery",
    ),
    Mutant(
        name="each environment creates the identity provider again",
        file=COMPONENT,
        old="if isinstance(self._config.provider, NewProvider):",
        new="if self._config.provider:",
        test=f"{TESTS}::test_a_second_environment_in_an_account_uses_the_provider_that_is_there",
        says="DeliveryProvider",
    ),
)
