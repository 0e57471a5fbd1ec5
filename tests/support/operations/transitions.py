"""Changes of the values of this capability."""

from config.operations import OperationsConfig
from tests.support.transitions import Transition

TRANSITIONS = (
    Transition(value="operations", to=None),
    Transition(value="operations", to=OperationsConfig(log_days=90), before={"operations": None}),
    Transition(value="operations.log_days", to=30),
)
