"""Turns logical ids into what their authors called the things."""

import re

_HASH = re.compile(r"[0-9A-F]{8}$")  # the CDK's, of the construct's path


def meaning(logical_id: str, kind: str = "") -> str:
    """The logical id without the CDK's hash and without the `kind` of thing at its end."""
    name = _HASH.sub("", logical_id)
    return name.removesuffix(kind) or name
