"""Policies and trust of every role."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"

MUTANTS = (
    Mutant(
        name="every workload is an administrator",
        file="components/common/workload_role.py",
        old="managed_policies=[self.policy]",
        new='managed_policies=[self.policy, iam.ManagedPolicy.from_aws_managed_policy_name("AdministratorAccess")]',
        test="tests/architecture/test_permissions.py::test_only_the_listed_roles_attach_policies_of_aws",
        says="AdministratorAccess",
    ),
    Mutant(
        name="every principal may assume the workloads' roles",
        file="components/common/workload_role.py",
        old="assumed_by=iam.ServicePrincipal(service, conditions=conditions)",
        new="assumed_by=iam.AnyPrincipal()",
        test=f"{EVERY_STACK}::test_each_role_is_assumed_by_one_service[prod]",
        says="'*'",
    ),
    Mutant(
        name="roles have no permissions boundary",
        file="stacks/base.py",
        old="if isinstance(environment.bootstrap, OwnBootstrap):",
        new="if not environment:",
        test="tests/architecture/test_permissions_boundary.py::"
        "test_every_role_has_the_boundary_of_an_own_bootstrap_and_none_that_is_missing[prod]",
        says="has the boundary none",
    ),
)
