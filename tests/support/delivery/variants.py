"""Environments that GitHub deploys, which no shipped one is: nobody's repository can be shipped."""

from dataclasses import replace

from config.delivery import DeliveryConfig, ExistingProvider, NewProvider, PullRequests
from config.environments import DEV, PROD
from config.model import Environment

REPOSITORY = "acme@1234/platform@5678"
PROD_DELIVERY = DeliveryConfig(repository=REPOSITORY, provider=NewProvider(), github_environment="prod")
DEV_DELIVERY = DeliveryConfig(
    repository="acme/platform", provider=ExistingProvider(), github_environment="dev", pull_requests=PullRequests()
)
DELIVERED = replace(PROD, delivery=PROD_DELIVERY)
PREVIEWED = replace(DEV, delivery=DEV_DELIVERY)
VARIANTS: dict[str, Environment] = {"prod by GitHub": DELIVERED, "dev with pull requests": PREVIEWED}
UNUSUAL: dict[str, Environment] = {}
