"""Prices of keys, alarms, logs, access control lists and sign-in."""

from collections.abc import Iterator

from checks.cost.subject import Charge, Subject


def key(_: Subject) -> Iterator[Charge]:
    """In its first year: the first and the second rotation each add the same again."""
    yield Charge("kms-key", 1)


def alarm(subject: Subject) -> Iterator[Charge]:
    """Each metric that it watches, at a standard resolution."""
    watched = [one for one in subject.properties.get("Metrics", ()) if "MetricStat" in one]
    yield Charge("alarm-metric", max(len(watched), 1))


def composite_alarm(_: Subject) -> Iterator[Charge]:
    """By the alarm."""
    yield Charge("composite-alarm", 1)


def log_group(subject: Subject) -> Iterator[Charge]:
    """Its part of all logs: when they arrive, and while they are kept."""
    gb = subject.share(subject.load.log_gb)
    yield Charge("log-gb", gb)
    yield Charge("stored-log-gb", gb * subject.properties.get("RetentionInDays", 365) / 30)


def access_control_list(subject: Subject) -> Iterator[Charge]:
    """By its rules, and by the requests that it checks."""
    yield Charge("waf-acl", 1)
    yield Charge("waf-rule", len(subject.properties.get("Rules", ())))
    yield Charge("waf-million-requests", subject.share(subject.load.requests) / 1e6)


def user_pool(subject: Subject) -> Iterator[Charge]:
    """By the users who sign in, in the plan of the pool."""
    plan = subject.properties.get("UserPoolTier", "ESSENTIALS").lower()
    yield Charge(f"user-{plan}", subject.share(subject.load.users))
