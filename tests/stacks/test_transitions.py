"""CloudFormation accepts changes of a deployed environment, and a new deployment after a deletion."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from checks.changes.replacements import replacements
from checks.changes.schemas import REGION
from config.environments import PROD
from config.model import Environment
from config.network import ListedZones, NamedZones, Zones
from tests.support.synthesis import Synthesized, synthesize

# Physical names that the next stack can have too.
REUSABLE = {
    ("AWS::EC2::VPCEndpoint", "ServiceName"): "the name of a service of AWS",
    ("AWS::RDS::DBInstance", "DBName"): "inside its instance",
    ("AWS::RDS::DBCluster", "DatabaseName"): "inside its cluster",
    ("AWS::RDS::DBProxyTargetGroup", "TargetGroupName"): "inside its proxy, and the only name that RDS accepts",
    ("AWS::Lambda::Alias", "Name"): "inside its function",
    ("AWS::CertificateManager::Certificate", "DomainName"): "several certificates may have it",
    ("AWS::Cognito::UserPoolDomain", "Domain"): "deleted with its stack, and free after that",
}


def _named(synthesized: Synthesized) -> dict[tuple[str, str], str]:
    """The names that can't change, by type and property, as text."""
    names = {}
    for stack, template in synthesized.templates.items():
        for resource in template["Resources"].values():
            try:
                schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema
            except ResourceNotFoundError:
                continue
            for pointer in schema.get("createOnlyProperties") or ():
                property_ = pointer.split("/")[2]
                value = resource.get("Properties", {}).get(property_)
                if value and property_.endswith(("Name", "Identifier", "Domain")):
                    names[resource["Type"], property_] = synthesized.linked.text(value, stack)
    return names


def test_an_environment_can_be_deployed_again_after_its_deletion(every_environment: Synthesized) -> None:
    """Log groups stay, or AWS makes them again for late logs. So a name contains an id that changes with the stack."""
    for (type_, property_), text in _named(every_environment).items():
        if (type_, property_) not in REUSABLE and "${" not in text:
            assert "<StackId>" in text, f"{type_}: {property_} is {text} in each stack of that name"


IDS = ("euc1-az2", "euc1-az3", "euc1-az1")


@pytest.mark.parametrize(
    "zones",
    [lambda count: NamedZones(count=count), lambda count: ListedZones(zones=IDS[:count])],
    ids=["named", "by id"],
)
def test_a_zone_can_be_added_without_a_replacement(zones: Callable[[int], Zones]) -> None:
    """CloudFormation can't replace what has a physical name, and AWS gives no addresses to two subnets."""

    def with_zones(count: int) -> Environment:
        return replace(PROD, network=replace(PROD.network, zones=zones(count)))

    two, three = (synthesize(with_zones(count)).linked for count in (2, 3))
    certain = {
        str(id_): reason.property
        for id_, reasons in replacements(two, three).items()
        for reason in reasons
        if reason.certain
    }
    assert certain == {}
