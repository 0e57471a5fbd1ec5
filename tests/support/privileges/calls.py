"""One call for each action that the emulator authorizes: on the role's own resource, and on neighbours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.permissions.reasons import FUNCTIONS
from tests.support.privileges.identities import Deployed, StandIn

SOME_RULE = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}]

Make = Callable[[StandIn, str], Any]
Find = Callable[[Deployed], str]


def _nothing(deployed: Deployed, where: str, made: Any) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Call:
    """Calls `make` on what `own` finds, and on each of `beyond`, where it must be refused.

    Most calls name a resource that doesn't exist: AWS checks permissions first. `undo` reverts what an allowed call
    made.
    """

    make: Make
    own: Find
    beyond: tuple[Find, ...]
    undo: Callable[[Deployed, str, Any], None] = _nothing


def default_group(deployed: Deployed) -> str:
    """The VPC's default security group."""
    vpc, name = {"Name": "vpc-id", "Values": [deployed.named("NetworkVpc")]}, "group-name"
    groups = deployed.client("ec2").describe_security_groups(Filters=[vpc, {"Name": name, "Values": ["default"]}])
    (group,) = groups["SecurityGroups"]
    return str(group["GroupId"])


def named(name: str) -> Find:
    return lambda deployed: deployed.named(name)


def in_bucket(bucket: str, key: str) -> Find:
    return lambda deployed: f"{deployed.named(bucket)}/{key}"


def _queue(deployed: Deployed) -> str:
    return str(deployed.cloud.outputs().queue_url)


def _dead_letters(deployed: Deployed) -> str:
    return str(deployed.cloud.outputs().dead_letter_queue_url)


def _master_secret(deployed: Deployed) -> str:
    """The secret in which RDS keeps the administrator's password."""
    secrets = deployed.client("secretsmanager").list_secrets()["SecretList"]
    (secret,) = (each["ARN"] for each in secrets if each["Name"].startswith("rds!"))
    return str(secret)


def _other_secret(deployed: Deployed) -> str:
    return _master_secret(deployed).replace("rds!", "app!")


def s3_call(method: str, **arguments: Any) -> Make:
    def make(who: StandIn, where: str) -> Any:
        bucket, _, key = where.partition("/")
        return getattr(who.client("s3"), method)(Bucket=bucket, Key=key, **arguments)

    return make


def _sqs(method: str, **arguments: Any) -> Make:
    return lambda who, url: getattr(who.client("sqs"), method)(QueueUrl=url, **arguments)


def _of_the_queue(method: str, **arguments: Any) -> Call:
    return Call(make=_sqs(method, **arguments), own=_queue, beyond=(_dead_letters,))


def _on_everything(method: str, undo: Callable[[Deployed, str, Any], None] = _nothing, **arguments: Any) -> Call:
    """An action that EC2 offers on all resources: there is no neighbour."""
    return Call(
        make=lambda who, _: getattr(who.client("ec2"), method)(**arguments), own=lambda _: "*", beyond=(), undo=undo
    )


def _revoking(method: str) -> Call:
    return Call(
        make=lambda who, group: getattr(who.client("ec2"), method)(GroupId=group, IpPermissions=SOME_RULE),
        own=default_group,
        beyond=(named("DatabaseServerSecurityGroup"), named("IngestionFunctionSecurityGroup")),
    )


def _delete_interface(deployed: Deployed, where: str, made: Any) -> None:
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    deployed.client("ec2").delete_network_interface(NetworkInterfaceId=interface)


def _take_message(deployed: Deployed, where: str, made: Any) -> None:
    sqs = deployed.client("sqs")
    for message in sqs.receive_message(QueueUrl=where, WaitTimeSeconds=5)["Messages"]:
        sqs.delete_message(QueueUrl=where, ReceiptHandle=message["ReceiptHandle"])


CALLS: Mapping[tuple[str, str], Call] = {
    (FUNCTIONS, "ec2:CreateNetworkInterface"): _on_everything(
        "create_network_interface", _delete_interface, SubnetId="subnet-0"
    ),
    (FUNCTIONS, "ec2:DescribeNetworkInterfaces"): _on_everything("describe_network_interfaces"),
    (FUNCTIONS, "ec2:DescribeSubnets"): _on_everything("describe_subnets"),
    (FUNCTIONS, "ec2:DeleteNetworkInterface"): _on_everything("delete_network_interface", NetworkInterfaceId="eni-0"),
    (FUNCTIONS, "ec2:AssignPrivateIpAddresses"): _on_everything(
        "assign_private_ip_addresses", NetworkInterfaceId="eni-0"
    ),
    (FUNCTIONS, "ec2:UnassignPrivateIpAddresses"): _on_everything(
        "unassign_private_ip_addresses", NetworkInterfaceId="eni-0"
    ),
    (FUNCTIONS, "sqs:SendMessage"): Call(
        make=_sqs("send_message", MessageBody="failed"),
        own=named("AsyncInvocationsDeadLetterQueue"),
        beyond=(_queue, _dead_letters),
        undo=_take_message,
    ),
    ("Ingestion", "sqs:ReceiveMessage"): _of_the_queue("receive_message", VisibilityTimeout=0),
    ("Ingestion", "sqs:DeleteMessage"): _of_the_queue("delete_message", ReceiptHandle="none"),
    ("Ingestion", "sqs:GetQueueAttributes"): _of_the_queue("get_queue_attributes", AttributeNames=["All"]),
    ("Ingestion", "sqs:ChangeMessageVisibility"): _of_the_queue(
        "change_message_visibility", ReceiptHandle="none", VisibilityTimeout=1
    ),
    ("Ingestion", "s3:GetObjectVersion"): Call(
        make=s3_call("get_object", VersionId="0"),
        own=in_bucket("LandingBucket", "incoming/none.csv"),
        beyond=(in_bucket("LandingBucket", "outgoing/none.csv"), in_bucket("LogBucketBucket", "incoming/none.csv")),
    ),
    ("SchemaMigration", "secretsmanager:GetSecretValue"): Call(
        make=lambda who, secret: who.client("secretsmanager").get_secret_value(SecretId=secret),
        own=_master_secret,
        beyond=(_other_secret,),
    ),
    ("DefaultSecurityGroup", "ec2:RevokeSecurityGroupIngress"): _revoking("revoke_security_group_ingress"),
    ("DefaultSecurityGroup", "ec2:RevokeSecurityGroupEgress"): _revoking("revoke_security_group_egress"),
}
