"""Changes of the values of this capability."""

from config.housekeeping import HousekeepingConfig
from tests.support.transitions import Transition

TRANSITIONS = (
    Transition(value="housekeeping", to=None),
    Transition(value="housekeeping", to=HousekeepingConfig(reject_days=90, log_days=90), before={"housekeeping": None}),
    Transition(value="housekeeping.reject_days", to=30),
    Transition(value="housekeeping.log_days", to=30),
)
