"""SQS queues and dead-letter queues, encrypted with a customer-managed key."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, SERVERLESS, acknowledge, by
from components.common.workload_role import AccessPolicy, WorkloadRole
from config.ingestion import DEAD_LETTER_DAYS

# SQS encrypts and decrypts with the caller's permissions (Amazon SQS Developer Guide, "Key management"). The key also
# encrypts other resources, so callers may use it through SQS only.
THROUGH_SQS: dict[str, object] = {"StringEquals": {"kms:ViaService": f"sqs.{Aws.REGION}.{Aws.URL_SUFFIX}"}}


class EncryptedQueue(sqs.Queue):
    """A queue that is encrypted with a customer-managed key and refuses plain HTTP."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        retention: Duration,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=retention,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )
        self._key = key

    def grant_consume(self, role: WorkloadRole) -> None:
        """Lets a function's event source mapping receive and delete messages: it uses the function's role.

        Source: AWS Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
        """
        role.allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", resources=[self.queue_arn])
        role.allow("kms:Decrypt", resources=[self._key.key_arn], conditions=THROUGH_SQS)

    def grant_send(self, grantee: WorkloadRole | AccessPolicy) -> None:
        """Lets whoever has the role or the policy send messages."""
        grantee.allow("sqs:SendMessage", resources=[self.queue_arn])
        grantee.allow("kms:GenerateDataKey", "kms:Decrypt", resources=[self._key.key_arn], conditions=THROUGH_SQS)


class DeadLetterQueue(EncryptedQueue):
    """Keeps messages that failed at every attempt. Add an alarm that watches it.

    `keeps` says which messages, and completes "this queue keeps ...". `is_redrive_target` is true if another queue
    moves its messages here by a redrive policy. They keep their age then: a message is deleted `DEAD_LETTER_DAYS` after
    it was first sent.
    """

    def __init__(
        self, scope: Construct, id_: str, *, key: kms.IKey, keeps: str, is_redrive_target: bool = False
    ) -> None:
        super().__init__(scope, id_, key=key, retention=Duration.days(DEAD_LETTER_DAYS))
        acknowledge(
            self,
            *by(SERVERLESS, rule="SQSRedrivePolicy"),
            # cdk-nag itself recognizes the target of a redrive policy.
            *(() if is_redrive_target else by(AWS_SOLUTIONS, rule="SQS3")),
            reason=f"This dead-letter queue keeps {keeps}, and an alarm watches it",
            would_change="if a function consumed its messages",
        )
