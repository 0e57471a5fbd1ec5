"""Environments that GitHub deploys, which no shipped one is: nobody's repository can be shipped."""

from dataclasses import replace

from config.delivery import DeliveryConfig, ExistingProvider, NewProvider, PullRequests
from config.environments import PROD
from config.model import Environment

REPOSITORY = "acme@1234/platform@5678"
DELIVERY = DeliveryConfig(
    repository=REPOSITORY, provider=NewProvider(), github_environment="dev", pull_requests=PullRequests()
)
# With the values of prod, in which every rule pack accepts the core.
WITH_PULL_REQUESTS = replace(PROD, name="dev", termination_protection=False, delivery=DELIVERY)
SECOND_IN_ITS_ACCOUNT = replace(
    PROD, delivery=DeliveryConfig(repository="acme/platform", provider=ExistingProvider(), github_environment="prod")
)
VARIANTS: dict[str, Environment] = {}
UNUSUAL = {
    "dev, deployed from GitHub": WITH_PULL_REQUESTS,
    "prod, deployed from GitHub, as the second in its account": SECOND_IN_ITS_ACCOUNT,
}
