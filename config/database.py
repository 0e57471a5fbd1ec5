"""Configuration of the database: its engine, and how clients connect."""

import re
from dataclasses import dataclass
from typing import Literal

from config import windows
from config.checks import ConfigSection
from config.connections import connections_of
from config.instance_classes import FAMILIES, is_offered, memory_gib

ACU_GIB = 2  # of memory, in an Aurora capacity unit
# With such a low minimum capacity Aurora accepts no more, whatever the maximum is (Amazon Aurora User Guide, "Maximum
# connections for Aurora Serverless v2").
AURORA_SMALL_MIN_ACU, AURORA_SMALL_CONNECTIONS = 0.5, 2000


@dataclass(frozen=True)
class Direct:
    """Clients connect directly to the database."""


@dataclass(frozen=True, kw_only=True)
class ThroughProxy(ConfigSection):
    """Clients share the connections of RDS Proxy, which keeps them open while the database fails over.

    The proxy may use `connections_percent` of the database's connections. A client waits up to `borrow_seconds` for
    one, and is disconnected after `idle_client_minutes` without a statement.
    """

    PATH = "database.connections."

    connections_percent: int
    borrow_seconds: int
    idle_client_minutes: int

    def check(self) -> None:
        self.require_between("connections_percent", 1, 100, "it is a share of the database's connections")
        self.require_between("borrow_seconds", 1, 300, "RDS Proxy accepts no longer wait")
        self.require_between("idle_client_minutes", 1, 8 * 60, "RDS Proxy keeps idle clients for eight hours at most")


Connections = Direct | ThroughProxy


@dataclass(frozen=True, kw_only=True)
class DatabaseConfig(ConfigSection):
    """The values that both engines share.

    `backup_window` (`hh:mm-hh:mm`) and `maintenance_window` (`ddd:hh:mm-ddd:hh:mm`) are in UTC. `insights` is the mode
    of Database Insights: `standard` keeps 7 days, `advanced` 15 months and is billed per vCPU. Enhanced Monitoring
    measures the operating system every `monitoring_seconds`.

    With `apply_immediately` RDS makes every change during the deployment, even if it interrupts the database. Otherwise
    changes that interrupt it, such as another instance class, wait for the maintenance window. An Aurora cluster makes
    its own changes during the deployment in any case: only those of its instances can wait. A new `major_version` needs
    `apply_immediately`, interrupts the database, and can't be taken back.
    """

    PATH = "database."

    connections: Connections
    backup_days: int
    backup_window: str
    maintenance_window: str
    apply_immediately: bool
    deletion_protection: bool
    on_removal: Literal["snapshot", "destroy"]
    log_days: int
    insights: Literal["standard", "advanced"]
    monitoring_seconds: Literal[1, 5, 10, 15, 30, 60]
    major_version: str = "18"

    def check(self) -> None:
        self.require_between("backup_days", 1, 35, "0 would switch backups off, and RDS keeps them for 35 days at most")
        self.require(
            re.fullmatch(r"1[6-9]|[2-9]\d", self.major_version) is not None,
            "major_version",
            "a major version from '16' on, with no minor",
            "RDS retires minor versions; with the major version alone it uses the newest one",
        )
        self.require_log_days()
        self._check_windows()

    def _check_windows(self) -> None:
        """The rules of RDS (Amazon RDS API Reference, "CreateDBInstance")."""
        backup, maintenance = windows.daily(self.backup_window), windows.weekly(self.maintenance_window)
        self.require(
            backup is not None and backup.minutes >= windows.SHORTEST,
            "backup_window",
            "half an hour or more in UTC, like '01:00-02:00'",
            "RDS starts the daily backup in this window",
        )
        self.require(
            maintenance is not None and windows.SHORTEST <= maintenance.minutes <= windows.DAY,
            "maintenance_window",
            "half an hour to a day in UTC, like 'sun:02:30-sun:04:00'",
            "RDS updates the database in this window",
        )
        self.require(
            not (backup and maintenance and windows.overlaps_any_day(backup, maintenance)),
            "maintenance_window",
            f"apart from database.backup_window ({self.backup_window})",
            "RDS refuses windows that overlap; move one of them",
        )


@dataclass(frozen=True, kw_only=True)
class PostgresInstance(DatabaseConfig):
    """RDS for PostgreSQL on one instance class, with a standby in another zone where `multi_az`.

    It has no read replicas: RDS refuses them for an instance whose master password it manages. `AuroraServerless` has
    readers.
    """

    instance_type: str
    multi_az: bool
    storage_gib: int
    max_storage_gib: int

    def check(self) -> None:
        super().check()
        self.require(
            is_offered(self.instance_type),
            "instance_type",
            f"a class that RDS offers, without its 'db.' prefix, like 't4g.medium' ({', '.join(sorted(FAMILIES))})",
            "to use another family, add it to config/instance_classes.py with its sizes and memory",
        )
        self.require_at_least("storage_gib", 20, "gp3 volumes for PostgreSQL start at 20 GiB")
        self.require(
            self.max_storage_gib >= self.storage_gib * 1.1,
            "max_storage_gib",
            f"at least 10 % above database.storage_gib ({self.storage_gib})",
            "RDS refuses a smaller ceiling for storage autoscaling",
        )

    @property
    def memory_gib(self) -> float:
        """The memory of the instance class."""
        return memory_gib(self.instance_type)

    @property
    def max_connections(self) -> int:
        """How many connections it accepts, at least."""
        return connections_of(self.memory_gib)


@dataclass(frozen=True, kw_only=True)
class AuroraServerless(DatabaseConfig):
    """Aurora PostgreSQL, whose capacity follows the load between `min_acu` and `max_acu`.

    A `min_acu` of 0 pauses the cluster while nobody is connected. `readers` run in other zones, scale with the writer,
    and one takes over if it fails.
    """

    min_acu: float
    max_acu: float
    readers: int

    def check(self) -> None:
        super().check()
        for field, least in (("min_acu", 0), ("max_acu", 1)):
            acu = getattr(self, field)
            self.require(
                least <= acu <= 256 and acu * 2 % 1 == 0,
                field,
                f"{least} to 256 in steps of 0.5",
                "Aurora counts capacity in steps of half a unit; a unit has 2 GiB of memory",
            )
        self.require(
            self.min_acu <= self.max_acu,
            "max_acu",
            f"at least database.min_acu ({self.min_acu})",
            "capacity scales between the two",
        )
        self.require_between("readers", 0, 15, "an Aurora cluster has at most 15 readers")
        self.require(
            self.min_acu > 0 or isinstance(self.connections, Direct),
            "min_acu",
            "above 0 where database.connections is ThroughProxy(...)",
            "the proxy keeps connections open, so the cluster would never pause",
        )

    @property
    def max_connections(self) -> int:
        """How many connections the writer accepts, at least."""
        connections = connections_of(self.max_acu * ACU_GIB)
        return min(connections, AURORA_SMALL_CONNECTIONS) if self.min_acu <= AURORA_SMALL_MIN_ACU else connections


Engine = PostgresInstance | AuroraServerless
