"""The role of a function or an instance, with customer-managed policies for everything it may do."""

import jsii
from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

# For services that act for several accounts and name the one they act for (IAM User Guide, "The confused deputy
# problem").
FOR_THIS_ACCOUNT: dict[str, object] = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


class AccessPolicy(iam.ManagedPolicy):
    """A customer-managed policy to which statements are added."""

    def allow(self, *actions: str, resources: list[str], conditions: dict[str, object] | None = None) -> None:
        """Adds one statement that allows `actions` on `resources`."""
        self.add_statements(iam.PolicyStatement(actions=list(actions), resources=resources, conditions=conditions))


@jsii.implements(iam.IGrantable)
class WorkloadRole(Construct):
    """A role that may do what is granted explicitly, and nothing that a construct would add by itself.

    Grants go to the role's own policy. A policy that several roles share is attached to each. Constructs that need a
    role get `sealed`, which ignores their additions.
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
        """`service` may assume the role, under `conditions` if there are any."""
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
        """The role for constructs that would add inline policies: their additions are ignored."""
        return self.role.without_policy_updates()

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The principal of grants: the role's own policy."""
        return self.policy.grant_principal

    def allow(self, *actions: str, resources: list[str], conditions: dict[str, object] | None = None) -> None:
        """Adds one statement to the role's own policy."""
        self.policy.allow(*actions, resources=resources, conditions=conditions)

    def attach(self, policy: AccessPolicy) -> None:
        """Attaches a shared policy."""
        self.role.add_managed_policy(policy)
