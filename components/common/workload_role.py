"""The identity of a function or an instance: one role, and customer-managed policies that hold all it may do."""

import jsii
from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

# For services that act for other accounts as well, and say for whom (IAM User Guide, "The confused deputy problem").
FOR_THIS_ACCOUNT: dict[str, object] = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


class AccessPolicy(iam.ManagedPolicy):
    """A customer-managed policy that grows statement by statement."""

    def allow(self, *actions: str, resources: list[str], conditions: dict[str, object] | None = None) -> None:
        """Adds one statement that allows `actions` on `resources`."""
        self.add_statements(iam.PolicyStatement(actions=list(actions), resources=resources, conditions=conditions))


@jsii.implements(iam.IGrantable)
class WorkloadRole(Construct):
    """Lets one workload do what was granted to it, and nothing that a construct would add behind the back.

    Grants go to the role's own policy; what several roles share is a policy that each attaches. Constructs that take a
    role are given `sealed`, which ignores what they would add.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        service: str,
        description: str,
        conditions: dict[str, object] | None = None,
    ) -> None:
        """Under `conditions`, if any, `service` may take the role on."""
        super().__init__(scope, id_)
        self.policy = AccessPolicy(self, "Policy", description=description)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(service, conditions=conditions),
            description=description,
            managed_policies=[self.policy],
        )

    @property
    def sealed(self) -> iam.IRole:
        """The role as constructs may have it: usable, not extensible."""
        return self.role.without_policy_updates()

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Where grants are written: the role's own policy."""
        return self.policy.grant_principal

    def allow(self, *actions: str, resources: list[str], conditions: dict[str, object] | None = None) -> None:
        """Adds one statement to the role's own policy."""
        self.policy.allow(*actions, resources=resources, conditions=conditions)

    def attach(self, policy: AccessPolicy) -> None:
        """Lets the workload do what `policy` allows as well."""
        self.role.add_managed_policy(policy)
