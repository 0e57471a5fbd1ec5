"""Session Manager documents: logged shells, and tunnels to the app's port alone."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from components.common.log_group import log_group
from components.common.workload_role import WorkloadRole

IDLE_MINUTES, MAX_MINUTES = 20, 60
LOCAL_PORT = r"^([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"


class Sessions(Construct):
    """Own documents instead of the account's preferences, which apply to every instance of the account.

    Everything that is shown in a shell goes into an encrypted log group, while it is shown. Session Manager can't log
    what passes through a tunnel (AWS Systems Manager User Guide, "Logging session activity").
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        role: WorkloadRole,
        app_port: int,
        key: kms.IKey,
        days: int,
        removal: RemovalPolicy,
    ) -> None:
        """`role` is that of the instances, whose agent writes the log."""
        super().__init__(scope, id_)
        log = log_group(self, "LogGroup", key=key, days=days, removal=removal)
        role.allow(
            "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", resources=[log.log_group_arn]
        )
        # The agent refuses a session unless the log group is encrypted, which it looks up in the list of groups. The
        # list has no resource-level permissions (Service Authorization Reference, "Amazon CloudWatch Logs").
        role.allow("logs:DescribeLogGroups", resources=["*"])
        self.shell = self._document(
            "Shell",
            {
                "description": "A shell on an instance. Everything that it shows is logged",
                "sessionType": "Standard_Stream",
                # Empty values mean "not used"; the schema requires some of these (AWS Systems Manager User Guide,
                # "Session document schema"). No key for the stream, which TLS encrypts: each user would need it too.
                "inputs": {
                    "cloudWatchLogGroupName": log.log_group_name,
                    "cloudWatchEncryptionEnabled": True,
                    "cloudWatchStreamingEnabled": True,
                    "s3BucketName": "",
                    "s3KeyPrefix": "",
                    "s3EncryptionEnabled": True,
                    "kmsKeyId": "",
                    "idleSessionTimeout": str(IDLE_MINUTES),
                    "maxSessionDuration": str(MAX_MINUTES),
                    "runAsEnabled": False,
                    "runAsDefaultUser": "",
                    "shellProfile": {"windows": "", "linux": ""},
                },
            },
        )
        self.tunnel = self._document(
            "Tunnel",
            {
                "description": "A tunnel to the app's port on an instance",
                "sessionType": "Port",
                "parameters": {
                    "localPortNumber": {
                        "type": "String",
                        "description": "The port on the user's machine; 0 means any",
                        "allowedPattern": LOCAL_PORT,
                        "default": "0",
                    }
                },
                "properties": {
                    "portNumber": str(app_port),
                    "type": "LocalPortForwarding",
                    "localPortNumber": "{{ localPortNumber }}",
                },
            },
        )

    def _document(self, id_: str, content: dict[str, Any]) -> ssm.CfnDocument:
        return ssm.CfnDocument(
            self,
            id_,
            document_type="Session",
            document_format="JSON",
            content={"schemaVersion": "1.0", **content},
            update_method="NewVersion",
        )
