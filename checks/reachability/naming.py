"""Derives names for readers from logical ids."""

import re

_HASH = re.compile(r"[0-9A-F]{8}$")  # which the CDK computes from the construct's path


def short_name(logical_id: str, suffix: str = "") -> str:
    """The logical id without the CDK's hash and without a `suffix` that says what it is."""
    name = _HASH.sub("", logical_id)
    return name.removesuffix(suffix) or name
