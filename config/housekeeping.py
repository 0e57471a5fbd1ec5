"""Configuration of the function that deletes old rejected rows."""

from dataclasses import dataclass

from config.capability import Capability
from config.connections import CALLS


@dataclass(frozen=True, kw_only=True)
class HousekeepingConfig(Capability):
    """The function that deletes rejected rows, which hold personal data, `reject_days` after their file was finished.

    A dataset may declare fewer days (`retentionDays` of its declaration). The function's log is kept for `log_days`.
    """

    PATH = "housekeeping."

    reject_days: int
    log_days: int

    @property
    def database_connections(self) -> int:
        """One for each concurrent call."""
        return CALLS

    @property
    def app_addresses(self) -> int:
        """One for each concurrent call."""
        return CALLS

    def check(self) -> None:
        self.require_at_least("reject_days", 1, "use at least one day: rejected rows are what senders ask about")
        self.require_log_days()
