"""A domain for which AWS would issue no certificate, or that is in use, is found before a deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.environments import DEV_WEB
from config.web import Public
from ops.common.check import SkippedError
from ops.web import domain, name_servers
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

DOMAIN, PREFIX, ZONE_ID = "orders.example.com", "example-orders", "Z0123456789ABCDEFGHIJ"
SERVER = "ns-1.awsdns-01.org"


@pytest.fixture(autouse=True)
def _public(dev: FakeDev, monkeypatch: pytest.MonkeyPatch) -> None:
    exposure = Public(domain=DOMAIN, hosted_zone_id=ZONE_ID, sign_in_domain_prefix=PREFIX)
    dev.configure(web=replace(DEV_WEB, exposure=exposure))
    monkeypatch.setattr(name_servers, "of", lambda name: {SERVER} if name == "example.com" else set())


def has_zone(aws: Stubs, name: str = "example.com", *, private: bool = False, server: str = SERVER) -> None:
    zone: dict[str, Any] = {
        "Id": ZONE_ID,
        "Name": f"{name}.",
        "CallerReference": "1",
        "Config": {"PrivateZone": private},
    }
    answer = {"HostedZone": zone, "DelegationSet": {"NameServers": [server]}}
    aws.expect("route53", "get_hosted_zone", answer, {"Id": ZONE_ID})


def has_records(aws: Stubs, *records: dict[str, Any]) -> None:
    answer = {"ResourceRecordSets": list(records), "IsTruncated": False, "MaxItems": "100"}
    aws.expect("route53", "list_resource_record_sets", answer)


def record(type_: str, value: str = "192.0.2.1", *, name: str = DOMAIN) -> dict[str, Any]:
    return {"Name": f"{name}.", "Type": type_, "ResourceRecords": [{"Value": value}]}


def test_internal_pages_need_no_domain(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(web=DEV_WEB)
    with pytest.raises(SkippedError, match="dev has no public pages"):
        list(domain.hosted_zone_contains_domain(aws.environment()))


@pytest.mark.parametrize("name", ["example.com", "orders.example.com"])
def test_a_public_zone_that_contains_the_domain_and_is_delegated_is_no_problem(
    aws: Stubs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(name_servers, "of", lambda asked: {SERVER} if asked == name else set())
    has_zone(aws, name)
    assert list(domain.hosted_zone_contains_domain(aws.environment())) == []


@pytest.mark.parametrize(
    ("zone", "problem"),
    [
        ({"private": True}, "is private"),
        ({"name": "example.org"}, "doesn't contain orders.example.com"),
        ({"name": "ders.example.com"}, "doesn't contain orders.example.com"),
        (
            {"server": "ns-2.awsdns-02.net"},
            f"leads example.com to {SERVER}, and the hosted zone has ns-2.awsdns-02.net",
        ),
    ],
)
def test_a_zone_in_which_no_certificate_could_be_validated_is_a_problem(
    aws: Stubs, zone: dict[str, Any], problem: str
) -> None:
    has_zone(aws, **zone)
    (found,) = domain.hosted_zone_contains_domain(aws.environment())
    assert problem in found


def test_a_missing_zone_is_a_problem(aws: Stubs) -> None:
    aws.refuse("route53", "get_hosted_zone", "NoSuchHostedZone")
    (problem,) = domain.hosted_zone_contains_domain(aws.environment())
    assert f"this account has no hosted zone {ZONE_ID}" in problem


@pytest.mark.parametrize(
    ("records", "is_problem"),
    [
        ([record("TXT"), record("A", name="other.example.com")], False),
        ([record("A")], True),
        ([record("CNAME", "example.com")], True),
    ],
)
def test_a_domain_that_is_in_use_is_a_problem(aws: Stubs, records: list[dict[str, Any]], is_problem: bool) -> None:
    has_zone(aws)
    has_records(aws, *records)
    problems = list(domain.domain_is_free(aws.environment()))
    assert [f"{DOMAIN} already has records" in problem for problem in problems] == [True] * is_problem


def test_our_own_records_are_no_problem(aws: Stubs, dev: FakeDev) -> None:
    own = replace(resource("AWS::Route53::RecordSet"), physical_id=DOMAIN)
    dev.existing = [deployed_stack("pages", own)]
    has_zone(aws)
    has_records(aws, record("A"))
    assert list(domain.domain_is_free(aws.environment())) == []


def certificate_problems(aws: Stubs, *, domains: list[str], parents: list[str]) -> list[str]:
    has_zone(aws)
    has_records(aws, *(record("CAA", value) for value in domains))
    if not domains:
        has_records(aws, *(record("CAA", value, name="example.com") for value in parents))
    return list(domain.certificate_can_be_issued(aws.environment()))


@pytest.mark.parametrize(
    ("domains", "parents"),
    [
        ([], []),
        (['0 issue "letsencrypt.org"', '0 issue "amazon.com"'], []),
        ([], ['0 issue "amazontrust.com; account=1"']),
        (['0 iodef "mailto:ops@example.com"'], ['0 issue "letsencrypt.org"']),
        (['0 issuewild ";"'], []),
    ],
)
def test_caa_records_that_allow_aws_are_no_problem(aws: Stubs, domains: list[str], parents: list[str]) -> None:
    assert certificate_problems(aws, domains=domains, parents=parents) == []


@pytest.mark.parametrize(
    ("domains", "parents", "problem"),
    [
        (['0 issue "letsencrypt.org"'], [], "of orders.example.com allow only letsencrypt.org"),
        ([], ['0 issue "letsencrypt.org"'], "of example.com allow only letsencrypt.org"),
        (['0 issue ";"'], [], "of orders.example.com allow nobody"),
    ],
)
def test_caa_records_that_do_not_allow_aws_are_a_problem(
    aws: Stubs, domains: list[str], parents: list[str], problem: str
) -> None:
    (found,) = certificate_problems(aws, domains=domains, parents=parents)
    assert problem in found
    assert '0 issue "amazon.com"' in found


@pytest.mark.parametrize(
    ("pool", "is_problem"), [(None, False), ("", False), ("thing", False), ("eu-central-1_other", True)]
)
def test_a_sign_in_prefix_of_another_pool_is_a_problem(
    aws: Stubs, dev: FakeDev, pool: str | None, is_problem: bool
) -> None:
    dev.existing = [deployed_stack("pages", resource("AWS::Cognito::UserPool"))]
    if pool is None:
        aws.refuse("cognito-idp", "describe_user_pool_domain", "ResourceNotFoundException")
    else:
        found = {"UserPoolId": pool, "AWSAccountId": "444455556666"} if pool else {}
        aws.expect("cognito-idp", "describe_user_pool_domain", {"DomainDescription": found}, {"Domain": PREFIX})
    problems = list(domain.sign_in_prefix_is_free(aws.environment()))
    assert [f"the prefix {PREFIX} of the sign-in page is taken" in each for each in problems] == [True] * is_problem
