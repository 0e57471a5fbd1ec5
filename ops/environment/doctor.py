"""Checks of an account before a deployment that apply to all capabilities."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from config.bootstrap import BootstrapNames
from config.environments import named
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.environment import planned, quotas
from ops.environment.deploy import require_compiling_python
from ops.environment.deployed import client, existing_stacks
from ops.environment.expected import UNKNOWN
from ops.environment.stacks import CREATION_FAILED, WITHOUT_TEMPLATE

UNRESERVED = 100  # AWS Lambda Developer Guide, "Configuring reserved concurrency for a function"
CONCURRENCY_QUOTA = ("lambda", "L-B99A9384")
DEFAULT_CONCURRENCY = 1000
# The type of a resource with a physical name, and the property that is both its name and its identifier.
_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBProxy": "DBProxyName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SSM::Parameter": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
}
# The service-linked role that each type needs, by the name of its service.
_SERVICE_ROLES = {
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
    ),
    "AWS::RDS::DBCluster": ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
    "AWS::RDS::DBInstance": ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
    "AWS::Route53Resolver::ResolverQueryLoggingConfig": (
        "route53resolver.amazonaws.com",
        "AWSServiceRoleForRoute53Resolver",
    ),
}
# For their log groups AWS adds a statement to the policy that all its deliveries share.
_DELIVERED = ("AWS::Route53Resolver::ResolverQueryLoggingConfig", "AWS::WAFv2::LoggingConfiguration")
_LOGS_POLICY = "AWSLogDeliveryWrite20150319"
# CloudWatch Logs User Guide, "CloudWatch Logs quotas": resource policies in a region, and characters in each.
_MAX_POLICIES, _MAX_POLICY_LENGTH = 10, 5120
_STATEMENT_LENGTH = 500


def code_is_compiled_here(environment: DeployedEnvironment) -> Iterator[str]:
    """`make deploy` refuses another Python than the one that the environment names."""
    require_compiling_python(environment.name, sys.version_info[:2])
    yield from ()


def account_is_bootstrapped(environment: DeployedEnvironment) -> Iterator[str]:
    """The CDK's bootstrap is new enough for every stack, and its bucket is there."""
    needed = {stack.bootstrap for stack in planned.stacks(environment).values() if stack.bootstrap}
    region, ssm = environment.session.region_name, client(environment, "ssm")
    names = BootstrapNames(project=environment.project, environment=environment.name)
    command = f"`make bootstrap ENV={environment.name} REGION={region}`, as an administrator"
    for bootstrap in needed:
        qualifier = bootstrap.parameter.split("/")[2]  # as in /cdk-bootstrap/hnb659fds/version
        bucket = bootstrap.bucket.replace("${AWS::AccountId}", environment.account).replace("${AWS::Region}", region)
        toolkit = names.toolkit_stack if qualifier == names.qualifier else "CDKToolkit"
        try:
            version = int(ssm.get_parameter(Name=bootstrap.parameter)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            yield f"{region} is not bootstrapped (the SSM parameter {bootstrap.parameter} is missing): {command}"
            if _exists(environment, bucket):
                yield (
                    f"the bucket {bucket} of an earlier bootstrap is still there, and another one would fail on its "
                    f"name: empty it in the console (every version), then `aws s3api delete-bucket --bucket {bucket}`"
                )
            continue
        if version < bootstrap.version:
            yield f"the bootstrap has version {version}, and the stacks need {bootstrap.version}: {command}"
        if not _exists(environment, bucket):
            yield (
                f"the bucket {bucket} of the bootstrap is gone: delete the bootstrap's stack, by default `aws "
                f"cloudformation delete-stack --stack-name {toolkit}`, then {command}"
            )


def _exists(environment: DeployedEnvironment, bucket: str) -> bool:
    try:
        client(environment, "s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            return False
        if error.response["Error"]["Code"] == "403":  # HeadBucket has no other error for it
            raise SkippedError(f"AWS refuses to show the bucket {bucket}, or another account has it") from error
        raise
    return True


def stacks_can_be_deployed(environment: DeployedEnvironment) -> Iterator[str]:
    """No stack is in a state that CloudFormation refuses to update, and nobody else has a stack of that name.

    `make deploy` repeats a creation that failed.
    """
    own = existing_stacks(environment)
    pages = client(environment, "cloudformation").get_paginator("describe_stacks").paginate()
    others = {each["StackName"] for page in pages for each in page["Stacks"] if each["StackStatus"] != WITHOUT_TEMPLATE}
    for name in sorted(others.intersection(planned.stacks(environment)) - {stack.name for stack in own}):
        yield (
            f"there is already a stack {name}, whose resources don't have this environment's tags, so `make deploy` "
            "would replace its resources: choose another project name (`make rename NAME=...`), or delete it if nobody "
            f"needs it (`aws cloudformation delete-stack --stack-name {name}`)"
        )
    for stack in own:
        name = stack.name
        if stack.status.endswith("_IN_PROGRESS"):
            yield (
                f"{name} is {stack.status}: wait until that has ended (`aws cloudformation describe-stacks "
                f"--stack-name {name}` shows it)"
            )
        elif stack.status == "UPDATE_ROLLBACK_FAILED":
            yield (
                f"{name} is {stack.status} ({stack.status_reason}): `aws cloudformation continue-update-rollback "
                f"--stack-name {name}`"
            )
        elif stack.status.endswith("_FAILED") and stack.status not in CREATION_FAILED:
            yield f"{name} is {stack.status} ({stack.status_reason}): `make destroy ENV={environment.name}` says why"


def fixed_names_are_free(environment: DeployedEnvironment) -> Iterator[str]:
    """Nothing outside of the environment's stacks has the physical name of a resource to be created."""
    control = client(environment, "cloudcontrol")
    for resource in planned.resources(environment, *_NAMES):
        name = resource.properties.get(_NAMES[resource.type], UNKNOWN)
        if not resource.is_new or UNKNOWN in name:
            continue
        try:
            control.get_resource(TypeName=resource.type, Identifier=name)
        except control.exceptions.ResourceNotFoundException:
            continue
        yield (
            f"there is already a {resource.type} {name}, which {resource.stack} can't create: rename or import it, or "
            f"`aws cloudcontrol delete-resource --type-name {resource.type} --identifier {name}`"
        )


def concurrency_suffices(environment: DeployedEnvironment) -> Iterator[str]:
    """The account can reserve what functions reserve, and keep 100 concurrent executions for all others.

    Without reserved concurrency, the executions that an alias keeps ready count in the same way.
    """
    reserve = named(environment.name).runtime.reserve_concurrency
    type_ = "AWS::Lambda::Function" if reserve else "AWS::Lambda::Alias"
    wanted = {
        (resource.stack, resource.logical_id): _concurrency(resource.properties)
        for resource in planned.resources(environment, type_)
    }
    reserved = {
        (stack.name, resource.logical_id): _concurrency(resource.properties)
        for stack in existing_stacks(environment)
        for resource in stack.of_type(type_)
    }
    more = sum(wanted.values()) - sum(number for resource, number in reserved.items() if resource in wanted)
    limits = client(environment, "lambda").get_account_settings()["AccountLimit"]
    missing = UNRESERVED - (limits["UnreservedConcurrentExecutions"] - more)
    if more > 0 and missing > 0:
        total = max(limits["ConcurrentExecutions"] + missing, DEFAULT_CONCURRENCY)
        yield (
            f"functions reserve {more} more concurrent executions, of {limits['UnreservedConcurrentExecutions']} that "
            f"are unreserved in this account, and {UNRESERVED} must stay so: "
            f"{quotas.increase(*CONCURRENCY_QUOTA, total)}, or set "
            f"{'runtime=RuntimeConfig(reserve_concurrency=False)' if reserve else 'ingestion.start=OnDemand()'} in "
            "config/environments.py"
        )


def _concurrency(properties: Mapping[str, Any]) -> int:
    """What a function reserves, or an alias keeps ready."""
    ready = properties.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions", 0)
    return int(properties.get("ReservedConcurrentExecutions", ready))


def service_linked_roles_exist(environment: DeployedEnvironment) -> Iterator[str]:
    """The roles with which services act in this account exist.

    A service makes its role when it is first used. The first database of an account fails nevertheless if its subnet
    group is sooner (terraform-aws-modules/terraform-aws-rds, issue 364), or if CloudFormation's role may not create it.
    """
    if environment.is_local:
        raise SkippedError("services of the local cloud need no roles")
    iam = client(environment, "iam")
    types = {resource.type for resource in planned.resources(environment, *_SERVICE_ROLES)}
    for service, role in sorted({_SERVICE_ROLES[each] for each in types}):
        try:
            iam.get_role(RoleName=role)
        except iam.exceptions.NoSuchEntityException:
            yield (
                f"the role {role} doesn't exist yet, and the first resource that needs it may fail: "
                f"`aws iam create-service-linked-role --aws-service-name {service}`"
            )


def account_has_paid_plan(environment: DeployedEnvironment) -> Iterator[str]:
    """An account with the free plan can't have the database, nor larger instances.

    RDS then answers with FreeTierRestrictionError (yc-software/qm, issue 352).
    """
    if environment.is_local:
        raise SkippedError("the local cloud costs nothing")
    # AWS has this API in few regions.
    freetier = environment.session.client("freetier", region_name="us-east-1")
    try:
        plan = freetier.get_account_plan_state()["accountPlanType"]
    except freetier.exceptions.ResourceNotFoundException:
        return  # an account from before there were plans
    if plan == "FREE":
        yield (
            "the account has the free plan, with which RDS refuses the database's class and backups: "
            "`aws freetier upgrade-account-plan --account-plan-type PAID --region us-east-1`"
        )


def log_policies_have_room(environment: DeployedEnvironment) -> Iterator[str]:
    """CloudWatch Logs takes the policies that let AWS's services write into log groups."""
    own = [policy for policy in planned.resources(environment, "AWS::Logs::ResourcePolicy") if policy.is_new]
    delivered = [each for each in planned.resources(environment, *_DELIVERED) if each.is_new]
    pages = client(environment, "logs").get_paginator("describe_resource_policies").paginate()
    policies = {
        each["policyName"]: each.get("policyDocument", "") for page in pages for each in page["resourcePolicies"]
    }
    new = len(own) + bool(delivered and _LOGS_POLICY not in policies)
    if new and len(policies) + new > _MAX_POLICIES:
        yield (
            f"the region has {len(policies)} resource policies of CloudWatch Logs, {new} more are needed, and "
            f"{_MAX_POLICIES} are the most ({', '.join(sorted(policies))}): "
            "`aws logs delete-resource-policy --policy-name <one that nothing needs>`"
        )
    length = len(policies.get(_LOGS_POLICY, ""))
    if delivered and length + _STATEMENT_LENGTH * len(delivered) > _MAX_POLICY_LENGTH:
        yield (
            f"the resource policy {_LOGS_POLICY} of CloudWatch Logs has {length} of {_MAX_POLICY_LENGTH} "
            "characters, too many for the log groups of this deployment: replace its statements by one for "
            "log-group:* (`aws logs put-resource-policy`)"
        )


CHECKS = (
    Check(name="this Python builds the code that the environment names", problems=code_is_compiled_here),
    Check(name="the CDK's bootstrap is there and new enough", problems=account_is_bootstrapped),
    Check(name="every stack can be created or updated", problems=stacks_can_be_deployed),
    Check(name="fixed names are free", problems=fixed_names_are_free),
    Check(name="Lambda can reserve the concurrency of the functions", problems=concurrency_suffices),
    Check(name="the service-linked roles exist", problems=service_linked_roles_exist),
    Check(name="the account has a paid plan", problems=account_has_paid_plan),
    Check(name="CloudWatch Logs takes more resource policies", problems=log_policies_have_room),
)
