"""Checks that the account has its identity provider for GitHub where the configuration says so."""

from __future__ import annotations

from collections.abc import Iterator

from config.delivery import AUDIENCE, ISSUER, NewProvider
from config.environments import named
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.environment import planned
from ops.environment.deployed import client


def provider_is_as_configured(environment: DeployedEnvironment) -> Iterator[str]:
    """An account has one provider for GitHub. A second one can't be created, and one that is missing can't be used."""
    delivery = named(environment.name).delivery
    if delivery is None:
        raise SkippedError(f"{environment.name} has no roles for GitHub")
    iam = client(environment, "iam")
    providers = [each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    found = next((arn for arn in providers if arn.endswith(f":oidc-provider/{ISSUER}")), None)
    if isinstance(delivery.provider, NewProvider):
        if found and any(each.is_new for each in planned.resources(environment, "AWS::IAM::OIDCProvider")):
            yield f"the account has {found} already: set provider=ExistingProvider() (config/environments.py)"
    elif found is None:
        yield (
            f"the account has no identity provider for {ISSUER}: set provider=NewProvider() in one of its environments "
            "(config/environments.py), and deploy that one first"
        )
    elif AUDIENCE not in iam.get_open_id_connect_provider(OpenIDConnectProviderArn=found)["ClientIDList"]:
        yield (
            f"{found} refuses tokens for {AUDIENCE}: `aws iam add-client-id-to-open-id-connect-provider "
            f"--open-id-connect-provider-arn {found} --client-id {AUDIENCE}`"
        )


CHECKS = (
    Check(name="the account's identity provider for GitHub is as configured", problems=provider_is_as_configured),
)
