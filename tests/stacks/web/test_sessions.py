"""Sessions on instances: shells are logged, and tunnels lead to the app alone."""

import json
from typing import Any

import pytest

from components.web.user_data import APP_PORT
from tests.support.promises import has
from tests.support.synthesis import Synthesized

# AWS Systems Manager User Guide, "Session document schema". SSM refuses a document that lacks a required one of these.
INPUTS = {
    *("cloudWatchLogGroupName", "cloudWatchEncryptionEnabled", "cloudWatchStreamingEnabled", "kmsKeyId"),
    *("s3BucketName", "s3KeyPrefix", "s3EncryptionEnabled", "idleSessionTimeout", "maxSessionDuration"),
    *("runAsEnabled", "runAsDefaultUser", "shellProfile"),
}


def _document(synthesized: Synthesized, type_: str) -> dict[str, Any]:
    documents = [one["Properties"] for one in synthesized.resources("Web", "AWS::SSM::Document").values()]
    (found,) = (one for one in documents if one["Content"]["sessionType"] == type_)
    return dict(found)


def test_shells_are_logged_into_an_encrypted_group_while_they_last(every_environment: Synthesized) -> None:
    inputs = _document(every_environment, "Standard_Stream")["Content"]["inputs"]
    has("the shell", inputs, {"cloudWatchEncryptionEnabled": True, "cloudWatchStreamingEnabled": True})
    assert inputs.keys() == INPUTS
    name = inputs["cloudWatchLogGroupName"]["Ref"]
    group = every_environment.resources("Web", "AWS::Logs::LogGroup")[name]["Properties"]
    web = every_environment.environment.web
    assert web
    has("the log of shells", group, {"RetentionInDays": web.log_days})
    assert "KeysLogs" in json.dumps(group["KmsKeyId"]), "the log of shells has no key"
    assert int(inputs["idleSessionTimeout"]) <= 60
    assert int(inputs["maxSessionDuration"]) <= 8 * 60


def test_instances_may_write_the_log_of_shells(every_environment: Synthesized) -> None:
    """Otherwise the agent refuses each shell."""
    statements = every_environment.statements_of("Web", "WebIdentityRole")
    writing = {
        action
        for statement in statements
        if "SessionsLogGroup" in json.dumps(statement["Resource"])
        for action in statement["Action"]
    }
    assert writing >= {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}
    assert "logs:DescribeLogGroups" in json.dumps(statements)


def test_tunnels_lead_to_the_apps_port_alone(every_environment: Synthesized) -> None:
    content = _document(every_environment, "Port")["Content"]
    has("the tunnel", content["properties"], {"portNumber": str(APP_PORT), "type": "LocalPortForwarding"})
    assert set(content["parameters"]) == {"localPortNumber"}, "a user could choose another port of the instance"


@pytest.mark.parametrize("type_", ["Standard_Stream", "Port"])
def test_documents_are_ours_and_not_the_preferences_of_the_account(every_environment: Synthesized, type_: str) -> None:
    """Every account may have SSM-SessionManagerRunShell already: creating it would fail."""
    document = _document(every_environment, type_)
    assert "Name" not in document
    has("the document", document, {"DocumentType": "Session", "UpdateMethod": "NewVersion"})
