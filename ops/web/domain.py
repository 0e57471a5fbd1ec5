"""Checks of the domain of public pages: its hosted zone, its records, its certificate and its sign-in page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from config.environments import named
from config.web import Public
from ops.common.check import SkippedError
from ops.common.environment import DeployedEnvironment
from ops.environment.deployed import client, existing_stacks
from ops.web import name_servers

# With which a CAA record allows AWS's certificates (AWS Certificate Manager User Guide, "Configure a CAA record").
_CERTIFICATE_AUTHORITIES = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
_ADDRESSES = ("A", "AAAA", "CNAME")


def hosted_zone_contains_domain(environment: DeployedEnvironment) -> Iterator[str]:
    """The hosted zone is public, contains the domain, and the internet's DNS leads to it.

    Otherwise the deployment waits for hours for a certificate that AWS can't issue.
    """
    public, zone = _public(environment), _hosted_zone(environment)
    if zone is None:
        yield (
            f"this account has no hosted zone {public.hosted_zone_id}: `aws route53 list-hosted-zones` shows those "
            "that it has, for web.exposure.hosted_zone_id in config/environments.py"
        )
        return
    name = _zone_name(zone)
    if zone["HostedZone"].get("Config", {}).get("PrivateZone"):
        yield f"the hosted zone {name} is private: name a public one in web.exposure.hosted_zone_id"
    elif not f".{public.domain}".endswith(f".{name}"):
        yield (
            f"the hosted zone {public.hosted_zone_id} is {name}, which doesn't contain {public.domain}: change "
            "web.exposure.domain or .hosted_zone_id in config/environments.py"
        )
    else:
        wanted = {server.rstrip(".").lower() for server in zone["DelegationSet"]["NameServers"]}
        if not wanted & (found := name_servers.of(name)):
            yield (
                f"the internet's DNS leads {name} to {', '.join(sorted(found)) or 'no name servers'}, and the hosted "
                f"zone has {', '.join(sorted(wanted))}: enter these as its NS records in the zone above it, or at the "
                "registrar"
            )


def domain_is_free(environment: DeployedEnvironment) -> Iterator[str]:
    """No record outside of the environment's stacks has the domain's name."""
    public = _public(environment)
    if _hosted_zone(environment) is None:
        raise SkippedError("there is no hosted zone")
    own = {
        record.physical_id.rstrip(".")
        for stack in existing_stacks(environment)
        for record in stack.of_type("AWS::Route53::RecordSet")
    }
    types = [record["Type"] for record in _records(environment, public.domain) if record["Type"] in _ADDRESSES]
    if types and public.domain not in own:
        yield (
            f"{public.domain} already has records ({', '.join(types)}): delete them if nobody uses them (`aws route53 "
            f"list-resource-record-sets --hosted-zone-id {public.hosted_zone_id} --start-record-name {public.domain} "
            "--max-items 10` shows them), or use another web.exposure.domain"
        )


def certificate_can_be_issued(environment: DeployedEnvironment) -> Iterator[str]:
    """CAA records, if there are any, allow AWS to issue the certificate. The nearest name that has some decides."""
    public, zone = _public(environment), _hosted_zone(environment)
    if zone is None:
        raise SkippedError("there is no hosted zone")
    name = public.domain
    while f".{name}".endswith(f".{_zone_name(zone)}"):
        values = [
            record["Value"]
            for each in _records(environment, name)
            if each["Type"] == "CAA"
            for record in each.get("ResourceRecords", [])
        ]
        issuers = [found[1] for value in values if (found := re.search(r'\bissue\s+"\s*([^";\s]*)', value))]
        if issuers and not set(issuers) & set(_CERTIFICATE_AUTHORITIES):
            allowed = ", ".join(filter(None, issuers))
            yield (
                f"the CAA records of {name} allow {f'only {allowed}' if allowed else 'nobody'} to issue "
                f'certificates: add one with the value 0 issue "{_CERTIFICATE_AUTHORITIES[0]}" in the hosted zone '
                f"{public.hosted_zone_id} (`aws route53 change-resource-record-sets`)"
            )
        if values:
            return
        name = name.partition(".")[2]


def sign_in_prefix_is_free(environment: DeployedEnvironment) -> Iterator[str]:
    """Nobody else in the region has the prefix of the sign-in page's address."""
    prefix, cognito = _public(environment).sign_in_domain_prefix, client(environment, "cognito-idp")
    try:
        answer = cognito.describe_user_pool_domain(Domain=prefix)["DomainDescription"]
    except cognito.exceptions.ResourceNotFoundException:
        return
    own = {
        pool.physical_id for stack in existing_stacks(environment) for pool in stack.of_type("AWS::Cognito::UserPool")
    }
    if answer and answer.get("UserPoolId") not in own:
        yield (
            f"the prefix {prefix} of the sign-in page is taken, by the user pool {answer.get('UserPoolId', '?')} in "
            f"the account {answer.get('AWSAccountId', '?')}: use another web.exposure.sign_in_domain_prefix in "
            "config/environments.py"
        )


def _public(environment: DeployedEnvironment) -> Public:
    """Raises SkippedError if the environment has no public pages."""
    web = named(environment.name).web
    if web is None or not isinstance(web.exposure, Public):
        raise SkippedError(f"{environment.name} has no public pages")
    return web.exposure


def _hosted_zone(environment: DeployedEnvironment) -> Any:
    """The answer of GetHostedZone; None if the account doesn't have it."""
    route53 = client(environment, "route53")
    try:
        return route53.get_hosted_zone(Id=_public(environment).hosted_zone_id)
    except route53.exceptions.NoSuchHostedZone:
        return None


def _zone_name(zone: Any) -> str:
    return str(zone["HostedZone"]["Name"]).rstrip(".")


def _records(environment: DeployedEnvironment, name: str) -> list[dict[str, Any]]:
    """The records of exactly that name. Route 53 lists them first, because it starts with that name."""
    answer = client(environment, "route53").list_resource_record_sets(
        HostedZoneId=_public(environment).hosted_zone_id, StartRecordName=name, MaxItems="100"
    )
    return [record for record in answer["ResourceRecordSets"] if record["Name"].rstrip(".") == name]
