"""Which licences the packages of deployed code may have."""

from collections.abc import Iterable
from importlib.metadata import Distribution

# Their conditions are kept by shipping the packages unchanged, with their licence files (the dist-info folders).
ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"),
    # psycopg, which is imported and not changed. Its users may exchange it: it is a folder of its own in the asset.
    "LGPL-3.0-only",
}
# Names that older packages use, in classifiers or in the field License.
_NAMES = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Python Software Foundation License": "PSF-2.0",
}
_CLASSIFIER = "License :: OSI Approved :: "


def licence(distribution: Distribution) -> str:
    """The SPDX expression of a package's licence, or whatever else it says; empty if it says nothing."""
    metadata = distribution.metadata.json
    if expression := metadata.get("license_expression"):
        return str(expression)
    classifiers = [str(each).removeprefix(_CLASSIFIER) for each in metadata.get("classifier", [])]
    named = [_NAMES[each] for each in classifiers if each in _NAMES]
    text = str(metadata.get("license", ""))
    return " OR ".join(named) or _NAMES.get(text, text)


def is_allowed(expression: str) -> bool:
    """Whether the licence may be in deployed code. Each part that AND joins must be, and one of those that OR joins."""
    return all(any(one.strip(" ()") in ALLOWED for one in part.split(" OR ")) for part in expression.split(" AND "))


def refused(distributions: Iterable[Distribution]) -> list[str]:
    """What to do about each package whose licence is not allowed."""
    found = ((each.metadata["Name"], licence(each)) for each in distributions)
    return [
        f"{name} has the licence {expression or 'of no name'!r}: use another package, or add the licence to "
        "scripts/licences.py with the reason why it may be shipped"
        for name, expression in found
        if not is_allowed(expression)
    ]
