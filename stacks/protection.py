"""Leaves out the protection of what a deployment creates, because CloudFormation must be able to roll it back.

A rollback deletes what the deployment created. Deletion protection makes that fail, and termination protection then
stops the next attempt. So `make deploy` creates without protection (`-c unprotected=...`), and switches it on once
everything is there.
"""

from collections.abc import Collection

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_rds as rds
from constructs import Construct

LOAD_BALANCER_ATTRIBUTE = "deletion_protection.enabled"


def leave_unprotected(scope: Construct, names: Collection[str]) -> None:
    """Takes the protection off these stacks and resources.

    A name is that of a stack, with everything in it, or `<stack>/<logical id>`.
    """
    for construct in scope.node.find_all():
        if isinstance(construct, Stack) and construct.stack_name in names:
            construct.termination_protection = False
        elif isinstance(construct, CfnResource):
            stack = Stack.of(construct)
            logical_id = stack.resolve(construct.logical_id)
            if {stack.stack_name, f"{stack.stack_name}/{logical_id}"}.intersection(names):
                _leave_unprotected(construct)


def _leave_unprotected(resource: CfnResource) -> None:
    match resource.cfn_resource_type:
        case "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster":
            # RDS refuses the property for the members of an Aurora cluster, which don't have it.
            if isinstance(resource, rds.CfnDBInstance | rds.CfnDBCluster) and resource.deletion_protection:
                resource.add_property_override("DeletionProtection", False)
        case "AWS::Cognito::UserPool":
            resource.add_property_override("DeletionProtection", "INACTIVE")
        case "AWS::ElasticLoadBalancingV2::LoadBalancer" if isinstance(resource, elbv2.CfnLoadBalancer):
            for index, attribute in enumerate(Stack.of(resource).resolve(resource.load_balancer_attributes)):
                if attribute["key"] == LOAD_BALANCER_ATTRIBUTE:
                    resource.add_property_override(f"LoadBalancerAttributes.{index}.Value", "false")
