"""Dead-letter queue for asynchronous invocations that exhausted their retries."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from components.common.alarm import RunbookAlarm
from components.common.queue import DeadLetterQueue
from components.foundation.alerts import Alerts


class AsyncDeadLetterQueue(Construct):
    """Keeps invocations by CloudFormation, a schedule or a person that failed at every attempt.

    Landed files never come here: ingestion's queue invokes its function synchronously and has its own dead-letter
    queue.
    """

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, alerts: Alerts) -> None:
        super().__init__(scope, id_)
        self.queue = DeadLetterQueue(
            self, "DeadLetterQueue", key=key, keeps="asynchronous invocations that failed at every attempt"
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
