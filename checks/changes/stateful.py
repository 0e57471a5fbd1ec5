"""Resources whose content can't be recreated, and what a deployment does to that content."""

from dataclasses import dataclass

from checks.templates import Resource


@dataclass(frozen=True, kw_only=True)
class StatefulType:
    """The content of a stateful resource, and how to move the content to another resource."""

    what: str
    how_to_move: str


# Log groups and archives count too: auditors and replays need their content. Tables are here for apps that have one.
STATEFUL = {
    "AWS::RDS::DBInstance": StatefulType(what="the database", how_to_move="restore a snapshot or load a dump into it"),
    "AWS::RDS::DBCluster": StatefulType(what="the database", how_to_move="restore a snapshot or load a dump into it"),
    "AWS::S3::Bucket": StatefulType(what="its objects", how_to_move="copy the objects"),
    "AWS::KMS::Key": StatefulType(what="all data that it encrypted", how_to_move="re-encrypt the data"),
    "AWS::SQS::Queue": StatefulType(what="its messages", how_to_move="wait until the old one is empty"),
    "AWS::SecretsManager::Secret": StatefulType(what="the secret", how_to_move="copy the value"),
    "AWS::Cognito::UserPool": StatefulType(
        what="its users", how_to_move="import the users, who must reset their passwords"
    ),
    "AWS::Events::Archive": StatefulType(what="its events", how_to_move="wait until its events are too old to replay"),
    "AWS::Logs::LogGroup": StatefulType(what="its log events", how_to_move="export the log events"),
    "AWS::DynamoDB::Table": StatefulType(what="its items", how_to_move="restore a backup into it"),
}
# The default DeletionPolicy of these two is Snapshot (CloudFormation Template Reference, "DeletionPolicy attribute").
_SNAPSHOT_BY_DEFAULT = {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}


def deletion_policy(resource: Resource) -> str:
    """The policy for a resource that is removed from the template, or whose stack is deleted."""
    default = "Delete"
    if resource["Type"] in _SNAPSHOT_BY_DEFAULT and "DBClusterIdentifier" not in resource.get("Properties", {}):
        default = "Snapshot"
    return str(resource.get("DeletionPolicy", default))


def replace_policy(resource: Resource) -> str:
    """The policy for the old resource when CloudFormation replaces a resource."""
    return str(resource.get("UpdateReplacePolicy", "Delete"))


def strength(policy: str) -> int:
    """How much the policy keeps: Delete < Snapshot < Retain in all its variants."""
    return ("Delete", "Snapshot").index(policy) if policy in ("Delete", "Snapshot") else 2


def weaker(first: str, second: str) -> bool:
    """Whether the policy `first` keeps less than the policy `second`."""
    return strength(first) < strength(second)


def outcome(policy: str, type_: str, *, successor: bool = True) -> str:
    """Describes what happens to the old resource, and to the `successor` if there is one."""
    empty = "; the new one starts empty" if successor else ""
    match policy:
        case "Delete":
            return f"it is deleted, and {STATEFUL[type_].what} with it{empty}"
        case "Snapshot":
            return f"it is deleted after a final snapshot{empty}"
        case _:
            return f"it is retained outside of any stack{empty}"
