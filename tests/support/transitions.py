"""Changes of each value in the configuration, to compare the templates before and after."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from config.bootstrap import OwnBootstrap, SharedBootstrap
from config.database import AuroraServerless, Direct, PostgresInstance, ThroughProxy
from config.environments import PROD
from config.ingestion import OnDemand, ProvisionedConcurrency, SnapStart, StandardIa
from config.model import Environment, Removal
from config.network import (
    DualStack,
    FlowLogToCloudWatch,
    FlowLogToS3,
    Ipv4,
    ListedZones,
    NamedZones,
    NatPerZone,
    NoNat,
    RegionalNat,
    SingleNat,
)
from tests.support.variants import core_of

HERE = Path(__file__).parent
# A region, because some values need one; with NAT, because only then the addressing can change.
BASE = replace(PROD, region="eu-central-1", network=replace(PROD.network, nat=NatPerZone()))
ALL_ENDPOINTS = frozenset(
    {"events", "kms", "logs", "monitoring", "secretsmanager", "sqs", "ssm", "ssmmessages", "ec2messages", "sts", "xray"}
) | {"cloudformation"}


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A value of the configuration that changes on a deployed environment.

    `before` and `also` are other values, by path: `before` in both environments, `also` with the change.
    """

    value: str
    to: Any
    before: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, Any] = field(default_factory=dict)
    base: Environment = BASE

    @property
    def is_elsewhere(self) -> bool:
        """Whether it deploys to another account or region."""
        return self.value in ("account", "region")

    @property
    def change(self) -> str:
        """The old and the new value, as Markdown."""
        return f"{_shown(get(self.old(self.base), self.value))} → {_shown(self.to)}"

    def old(self, environment: Environment) -> Environment:
        """The environment before the change. Raises ConfigError if these values don't fit together."""
        return with_values(environment, self.before)

    def new(self, environment: Environment) -> Environment:
        """The environment after the change. Raises ConfigError if these values don't fit together."""
        return with_values(environment, {**self.before, **self.also, self.value: self.to})


def get(environment: Environment, path: str) -> Any:
    """The value at a path, such as `network.nat`; None if there is none."""
    found: Any = environment
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def with_values(environment: Environment, values: Mapping[str, Any]) -> Environment:
    """The environment with these values, by path. All values of a section change at once, so that they fit together."""
    changed: Environment = _with_values(environment, {tuple(path.split(".")): value for path, value in values.items()})
    return changed


def _with_values(section: Any, values: Mapping[tuple[str, ...], Any]) -> Any:
    own = {path[0]: value for path, value in values.items() if len(path) == 1}
    deeper: dict[str, dict[tuple[str, ...], Any]] = {}
    for path, value in values.items():
        if len(path) > 1:
            deeper.setdefault(path[0], {})[path[1:]] = value
    nested = {name: _with_values(own.get(name, getattr(section, name)), below) for name, below in deeper.items()}
    return replace(section, **{**own, **nested})


def every_value() -> Iterator[str]:
    """The path of each value that a configuration may have, such as `network.nat` and `database.storage_gib`."""
    yield from dict.fromkeys(_paths(Environment, ""))


def _paths(section: type, prefix: str) -> Iterator[str]:
    hints = typing.get_type_hints(section)
    for each in fields(section):
        hint = hints[each.name]
        if not is_dataclass(hint):  # a section changes by its values
            yield f"{prefix}{each.name}"
        for alternative in _alternatives(hint):
            if is_dataclass(alternative):
                yield from _paths(alternative, f"{prefix}{each.name}.")


def _alternatives(hint: Any) -> Iterator[type]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for each in typing.get_args(hint):
            yield from _alternatives(each)
    elif isinstance(hint, type):
        yield hint


def _shown(value: Any) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        return f"`{type(value).__name__}(…)`" if fields(value) else f"`{type(value).__name__}()`"
    if isinstance(value, frozenset):
        return f"{len(value)} of them" if value else "none"
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value) or "none"
    return f"`{value.value if isinstance(value, Removal) else value}`"


PROXY = ThroughProxy(connections_percent=80, borrow_seconds=15, idle_client_minutes=30)
_SHARED = {each.name for each in fields(PostgresInstance)} & {each.name for each in fields(AuroraServerless)}
AURORA = AuroraServerless(**{name: getattr(PROD.database, name) for name in _SHARED}, min_acu=1, max_acu=16, readers=1)
WITH_AURORA: Mapping[str, Any] = {"database": AURORA}
WITH_ZONES: Mapping[str, Any] = {"network.zones": ListedZones(zones=("a", "b"))}
CLOUDWATCH: Mapping[str, Any] = {"network.flow_log": FlowLogToCloudWatch(days=90)}
WITH_ENDPOINT: Mapping[str, Any] = {"network.interface_endpoints": frozenset({"sqs"})}
OLDER: Mapping[str, Any] = {"database.major_version": "17"}
READY: Mapping[str, Any] = {"ingestion.start": ProvisionedConcurrency(executions=2)}

CORE = (
    Transition(value="name", to="prod2"),
    Transition(value="project", to="acme"),
    Transition(value="account", to="111122223333"),
    Transition(value="region", to="eu-west-1"),
    # Capabilities may have instance types that are of one architecture.
    Transition(value="runtime.architecture", to="x86_64", base=core_of(BASE)),
    Transition(value="runtime.python", to="3.13"),
    Transition(value="runtime.reserve_concurrency", to=False),
    Transition(value="runtime.compiled", to=False),
    Transition(value="foundation.log_bucket_days", to=90),
    Transition(value="foundation.alert_emails", to=("ops@example.com",)),
    Transition(value="network.nat", to=SingleNat()),
    Transition(value="network.nat", to=NatPerZone(), before={"network.nat": SingleNat()}),
    Transition(value="network.nat", to=RegionalNat()),
    Transition(value="network.nat", to=NoNat()),
    Transition(value="network.nat", to=NatPerZone(), before={"network.nat": NoNat()}),
    Transition(value="network.zones", to=ListedZones(zones=("a", "b", "c"))),
    Transition(value="network.zones", to=ListedZones(zones=("b", "a", "c"))),
    Transition(value="network.zones.count", to=2),
    Transition(value="network.zones.count", to=3, before={"network.zones": NamedZones(count=2)}),
    Transition(value="network.zones.zones", to=("a", "b", "c"), before=WITH_ZONES),
    Transition(value="network.addressing", to=DualStack()),
    Transition(value="network.addressing", to=Ipv4(), before={"network.addressing": DualStack()}),
    Transition(value="network.cidr", to="10.80.0.0/16"),
    Transition(value="network.public_prefix", to=25),
    Transition(value="network.app_prefix", to=21),
    Transition(value="network.data_prefix", to=23),
    Transition(value="network.interface_endpoints", to=frozenset({"sqs"})),
    Transition(
        value="network.interface_endpoints", to=frozenset(), before={"network.interface_endpoints": frozenset({"sqs"})}
    ),
    Transition(value="network.s3_prefix_list", to="pl-0123abcd", before={"network.interface_endpoints": ALL_ENDPOINTS}),
    Transition(value="network.flow_log", to=FlowLogToCloudWatch(days=90)),
    Transition(value="network.flow_log", to=FlowLogToS3(), before=CLOUDWATCH),
    Transition(value="network.flow_log.days", to=30, before=CLOUDWATCH),
    Transition(value="network.dns_log_days", to=30),
    Transition(value="database", to=AURORA),
    Transition(value="database.connections", to=Direct()),
    Transition(value="database.connections", to=PROXY, before={"database.connections": Direct()}),
    Transition(value="database.connections.connections_percent", to=70),
    Transition(value="database.connections.borrow_seconds", to=30),
    Transition(value="database.connections.idle_client_minutes", to=10),
    Transition(value="database.backup_days", to=30),
    Transition(
        value="database.backup_window", to="03:00-04:00", also={"database.maintenance_window": "sun:05:00-sun:06:00"}
    ),
    Transition(value="database.maintenance_window", to="mon:03:00-mon:04:00"),
    Transition(value="database.apply_immediately", to=True),
    Transition(value="database.deletion_protection", to=False),
    Transition(value="database.on_removal", to="destroy", also={"database.deletion_protection": False}),
    Transition(value="database.log_days", to=30),
    Transition(value="database.insights", to="standard"),
    Transition(value="database.monitoring_seconds", to=60),
    Transition(value="database.major_version", to="18", before=OLDER),
    Transition(
        value="database.major_version",
        to="18",
        before={"database.major_version": "17", "database.apply_immediately": True},
    ),
    Transition(value="database.major_version", to="17"),
    Transition(value="database.instance_type", to="m6g.xlarge"),
    Transition(value="database.multi_az", to=False),
    Transition(value="database.storage_gib", to=200),
    Transition(value="database.storage_gib", to=50),
    Transition(value="database.max_storage_gib", to=2000),
    Transition(value="database.min_acu", to=2, before=WITH_AURORA),
    Transition(value="database.max_acu", to=32, before=WITH_AURORA),
    Transition(value="database.readers", to=2, before=WITH_AURORA),
    Transition(value="database.readers", to=0, before=WITH_AURORA),
    Transition(value="landing_bucket.noncurrent_days", to=100),
    Transition(value="landing_bucket.storage", to=(StandardIa(after_days=30),)),
    Transition(value="landing_bucket.expire_days", to=2000),
    Transition(value="ingestion.memory_mb", to=2048),
    Transition(value="ingestion.timeout_seconds", to=840),
    Transition(value="ingestion.max_concurrency", to=10),
    Transition(value="ingestion.max_file_mb", to=512),
    Transition(value="ingestion.archive_days", to=30),
    Transition(value="ingestion.log_days", to=30),
    Transition(value="ingestion.max_receive_count", to=5),
    Transition(value="ingestion.initial_backoff_seconds", to=60),
    Transition(value="ingestion.start", to=ProvisionedConcurrency(executions=2)),
    Transition(value="ingestion.start", to=SnapStart()),
    Transition(value="ingestion.start", to=OnDemand(), before=READY),
    Transition(value="ingestion.start.executions", to=4, before=READY),
    Transition(value="bootstrap", to=SharedBootstrap()),
    Transition(value="bootstrap", to=OwnBootstrap(), before={"bootstrap": SharedBootstrap()}),
    Transition(value="removal", to=Removal.DESTROY),
    Transition(value="termination_protection", to=False),
    Transition(value="rule_packs", to=("AwsSolutions",)),
)


def transitions() -> tuple[Transition, ...]:
    """The changes of all values, those of capabilities included: `tests/support/<capability>/transitions.py`."""
    found: list[Transition] = list(CORE)
    for file in sorted(HERE.glob("*/transitions.py")):
        found += importlib.import_module(f"{__package__}.{file.parent.name}.transitions").TRANSITIONS
    return tuple(found)
