"""Changes of the values of this capability."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config.delivery import DeliveryConfig, ExistingProvider, NewProvider, PullRequests
from config.environments import DEV
from tests.support.transitions import Transition

CONFIG = DeliveryConfig(repository="acme/platform", provider=NewProvider(), github_environment="prod")
ON: Mapping[str, Any] = {"delivery": CONFIG}
WITH_PULL_REQUESTS: Mapping[str, Any] = {**ON, "delivery.pull_requests": PullRequests()}
# Only an environment without termination protection may have environments of pull requests.
UNPROTECTED = replace(DEV, region="eu-central-1")
TRANSITIONS = (
    Transition(value="delivery", to=CONFIG),
    Transition(value="delivery", to=None, before=ON),
    Transition(value="delivery.repository", to="acme/other", before=ON),
    Transition(value="delivery.provider", to=ExistingProvider(), before=ON),
    Transition(value="delivery.github_environment", to="production", before=ON),
    Transition(value="delivery.pull_requests", to=PullRequests(), before=ON, base=UNPROTECTED),
    Transition(
        value="delivery.pull_requests.github_environment", to="previews", before=WITH_PULL_REQUESTS, base=UNPROTECTED
    ),
    Transition(value="delivery.pull_requests.days", to=14, before=WITH_PULL_REQUESTS, base=UNPROTECTED),
)
