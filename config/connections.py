"""How many connections a database accepts, and how many of them the platform may open at the same time.

A database accepts `LEAST(DBInstanceClassMemory / 9531392, 5000)` connections (Amazon RDS User Guide, "Quotas and
constraints for Amazon RDS"; Aurora's limits follow the same line), where DBInstanceClassMemory is the memory that RDS's
own processes leave. The platform opens

    ingestion.max_concurrency       one for each file that is being loaded
    + database_connections          of each optional capability
    + CALLS                         migrations, always directly to the database
    + RESERVED                      PostgreSQL's and RDS's own

Through a proxy all but the last two share the percentage that it may use, counted one to one: a client whose session is
pinned holds a connection of its own.
"""

from typing import NamedTuple

CALLS = 2  # concurrent executions of a function that people, schedules or deployments call
RESERVED = 10  # 3 for superusers, 2 for members of rds_superuser, the rest for RDS itself

_GIB = 2**30
_BYTES_A_CONNECTION = 9_531_392
_MAX_CONNECTIONS = 5000
# Aurora's table of limits gives 84 to 93 % of the memory, and micro classes are the tightest.
_SHARE_LEFT_BY_RDS = 0.75


def connections_of(memory_gib: float) -> int:
    """The number of connections that a database with that much memory accepts, at least."""
    return min(int(memory_gib * _GIB * _SHARE_LEFT_BY_RDS / _BYTES_A_CONNECTION), _MAX_CONNECTIONS)


class FreeConnections(NamedTuple):
    """Connections left for ingestion (`ingestion`) and, outside a proxy, for migrations and RDS itself (`direct`).

    Negative means too few.
    """

    ingestion: int
    direct: int


def free_connections(connections: int, *, capabilities: int, proxy_percent: int | None) -> FreeConnections:
    """Divides a database's connections.

    `capabilities` is how many the optional capabilities open. `proxy_percent` is the share that a proxy may use, None
    without a proxy.
    """
    direct = CALLS + RESERVED
    if proxy_percent is None:
        return FreeConnections(ingestion=connections - direct - capabilities, direct=0)
    shared = connections * proxy_percent // 100
    return FreeConnections(ingestion=shared - capabilities, direct=connections - shared - direct)
