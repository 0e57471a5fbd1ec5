"""Configuration of the function that looks up files."""

from dataclasses import dataclass

from config.capability import Capability
from config.connections import CALLS


@dataclass(frozen=True, kw_only=True)
class OperationsConfig(Capability):
    """The function that looks up what happened to a file, for people on call. Its log is kept for `log_days`."""

    PATH = "operations."

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
        self.require_log_days()
