"""Archives of events."""

import json

from ..api import chosen, client
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    archive = properties.get("ArchiveName") or name[-48:]
    wanted = chosen(properties, "Description", "KmsKeyIdentifier")
    if properties.get("EventPattern"):
        pattern = properties["EventPattern"]
        wanted["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
    if properties.get("RetentionDays"):
        wanted["RetentionDays"] = int(properties["RetentionDays"])
    made = client("events").create_archive(ArchiveName=archive, EventSourceArn=properties["SourceArn"], **wanted)
    return archive, {"ArchiveName": archive, "Arn": made["ArchiveArn"]}


def _delete(physical_id: str, properties: Properties) -> None:
    client("events").delete_archive(ArchiveName=physical_id)


RESOURCE = Made(type="AWS::Events::Archive", create=_create, delete=_delete)
