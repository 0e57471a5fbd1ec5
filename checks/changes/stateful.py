"""Resources that hold what nobody can make again, and what becomes of it."""

from dataclasses import dataclass

from checks.templates import Resource


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What a resource holds, and how that gets over to another one."""

    what: str
    carry: str


# Log groups and archives count too: an auditor, or a replay, asks for what they hold. Tables for those who add one.
STATEFUL = {
    "AWS::RDS::DBInstance": Holding(what="the database", carry="restore a snapshot or load a dump into it"),
    "AWS::RDS::DBCluster": Holding(what="the database", carry="restore a snapshot or load a dump into it"),
    "AWS::S3::Bucket": Holding(what="its objects", carry="copy the objects"),
    "AWS::KMS::Key": Holding(what="all that it encrypted", carry="encrypt everything anew with it"),
    "AWS::SQS::Queue": Holding(what="its messages", carry="let the old one run empty"),
    "AWS::SecretsManager::Secret": Holding(what="the secret", carry="copy the value"),
    "AWS::Cognito::UserPool": Holding(what="its users", carry="import the users, who need new passwords"),
    "AWS::Events::Archive": Holding(what="its events", carry="wait until nobody would replay the old one's events"),
    "AWS::Logs::LogGroup": Holding(what="its log events", carry="export the log events"),
    "AWS::DynamoDB::Table": Holding(what="its items", carry="restore a backup into it"),
}
# Where no policy is given. CloudFormation Template Reference, "DeletionPolicy attribute": Snapshot for these two.
_SNAPSHOT_BY_DEFAULT = {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}


def deletion_policy(resource: Resource) -> str:
    """What happens when the resource leaves the template or its stack is deleted."""
    default = "Delete"
    if resource["Type"] in _SNAPSHOT_BY_DEFAULT and "DBClusterIdentifier" not in resource.get("Properties", {}):
        default = "Snapshot"
    return str(resource.get("DeletionPolicy", default))


def replace_policy(resource: Resource) -> str:
    """What happens to the old one when the resource is replaced."""
    return str(resource.get("UpdateReplacePolicy", "Delete"))


def strength(policy: str) -> int:
    """How much the policy keeps: Delete < Snapshot < Retain, whenever that holds."""
    return ("Delete", "Snapshot").index(policy) if policy in ("Delete", "Snapshot") else 2


def weaker(one: str, other: str) -> bool:
    """Whether the first policy keeps less than the second."""
    return strength(one) < strength(other)


def fate(policy: str, type_: str, *, heir: bool = True) -> str:
    """What becomes of the old resource, and of an `heir` where another one takes its place."""
    empty = "; the new one starts empty" if heir else ""
    match policy:
        case "Delete":
            return f"it is deleted, and {STATEFUL[type_].what} with it{empty}"
        case "Snapshot":
            return f"it is deleted after a last snapshot{empty}"
        case _:
            return f"it stays, outside every stack{empty}"
