"""How configuration is checked. An error names the field, the value, what is allowed, and how to fix it."""

from dataclasses import dataclass, fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints

# CloudWatch Logs accepts only these values (CloudWatch Logs API Reference, "PutRetentionPolicy").
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class ConfigError(ValueError):
    """Invalid configuration. The message names the field, the value, what is allowed and how to fix it."""


def require(condition: bool, field: str, allowed: str, value: object, fix: str) -> None:
    """Raises ConfigError unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{field} must be {allowed}, got {value!r}: {fix}")


@dataclass(frozen=True)
class ConfigSection:
    """A section of the configuration. Every value is checked against its type hint, then by `check`."""

    PATH: ClassVar[str] = ""  # the prefix of field names in errors, such as "network."

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in fields(self):
            value = getattr(self, field.name)
            require(
                _fits(value, hints[field.name]),
                f"{self.PATH}{field.name}",
                _shown(hints[field.name]),
                value,
                "use a value of that type; config/environments.py has an example of each",
            )
        self.check()

    def check(self) -> None:
        """Checks what type hints can't express. Raises ConfigError."""

    def require(self, condition: bool, field: str, allowed: str, fix: str) -> None:
        """Raises ConfigError, with the value of `field`, unless `condition` holds."""
        require(condition, f"{self.PATH}{field}", allowed, getattr(self, field), fix)

    def require_at_least(self, field: str, least: float, fix: str) -> None:
        """Raises ConfigError if the value of `field` is below `least`."""
        self.require(getattr(self, field) >= least, field, f"at least {least:,}", fix)

    def require_between(self, field: str, least: float, most: float, fix: str) -> None:
        """Raises ConfigError unless the value of `field` is from `least` to `most`."""
        self.require(least <= getattr(self, field) <= most, field, f"{least:,} to {most:,}", fix)

    def require_log_days(self, field: str = "log_days") -> None:
        """Raises ConfigError unless CloudWatch Logs can keep logs for the value of `field`."""
        allowed = "one of " + ", ".join(map(str, LOG_RETENTION_DAYS))
        fix = "CloudWatch Logs accepts no other number of days"
        self.require(getattr(self, field) in LOG_RETENTION_DAYS, field, allowed, fix)


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if origin is Literal:
        return value in arguments
    if origin is UnionType:
        return any(_fits(value, argument) for argument in arguments)
    if isinstance(value, bool):
        return origin is bool  # in Python a bool is an int, too
    if origin is float:
        return isinstance(value, int | float)
    return isinstance(value, origin) and all(_fits(each, arguments[0]) for each in (value if arguments else ()))


def _shown(hint: Any) -> str:
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if origin is UnionType:
        return " or ".join(map(_shown, arguments))
    if arguments:
        return f"a {origin.__name__}, each {_shown(arguments[0])}"
    if issubclass(origin, Enum):
        return " or ".join(map(str, origin))
    words = {int: "a whole number", float: "a number", str: "a text", bool: "True or False", NoneType: "left open"}
    return words.get(origin, f"{origin.__name__}(...)")
