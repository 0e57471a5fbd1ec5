"""How many connections a database takes, and how many the platform may open at once: these must fit into those.

A database takes `LEAST(DBInstanceClassMemory / 9531392, 5000)` connections (Amazon RDS User Guide, "Quotas and
constraints for Amazon RDS"; Aurora's limits follow the same line), where DBInstanceClassMemory is what RDS's own
processes leave of the memory. The platform opens

    ingestion.max_concurrency              one for each file that is being loaded
    + web.most_instances * WEB_POOL     a pool in each instance, those included that replace others
    + FUNCTIONS * CALLS                 operations and housekeeping, each twice at once
    + CALLS                             migrations, always straight to the database
    + RESERVED                          PostgreSQL's and RDS's own

Through a proxy all but the last two share the percentage that it may use, counted one to one: a client whose session is
pinned holds a connection of its own.
"""

from typing import NamedTuple

WEB_POOL = 8  # what web_src/database.py lets its pool grow to; a contract test compares the two
FUNCTIONS = 2
CALLS = 2
RESERVED = 10  # 3 for superusers, 2 for members of rds_superuser, the rest for what RDS runs itself

_GIB = 2**30
_BYTES_A_CONNECTION = 9_531_392
_MOST = 5000
# Aurora's table of limits gives 84 to 93 % of the memory, and micro classes are the tightest.
_SHARE_LEFT_BY_RDS = 0.75


def connections_of(memory_gib: float) -> int:
    """The connections that a database with that memory takes, at the least."""
    return min(int(memory_gib * _GIB * _SHARE_LEFT_BY_RDS / _BYTES_A_CONNECTION), _MOST)


class Room(NamedTuple):
    """What is left for ingestion, and beside a proxy for migrations and RDS itself; below zero if too little."""

    intake: int
    own: int


def room(connections: int, *, web_instances: int, proxy_percent: int | None) -> Room:
    """Divides a database's connections; `proxy_percent` is the share that a proxy may use, None without one."""
    clients = web_instances * WEB_POOL + FUNCTIONS * CALLS
    own = CALLS + RESERVED
    if proxy_percent is None:
        return Room(intake=connections - own - clients, own=0)
    shared = connections * proxy_percent // 100
    return Room(intake=shared - clients, own=connections - shared - own)
