"""Encryption keys, the log bucket, alerts, and the dead-letter queue of asynchronous invocations."""

from constructs import Construct

from components.foundation.alerts import Alerts
from components.foundation.async_dead_letter_queue import AsyncDeadLetterQueue
from components.foundation.keys import Keys
from components.foundation.log_bucket import LogBucket
from config.model import Environment
from stacks.base import PlatformStack


class FoundationStack(PlatformStack):
    """Holds what every other stack needs: encryption, access logs, notifications."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            description="Encryption keys, log bucket, alerts, dead-letter queue of asynchronous invocations",
        )
        config = environment.foundation
        self.keys = Keys(self, "Keys", removal=self.removal)
        self.log_bucket = LogBucket(self, "LogBucket", days=config.log_bucket_days, removal=self.removal)
        self.alerts = Alerts(self, "Alerts", key=self.keys.messages, emails=config.alert_emails)
        self.async_dead_letter_queue = AsyncDeadLetterQueue(
            self, "AsyncInvocations", key=self.keys.messages, alerts=self.alerts
        )
