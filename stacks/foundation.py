"""What everything else needs first: keys, the log bucket, and where alarms and failed calls go."""

from constructs import Construct

from components.foundation.alerts import Alerts
from components.foundation.async_dead_letter_queue import AsyncDeadLetterQueue
from components.foundation.keys import Keys
from components.foundation.log_bucket import LogBucket
from config.model import Environment
from stacks.base import PlatformStack


class FoundationStack(PlatformStack):
    """Encrypts, keeps access logs, and tells people."""

    def __init__(self, scope: Construct, id_: str, *, config: Environment) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            description="Encryption keys, log bucket, alerts, failed calls",
            protected=config.termination_protection,
        )
        self.keys = Keys(self, "Keys", removal=self.removal)
        self.log_bucket = LogBucket(self, "Logs", days=config.foundation.log_bucket_days, removal=self.removal)
        self.alerts = Alerts(self, "Alerts", key=self.keys.messages, emails=config.foundation.alert_emails)
        self.async_dead_letter_queue = AsyncDeadLetterQueue(
            self, "AsyncInvocations", key=self.keys.messages, alerts=self.alerts
        )
