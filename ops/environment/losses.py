"""Says what the deletion of an environment's stacks deletes for good, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from ops.common.environment import DeployedEnvironment
from ops.environment import buckets
from ops.environment.deployed import client
from ops.environment.stacks import DeployedResource, DeployedStack

_DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_KEY = "AWS::KMS::Key"
_KEY_DAYS = 30  # how long KMS waits with a deletion, unless the template says otherwise


def described(environment: DeployedEnvironment, stacks: list[DeployedStack]) -> Iterator[str]:
    """The lines of the report."""
    resources = [resource for stack in stacks for resource in stack.resources]
    lost = [resource for resource in resources if resource.deletion_policy == "Delete" and _holds_data(resource)]
    kept = [resource for resource in resources if resource.is_kept or resource.deletion_policy == "Snapshot"]
    yield f"Stacks to delete in {environment.label}: {', '.join(stack.name for stack in reversed(stacks))}"
    yield "Lost for good:" if lost else "Nothing with data of its own is lost."
    for resource in lost:
        yield f"  {_about(environment, resource)}"
    yield "Kept:" if kept else "Nothing is kept."
    for resource in kept:
        yield f"  {_about(environment, resource)}"
    yield f"Other resources that are deleted, without data of their own: {len(resources) - len(lost) - len(kept)}"
    if any(resource.deletion_policy == "Snapshot" for resource in kept) and _KEY in {each.type for each in lost}:
        yield (
            "Attention: the snapshot is kept, but the key that encrypts it is deleted. Copy the snapshot under another "
            "key before that happens (aws rds copy-db-snapshot --kms-key-id ...), or nobody can restore it."
        )


def _holds_data(resource: DeployedResource) -> bool:
    return resource.type in _DATA or (resource.declares_policy and not resource.type.startswith("Custom::"))


def _about(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    """One resource, and how much is in it where that is cheap to find out."""
    describe = _DATA.get(resource.type)
    try:
        more = describe(environment, resource) if describe else ""
    except ClientError as error:
        more = f"not readable ({error.response['Error']['Code']})"
    snapshot = ", after a final snapshot" if resource.deletion_policy == "Snapshot" else ""
    kind = resource.type.rpartition("::")[2]
    if description := resource.properties.get("Description"):
        kind += f" ({description})"
    return f"{kind} {resource.physical_id}" + (f": {more}{snapshot}" if more or snapshot else "")


def _bucket(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    return f"{buckets.count(client(environment, 's3'), resource.physical_id)} versions of files"


def _instance(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    rds = client(environment, "rds")
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=resource.physical_id)["DBInstances"]
    return f"a database with {instance['AllocatedStorage']} GiB of storage"


def _cluster(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    return "a database, with its automated backups"


def _key(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    if resource.is_kept:
        return "what it encrypts stays readable"
    days = resource.properties.get("PendingWindowInDays", _KEY_DAYS)
    return f"disabled at once, deleted after {days} days; nothing that it encrypts can be read any more"


def _log_group(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    logs = client(environment, "logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=resource.physical_id)["logGroups"]
    stored = next((each.get("storedBytes", 0) for each in groups if each["logGroupName"] == resource.physical_id), 0)
    return f"{stored:,} bytes of log"


def _queue(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    wanted = "ApproximateNumberOfMessages"
    sqs = client(environment, "sqs")
    answer = sqs.get_queue_attributes(QueueUrl=resource.physical_id, AttributeNames=[wanted])
    return f"{int(answer['Attributes'][wanted]):,} messages"


def _people(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    pool = client(environment, "cognito-idp").describe_user_pool(UserPoolId=resource.physical_id)["UserPool"]
    return f"{pool.get('EstimatedNumberOfUsers', 0):,} people who may sign in"


def _archive(environment: DeployedEnvironment, resource: DeployedResource) -> str:
    found = client(environment, "events").describe_archive(ArchiveName=resource.physical_id)
    return f"{found.get('EventCount', 0):,} events"


_DATA: dict[str, Callable[[DeployedEnvironment, DeployedResource], str]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBCluster": _cluster,
    _KEY: _key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SQS::Queue": _queue,
    "AWS::Cognito::UserPool": _people,
    "AWS::Events::Archive": _archive,
}
