"""Configuration of the function that deletes old rows."""

from dataclasses import dataclass

from config.capability import Capability
from config.checks import require, require_log_days
from config.connections import CALLS


@dataclass(frozen=True, kw_only=True)
class HousekeepingConfig(Capability):
    """The function that deletes rejected rows, which hold personal data, `reject_days` after their file was finished.

    Its log is kept for `log_days`.
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
        require(
            self.reject_days >= 1,
            "housekeeping.reject_days",
            "at least 1",
            self.reject_days,
            "use at least one day: rejected rows are what senders ask about",
        )
        require_log_days("housekeeping.log_days", self.log_days)
