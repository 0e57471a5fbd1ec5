"""Configuration of the functions that look up files, withdraw them and erase persons."""

from dataclasses import dataclass

from config.capability import Capability
from config.connections import CALLS

ERASURES = 1  # or withdrawals, at a time


@dataclass(frozen=True, kw_only=True)
class OperationsConfig(Capability):
    """The functions that look up what happened to a file, for people on call, and that withdraw it or erase a person.

    Their logs are kept for `log_days`.
    """

    PATH = "operations."

    log_days: int

    @property
    def database_connections(self) -> int:
        """One for each concurrent call, and for an erasure."""
        return CALLS + ERASURES

    @property
    def app_addresses(self) -> int:
        """One for each concurrent call, and for an erasure."""
        return CALLS + ERASURES

    def check(self) -> None:
        self.require_log_days()
