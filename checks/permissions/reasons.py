"""Why each role may do each thing, and how that is known. A new grant fails a test until it has its line here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from checks.permissions.grants import Grant

FUNCTIONS = "Every function"
LAMBDA = "lambda.amazonaws.com"


class Proof(Enum):
    """How we know that a grant is needed and reaches no further (tests/integration/privileges, docs/permissions.md)."""

    PLATFORM = "Platform"
    STAND_IN = "Stand-in"
    SIMULATOR = "Simulator"
    DOCUMENT = "Document"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a role, or every function, may do `actions` on resources whose names hold `on`.

    `unproved` says why the local cloud can't show it, where only AWS's document stands for it.
    """

    role: str
    actions: tuple[str, ...]
    on: str = ""
    why: str
    proof: Proof
    unproved: str = ""

    def __post_init__(self) -> None:
        if (self.proof is Proof.DOCUMENT) != bool(self.unproved):
            raise ValueError(f"{self.role}, {self.actions}: `unproved` goes with Proof.DOCUMENT, and only with it")

    def covers(self, grant: Grant) -> bool:
        """Whether this is the reason for that grant."""
        ours = self.role == grant.role or (self.role == FUNCTIONS and grant.service == LAMBDA)
        return ours and grant.action in self.actions and all(self.on in resource for resource in grant.resources)


_NO_KMS = "the emulator's services encrypt without asking KMS"
_LOGS = "the emulator writes logs itself, and checks a group's ARN without the stream that AWS adds to it"
_NO_INSTANCE = "the web app runs here without an instance's agents"

REASONS: Sequence[Reason] = (
    Reason(
        role=FUNCTIONS,
        actions=(
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
        why="Lambda puts the function into the VPC in the role's name, and asks for every resource; the code inside is "
        'denied it (AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC")',
        proof=Proof.STAND_IN,
    ),
    Reason(
        role=FUNCTIONS,
        actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        why='Lambda sends traces, which take no resource (Service Authorization Reference, "AWS X-Ray")',
        proof=Proof.DOCUMENT,
        unproved="the emulator has no X-Ray",
    ),
    Reason(
        role=FUNCTIONS,
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        on="FunctionLog",
        why='Lambda writes the log (AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs")',
        proof=Proof.DOCUMENT,
        unproved=_LOGS,
    ),
    Reason(
        role=FUNCTIONS,
        actions=("sqs:SendMessage",),
        on="AsyncInvocationsDeadLetterQueue",
        why="Lambda keeps a call that failed for good, in the role's name (AWS Lambda Developer Guide, "
        '"Adding a dead-letter queue")',
        proof=Proof.STAND_IN,
    ),
    Reason(
        role=FUNCTIONS,
        actions=("kms:GenerateDataKey", "kms:Decrypt"),
        on="KeysMessages",
        why='SQS encrypts what Lambda keeps there (Amazon SQS Developer Guide, "Key management")',
        proof=Proof.DOCUMENT,
        unproved=_NO_KMS,
    ),
    Reason(
        role="Ingestion",
        actions=("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        on="IngestionQueue",
        why="Lambda's event source reads the queue in the role's name (AWS Lambda Developer Guide, "
        '"Creating and configuring an Amazon SQS event source mapping")',
        proof=Proof.STAND_IN,
    ),
    Reason(
        role="Ingestion",
        actions=("sqs:ChangeMessageVisibility",),
        on="IngestionQueue",
        why="A message that failed comes back after a growing wait (lambda_src/ingestion/messages.py)",
        proof=Proof.PLATFORM,
    ),
    Reason(
        role="Ingestion",
        actions=("kms:Decrypt",),
        on="KeysMessages",
        why='SQS opens messages for who receives them (Amazon SQS Developer Guide, "Key management")',
        proof=Proof.DOCUMENT,
        unproved=_NO_KMS,
    ),
    Reason(
        role="Ingestion",
        actions=("s3:GetObjectVersion",),
        on="/incoming/*",
        why="Reads the very version that the event names (lambda_src/ingestion/landed_file.py)",
        proof=Proof.PLATFORM,
    ),
    Reason(
        role="Ingestion",
        actions=("s3:ListBucket", "s3:ListBucketVersions"),
        on="LandingBucket",
        why="A version that is gone must read as gone: without them S3 answers 403, as for a refusal "
        '(Amazon S3 API Reference, "GetObject")',
        proof=Proof.DOCUMENT,
        unproved="the emulator answers 404 in any case",
    ),
    Reason(
        role="Ingestion",
        actions=("kms:Decrypt",),
        on="KeysData",
        why="S3 opens files for who reads them (Amazon S3 User Guide, "
        '"Using server-side encryption with AWS KMS keys (SSE-KMS)")',
        proof=Proof.DOCUMENT,
        unproved=_NO_KMS,
    ),
    *(
        Reason(
            role=role,
            actions=("rds-db:connect",),
            on=f"/{user}",
            why=f"Logs in to the database as {user}, with a token (Amazon RDS User Guide, "
            '"Creating and using an IAM policy for IAM database access")',
            proof=Proof.SIMULATOR,
        )
        for role, user in {
            "Ingestion": "ingestion",
            "Housekeeping": "housekeeping",
            "Operations": "operations",
            "SchemaMigration": "administrator",
            "Web": "web",
        }.items()
    ),
    Reason(
        role="DatabaseProxy",
        actions=("rds-db:connect",),
        why="Passes each client on to the database under the same name (Amazon RDS User Guide, "
        '"Configuring IAM authentication for RDS Proxy")',
        proof=Proof.DOCUMENT,
        unproved="the local database has no proxy of RDS before it",
    ),
    Reason(
        role="SchemaMigration",
        actions=("secretsmanager:GetSecretValue",),
        on="MasterUserSecret",
        why="Logs in as the administrator with the password that RDS keeps (lambda_src/schema_migration/handler.py)",
        proof=Proof.PLATFORM,
    ),
    Reason(
        role="SchemaMigration",
        actions=("kms:Decrypt",),
        on="KeysData",
        why="Secrets Manager opens that secret for who reads it (AWS Secrets Manager User Guide, "
        '"Secret encryption and decryption in AWS Secrets Manager")',
        proof=Proof.DOCUMENT,
        unproved=_NO_KMS,
    ),
    Reason(
        role="HousekeepingCaller",
        actions=("lambda:InvokeFunction",),
        on="HousekeepingFunction",
        why="The schedule calls the function every night (EventBridge Scheduler User Guide, "
        '"Setting up Amazon EventBridge Scheduler")',
        proof=Proof.STAND_IN,
    ),
    Reason(
        role="DefaultSecurityGroup",
        actions=("ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"),
        on="NetworkVpc.DefaultSecurityGroup",
        why="Takes out the rules that AWS puts in (lambda_src/default_security_group/handler.py)",
        proof=Proof.PLATFORM,
    ),
    Reason(
        role="Web",
        actions=("s3:GetObject",),
        on="-assets-",
        why="An instance fetches the app's release when it boots (components/web/user_data.py)",
        proof=Proof.STAND_IN,
    ),
    Reason(
        role="Web",
        actions=("s3:PutObject",),
        on="/incoming/*",
        why="Signs uploads, which S3 takes as if the instance sent them (web_src/uploads.py)",
        proof=Proof.PLATFORM,
    ),
    Reason(
        role="Web",
        actions=("kms:GenerateDataKey", "kms:Decrypt"),
        on="KeysData",
        why="S3 encrypts what is uploaded; the bucket's own key, which spares a call for each file, is itself "
        'encrypted (Amazon S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys")',
        proof=Proof.DOCUMENT,
        unproved=_NO_KMS,
    ),
    Reason(
        role="Web",
        actions=(
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ),
        why="Session Manager, instead of SSH; none of them takes a resource (AWS Systems Manager User Guide, "
        '"Verify or add instance permissions for Session Manager")',
        proof=Proof.DOCUMENT,
        unproved=_NO_INSTANCE,
    ),
    Reason(
        role="Web",
        actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        on="WebMonitoringLog",
        why="The CloudWatch agent sends the logs (Amazon CloudWatch User Guide, "
        '"Create IAM roles and users for use with the CloudWatch agent")',
        proof=Proof.DOCUMENT,
        unproved=_NO_INSTANCE,
    ),
    Reason(
        role="Web",
        actions=("cloudwatch:PutMetricData",),
        why="The CloudWatch agent measures memory and disk; metrics take no resource, but a namespace (Service "
        'Authorization Reference, "Amazon CloudWatch")',
        proof=Proof.DOCUMENT,
        unproved="the emulator doesn't know the condition on the namespace, and refuses all",
    ),
    Reason(
        role="DatabaseServerMonitoring",
        actions=("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
        on="RDSOSMetrics",
        why="RDS makes the group of its measurements (Amazon RDS User Guide, "
        '"Setting up and enabling Enhanced Monitoring")',
        proof=Proof.DOCUMENT,
        unproved=_LOGS,
    ),
    Reason(
        role="DatabaseServerMonitoring",
        actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"),
        on="RDSOSMetrics:log-stream:*",
        why="RDS writes its measurements, a stream for each instance (Amazon RDS User Guide, "
        '"Setting up and enabling Enhanced Monitoring")',
        proof=Proof.DOCUMENT,
        unproved=_LOGS,
    ),
    Reason(
        role="NetworkLogsWriter",
        actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        on="NetworkLogsFlows",
        why="The VPC writes its flow log (Amazon VPC User Guide, "
        '"IAM role for publishing flow logs to CloudWatch Logs")',
        proof=Proof.DOCUMENT,
        unproved=_LOGS,
    ),
)


def reasons_for(grant: Grant, reasons: Sequence[Reason] = REASONS) -> list[Reason]:
    """The reasons that cover a grant: one, when all is well. The role's own goes before what every function has."""
    found = [reason for reason in reasons if reason.covers(grant)]
    return [reason for reason in found if reason.role == grant.role] or found
