"""An identity provider that exists twice, or not at all, is found before a deployment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.delivery import AUDIENCE, ISSUER, ExistingProvider
from ops.common.check import SkippedError
from ops.delivery.doctor import provider_is_as_configured
from tests.support.delivery.variants import DELIVERY
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

PROVIDER = "AWS::IAM::OIDCProvider"
ARN = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
EXISTING = replace(DELIVERY, provider=ExistingProvider())


def _has(aws: Stubs, *arns: str) -> None:
    listed = [{"Arn": arn} for arn in arns]
    aws.expect("iam", "list_open_id_connect_providers", {"OpenIDConnectProviderList": listed})


def test_without_roles_for_github_nothing_is_checked(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(delivery=None)
    with pytest.raises(SkippedError, match="dev has no roles for GitHub"):
        list(provider_is_as_configured(aws.environment()))


def test_a_provider_that_is_there_already_cannot_be_created(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(delivery=DELIVERY)
    dev.add(PROVIDER)
    _has(aws, ARN)
    (problem,) = provider_is_as_configured(aws.environment())
    assert problem == f"the account has {ARN} already: set provider=ExistingProvider() (config/environments.py)"


def test_one_that_the_stack_has_created_is_fine(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(delivery=DELIVERY)
    dev.add(PROVIDER)
    dev.existing = [deployed_stack("data", resource(PROVIDER))]
    _has(aws, ARN)
    assert list(provider_is_as_configured(aws.environment())) == []


def test_so_is_a_new_one_beside_those_of_others(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(delivery=DELIVERY)
    dev.add(PROVIDER)
    _has(aws, "arn:aws:iam::111122223333:oidc-provider/gitlab.example.com")
    assert list(provider_is_as_configured(aws.environment())) == []


def test_an_existing_provider_must_be_there(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(delivery=EXISTING)
    _has(aws)
    (problem,) = provider_is_as_configured(aws.environment())
    assert "set provider=NewProvider() in one of its environments" in problem


@pytest.mark.parametrize(("audiences", "problems"), [([AUDIENCE, "other"], 0), (["other"], 1)])
def test_an_existing_provider_must_accept_tokens_for_aws(
    audiences: list[str], problems: int, aws: Stubs, dev: FakeDev
) -> None:
    dev.configure(delivery=EXISTING)
    _has(aws, ARN)
    found = {"Url": ISSUER, "ClientIDList": audiences}
    aws.expect("iam", "get_open_id_connect_provider", found, {"OpenIDConnectProviderArn": ARN})
    assert len(list(provider_is_as_configured(aws.environment()))) == problems
