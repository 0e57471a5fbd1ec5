"""Checks that RDS offers the database in the zones of the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.regions import ZONES_WITHOUT_DATABASE_PROXY
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.environment import planned
from ops.environment.deployed import client

_INSTANCE, _PROXY = "AWS::RDS::DBInstance", "AWS::RDS::DBProxy"
_PROXY_ZONES = 2  # it is in the first two zones (docs/decisions/0017)


def class_is_offered(environment: DeployedEnvironment) -> Iterator[str]:
    """RDS has the instance class with that major version in a zone, or in two if there is more than one instance.

    RDS itself chooses zones of the subnet group that have the class.
    """
    if environment.is_local:
        raise SkippedError("the database of the local cloud is the PostgreSQL of this machine")
    instances = list(planned.resources(environment, _INSTANCE))
    for properties in {_class(instance): instance.properties for instance in instances}.values():
        engine, version, name = properties["Engine"], _version(environment, properties), properties["DBInstanceClass"]
        options = _options(environment, properties, version)
        if not options:
            yield (
                f"RDS offers no {engine} {version} on {name} with these settings here: choose another class or "
                "version (config/environments.py) of `aws rds describe-orderable-db-instance-options --engine "
                f"{engine} --query 'OrderableDBInstanceOptions[].[EngineVersion,DBInstanceClass,StorageType]'`"
            )
            continue
        offered = {zone["Name"] for option in options for zone in option["AvailabilityZones"]}
        found = [zone.name for zone in planned.zones(environment) if zone and zone.name in offered]
        needed = 2 if properties.get("MultiAZ") or len(instances) > 1 else 1
        if len(found) < needed:
            yield (
                f"RDS offers {name} in {', '.join(found) or 'none'} of the network's zones, and the database needs "
                f"{needed}: choose another class, or some of {', '.join(sorted(offered))} in network.zones "
                "(config/environments.py)"
            )


def _class(instance: planned.PlannedResource) -> tuple[str, str]:
    return instance.properties["Engine"], instance.properties["DBInstanceClass"]


def _version(environment: DeployedEnvironment, properties: Mapping[str, Any]) -> str:
    """Of the cluster, for an instance that is one of a cluster."""
    clusters = planned.resources(environment, "AWS::RDS::DBCluster")
    return str(properties.get("EngineVersion") or next(cluster.properties["EngineVersion"] for cluster in clusters))


def _options(environment: DeployedEnvironment, properties: Mapping[str, Any], version: str) -> list[dict[str, Any]]:
    """What RDS offers with that class and major version, and with the storage and standby of the template."""
    pages = (
        client(environment, "rds")
        .get_paginator("describe_orderable_db_instance_options")
        .paginate(Engine=properties["Engine"], DBInstanceClass=properties["DBInstanceClass"], Vpc=True)
    )
    return [
        option
        for page in pages
        for option in page["OrderableDBInstanceOptions"]
        if f"{option['EngineVersion']}.".startswith(f"{version}.")
        and properties.get("StorageType") in (None, option.get("StorageType"))
        and (option.get("MultiAZCapable") or not properties.get("MultiAZ"))
        and (option.get("SupportsPerformanceInsights") or not properties.get("EnablePerformanceInsights"))
    ]


def proxy_is_offered(environment: DeployedEnvironment) -> Iterator[str]:
    """The zones of the proxy have RDS Proxy. Which zone a name means differs between accounts."""
    if not list(planned.resources(environment, _PROXY)):
        return
    for zone in planned.zones(environment)[:_PROXY_ZONES]:
        if zone and zone.id in ZONES_WITHOUT_DATABASE_PROXY:
            yield (
                f"{zone.name} is {zone.id} in this account, which has no RDS Proxy: list other zones first in "
                "network.zones, or set database.connections=Direct() (config/environments.py)"
            )


CHECKS = (
    Check(name="RDS offers the database's class and version in the network's zones", problems=class_is_offered),
    Check(name="the first zones of the network have RDS Proxy, if it is used", problems=proxy_is_offered),
)
