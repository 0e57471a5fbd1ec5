"""Deletion protection of single resources: whether it is on, whether the template asks for it, and how to lift it.

A stack's own termination protection is not here: its template doesn't have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ops.common.environment import DeployedEnvironment
from ops.environment.deployed import client
from ops.environment.stacks import DeployedResource

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LOAD_BALANCER_ATTRIBUTE = "deletion_protection.enabled"


@dataclass(frozen=True, kw_only=True)
class Protection:
    """The deletion protection of one type. The functions get a client of `service`, and the physical id."""

    service: str
    is_on: Callable[[Any, str], bool]
    is_wanted: Callable[[Mapping[str, Any]], bool]  # gets the properties of the template
    lift: Callable[[Any, str], object]


def is_on(environment: DeployedEnvironment, resource: DeployedResource) -> bool | None:
    """Whether the resource is protected; None if its type has no protection that is known here."""
    protection = PROTECTIONS.get(resource.type)
    return (
        None if protection is None else protection.is_on(client(environment, protection.service), resource.physical_id)
    )


def is_wanted(resource: DeployedResource) -> bool:
    """Whether the template protects the resource."""
    return template_protects(resource.type, resource.properties)


def template_protects(type_: str, properties: Mapping[str, Any]) -> bool:
    """Whether a resource of this type, with these properties of a template, is protected."""
    return type_ in PROTECTIONS and PROTECTIONS[type_].is_wanted(properties)


def lift(environment: DeployedEnvironment, resource: DeployedResource) -> bool:
    """Switch the protection off. Returns whether it was on; a resource that is gone already has none."""
    try:
        if not is_on(environment, resource):
            return False
    except ClientError as error:
        if "NotFound" not in error.response["Error"]["Code"]:
            raise
        return False
    protection = PROTECTIONS[resource.type]
    protection.lift(client(environment, protection.service), resource.physical_id)
    return True


def command(resource: DeployedResource, *, on: bool) -> str:
    """Says how to switch the protection of the resource on or off: with a command, if AWS has one."""
    name = resource.physical_id
    match resource.type:
        case "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster":
            kind = "db-instance" if resource.type == "AWS::RDS::DBInstance" else "db-cluster"
            flag = "--deletion-protection" if on else "--no-deletion-protection"
            return f"`aws rds modify-{kind} --{kind}-identifier {name} {flag} --apply-immediately`"
        case _ if resource.type == LOAD_BALANCER:
            value = f"Key={LOAD_BALANCER_ATTRIBUTE},Value={str(on).lower()}"
            return f"`aws elbv2 modify-load-balancer-attributes --load-balancer-arn {name} --attributes {value}`"
        case _:  # UpdateUserPool would reset everything that it isn't given
            return f"change it in the console of Amazon Cognito (user pool {name})"


def _instance_is_protected(rds: Any, identifier: str) -> bool:
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    return bool(instance.get("DeletionProtection"))


def _cluster_is_protected(rds: Any, identifier: str) -> bool:
    (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    return bool(cluster.get("DeletionProtection"))


def _load_balancer_is_protected(elbv2: Any, arn: str) -> bool:
    attributes = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return _attributes_protect(attributes)


def _attributes_protect(attributes: list[Mapping[str, Any]]) -> bool:
    return any(each["Key"] == LOAD_BALANCER_ATTRIBUTE and _true(each.get("Value")) for each in attributes)


def _true(value: object) -> bool:
    """A boolean of a template or an API, which may be text."""
    return str(value).lower() == "true"


def _user_pool_is_protected(cognito: Any, pool_id: str) -> bool:
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return bool(pool.get("DeletionProtection") == "ACTIVE")


def _lift_of_user_pool(cognito: Any, pool_id: str) -> None:
    """UpdateUserPool sets what it isn't given to its default, so everything else is given as it is."""
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    accepted = cognito.meta.service_model.operation_model("UpdateUserPool").input_shape.members
    kept = {name: value for name, value in {**pool, "PoolName": pool.get("Name")}.items() if name in accepted}
    # Cognito describes some settings by an older and a newer name, and refuses both (aws/aws-sdk-js#3817).
    kept.get("AdminCreateUserConfig", {}).pop("UnusedAccountValidityDays", None)
    if "VerificationMessageTemplate" in kept:
        for older in ("SmsVerificationMessage", "EmailVerificationMessage", "EmailVerificationSubject"):
            kept.pop(older, None)
    cognito.update_user_pool(**{**kept, "UserPoolId": pool_id, "DeletionProtection": "INACTIVE"})


PROTECTIONS = {
    "AWS::RDS::DBInstance": Protection(
        service="rds",
        is_on=_instance_is_protected,
        is_wanted=lambda properties: _true(properties.get("DeletionProtection")),
        lift=lambda rds, identifier: rds.modify_db_instance(
            DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
        ),
    ),
    "AWS::RDS::DBCluster": Protection(
        service="rds",
        is_on=_cluster_is_protected,
        is_wanted=lambda properties: _true(properties.get("DeletionProtection")),
        lift=lambda rds, identifier: rds.modify_db_cluster(
            DBClusterIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
        ),
    ),
    LOAD_BALANCER: Protection(
        service="elbv2",
        is_on=_load_balancer_is_protected,
        is_wanted=lambda properties: _attributes_protect(properties.get("LoadBalancerAttributes", [])),
        lift=lambda elbv2, arn: elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=[{"Key": LOAD_BALANCER_ATTRIBUTE, "Value": "false"}]
        ),
    ),
    "AWS::Cognito::UserPool": Protection(
        service="cognito-idp",
        is_on=_user_pool_is_protected,
        is_wanted=lambda properties: properties.get("DeletionProtection") == "ACTIVE",
        lift=_lift_of_user_pool,
    ),
}
