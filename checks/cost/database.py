"""Prices of RDS."""

from collections.abc import Iterator

from checks.cost.instance_types import hours, vcpus
from checks.cost.load import HOURS
from checks.cost.subject import Charge, Subject

INSTANCE, CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"
SERVERLESS = "db.serverless"
# RDS Proxy charges at least for these.
PROXY_VCPUS, PROXY_ACUS = 2, 8


def instance(subject: Subject) -> Iterator[Charge]:
    """With a standby, an instance and its storage cost twice as much. In a cluster the cluster has the storage."""
    database, type_ = subject.properties, _class(subject)
    if type_ == SERVERLESS:
        yield from _serverless(subject)
        return
    copies = 2 if database.get("MultiAZ") else 1
    yield hours("aurora" if "DBClusterIdentifier" in database else "postgres", type_, copies * HOURS)
    yield Charge("postgres-gp3-gb", copies * float(database.get("AllocatedStorage", 0)))
    if database.get("DatabaseInsightsMode") == "advanced":
        yield Charge("insights-advanced-vcpu-hour", copies * HOURS * vcpus(type_))
    yield from _secret(subject)


def _serverless(subject: Subject) -> Iterator[Charge]:
    for databases in subject.referenced(CLUSTER):
        scaling = databases.properties["ServerlessV2ScalingConfiguration"]
        capacity = subject.load.scaled(float(scaling["MinCapacity"]), float(scaling["MaxCapacity"]))
        yield Charge("aurora-acu-hour", capacity)
        if databases.properties.get("DatabaseInsightsMode") == "advanced":
            yield Charge("insights-advanced-acu-hour", capacity)


def cluster(subject: Subject) -> Iterator[Charge]:
    """Aurora's storage grows with what it holds; its instances are priced by themselves."""
    yield Charge("aurora-gb", subject.share(subject.load.database_gb))
    yield Charge("aurora-million-ios", subject.share(subject.load.database_million_ios))
    yield from _secret(subject)


def _secret(subject: Subject) -> Iterator[Charge]:
    """The master password that RDS manages is a secret like any other."""
    if subject.properties.get("ManageMasterUserPassword"):
        yield Charge("secret", 1)


def proxy(subject: Subject) -> Iterator[Charge]:
    """Each processor of the database behind it, or each capacity unit."""
    for target in subject.referring("AWS::RDS::DBProxyTargetGroup"):
        for database in target.referenced(INSTANCE):
            yield Charge("database-proxy-vcpu-hour", HOURS * max(PROXY_VCPUS, vcpus(_class(database))))
        for databases in target.referenced(CLUSTER):
            yield from _proxy_of_cluster(databases)


def _proxy_of_cluster(subject: Subject) -> Iterator[Charge]:
    classes = [_class(one) for one in subject.referring(INSTANCE)]
    processors = sum(vcpus(each) for each in classes if each != SERVERLESS)
    yield Charge("database-proxy-vcpu-hour", HOURS * processors)
    if SERVERLESS in classes:
        scaling = subject.properties["ServerlessV2ScalingConfiguration"]
        least, most = (classes.count(SERVERLESS) * float(scaling[name]) for name in ("MinCapacity", "MaxCapacity"))
        yield Charge("database-proxy-acu-hour", subject.load.scaled(max(PROXY_ACUS, least), max(PROXY_ACUS, most)))


def _class(instance_: Subject) -> str:
    return str(instance_.properties["DBInstanceClass"])
