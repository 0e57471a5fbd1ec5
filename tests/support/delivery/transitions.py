"""Changes of the values of this capability."""

from collections.abc import Mapping
from typing import Any

from config.delivery import DeliveryConfig, ExistingProvider, NewProvider, PullRequests
from tests.support.transitions import Transition

CONFIG = DeliveryConfig(repository="acme/platform", provider=NewProvider(), github_environment="prod")
ON: Mapping[str, Any] = {"delivery": CONFIG}
TRANSITIONS = (
    Transition(value="delivery", to=CONFIG),
    Transition(value="delivery", to=None, before=ON),
    Transition(value="delivery.repository", to="acme/other", before=ON),
    Transition(value="delivery.provider", to=ExistingProvider(), before=ON),
    Transition(value="delivery.github_environment", to="production", before=ON),
    Transition(value="delivery.pull_requests", to=PullRequests(), before=ON),
    Transition(
        value="delivery.pull_requests.github_environment",
        to="previews",
        before={**ON, "delivery.pull_requests": PullRequests()},
    ),
    Transition(value="delivery.pull_requests.days", to=14, before={**ON, "delivery.pull_requests": PullRequests()}),
)
