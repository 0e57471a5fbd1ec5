"""The identity of a function or an instance: one role, one customer-managed policy that holds all it may do."""

import jsii
from aws_cdk import aws_iam as iam
from constructs import Construct


@jsii.implements(iam.IGrantable)
class WorkloadRole(Construct):
    """Lets one workload do what was granted to it, and nothing that a construct would add behind the back.

    Grants go to the policy. Constructs that take a role are given `sealed`, which ignores what they would add.
    """

    def __init__(self, scope: Construct, id_: str, *, service: str, description: str) -> None:
        super().__init__(scope, id_)
        self.policy = iam.ManagedPolicy(self, "Policy", description=description)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(service),
            description=description,
            managed_policies=[self.policy],
        )

    @property
    def sealed(self) -> iam.IRole:
        """The role as constructs may have it: usable, not extensible."""
        return self.role.without_policy_updates()

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Where grants are written: the customer-managed policy."""
        return self.policy.grant_principal

    def allow(self, *actions: str, on: list[str], conditions: dict[str, object] | None = None) -> None:
        """Adds one statement that allows `actions` on the resources `on`."""
        self.policy.add_statements(iam.PolicyStatement(actions=list(actions), resources=on, conditions=conditions))
