"""Variants of prod with supported databases that no shipped environment uses."""

from dataclasses import replace
from functools import cache

from config.database import AuroraServerless, Direct
from config.environments import PROD, PROD_DATABASE
from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped, synthesize

INSTANCE, CLUSTER, PROXY = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::DBProxy"

AURORA = AuroraServerless(
    apply_immediately=False,
    connections=PROD_DATABASE.connections,
    backup_days=14,
    backup_window="01:00-02:00",
    maintenance_window="sun:02:30-sun:04:00",
    deletion_protection=True,
    on_removal="snapshot",
    log_days=90,
    insights="advanced",
    monitoring_seconds=15,
    min_acu=2,
    max_acu=32,
    readers=1,
)

VARIANTS = {
    "prod without a proxy": replace(PROD, database=replace(PROD_DATABASE, connections=Direct())),
    "prod on Aurora": replace(PROD, database=AURORA),
    "prod on Aurora, small and without a proxy": replace(
        PROD,
        database=replace(
            AURORA,
            connections=Direct(),
            deletion_protection=False,
            on_removal="destroy",
            insights="standard",
            min_acu=0,
            max_acu=8,
            readers=0,
        ),
    ),
}
CASES = ENVIRONMENTS | VARIANTS


@cache
def synthesized(case: str) -> Synthesized:
    """A shipped environment or one of the variants, synthesized once per test run."""
    return shipped(case) if case in ENVIRONMENTS else synthesize(VARIANTS[case])
