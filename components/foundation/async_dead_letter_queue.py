"""Dead-letter queue for asynchronous invocations that exhausted their retries."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, SERVERLESS, acknowledge, by
from components.common.alarm import RunbookAlarm
from components.common.workload_role import AccessPolicy
from components.foundation.alerts import Alerts

KEPT = Duration.days(14)  # SQS's maximum


class AsyncDeadLetterQueue(Construct):
    """Keeps invocations by CloudFormation, a schedule or a person that failed at every attempt.

    Landed files never come here: ingestion's queue invokes its function synchronously and has its own dead-letter
    queue.
    """

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, alerts: Alerts) -> None:
        super().__init__(scope, id_)
        self._key = key
        self.queue = sqs.Queue(
            self,
            "DeadLetterQueue",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=KEPT,
        )
        acknowledge(
            self.queue,
            *by(AWS_SOLUTIONS, rule="SQS3"),
            *by(SERVERLESS, rule="SQSRedrivePolicy"),
            reason="This queue is itself the dead-letter queue of functions, and an alarm watches it",
            would_change="if something consumed it by itself",
        )
        RunbookAlarm(
            self,
            "AsyncDeadLetterMessages",
            capability="foundation",
            metric=self.queue.metric_approximate_number_of_messages_visible(),
            description="An asynchronous invocation of a function failed at every attempt.",
            first_step="Read the ErrorMessage attribute of the message in the queue, then the function's log.",
            alerts=alerts,
        )

    def grant_send(self, policy: AccessPolicy) -> None:
        """Lets functions with that policy use this queue: Lambda sends with the function's role.

        Source: AWS Lambda Developer Guide, "Adding a dead-letter queue"; Amazon SQS Developer Guide, "Key management".
        """
        policy.allow("sqs:SendMessage", resources=[self.queue.queue_arn])
        policy.allow(
            "kms:GenerateDataKey",
            "kms:Decrypt",
            resources=[self._key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"sqs.{Aws.REGION}.{Aws.URL_SUFFIX}"}},
        )
