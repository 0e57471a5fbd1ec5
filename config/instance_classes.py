"""The instance classes on which RDS runs PostgreSQL, and the memory of each."""

import re

_BURSTABLE = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
_UP_TO_16 = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_UP_TO_32 = (*_UP_TO_16, "24xlarge", "32xlarge")
_UP_TO_48 = (*_UP_TO_16, "24xlarge", "48xlarge")
# The usual families and their sizes; a test compares them with cfn-lint's data.
FAMILIES = {
    **dict.fromkeys(("t3", "t4g"), _BURSTABLE),
    **dict.fromkeys(("m6g", "m7g", "r6g", "r7g"), _UP_TO_16),
    **dict.fromkeys(("m6i", "r6i"), _UP_TO_32),
    **dict.fromkeys(("m7i", "m8g", "r7i", "r8g"), _UP_TO_48),
}
# Families that a region doesn't offer for PostgreSQL, as far as is known; a test compares them with cfn-lint's data.
NOT_OFFERED_IN = {
    "af-south-1": {"m7g", "m7i", "r7g", "r7i", "r8g"},
    "ap-east-1": {"m7g", "m7i", "r7i"},
    "ap-east-2": {"m8g", "r8g"},
    "ap-northeast-3": {"m7i", "m8g", "r7i"},
    "ap-south-2": {"m7i", "r6i", "r7i"},
    "ap-southeast-3": {"m8g", "r6i"},
    "ap-southeast-4": {"m6i", "m8g", "r6i", "r7g", "r7i"},
    "ap-southeast-6": {"m8g", "r8g"},
    "ap-southeast-7": {"m7i", "m8g", "r7i", "r8g"},
    "ca-central-1": {"m8g"},
    "ca-west-1": {"m7g", "m7i", "r7i", "r8g", "t4g"},
    "cn-north-1": {"m6i", "m7i", "r6i", "r7i"},
    "cn-northwest-1": {"m6i", "m7i", "r6i", "r7i"},
    "eu-central-2": {"m6i", "m7i", "r6i", "r7i"},
    "eu-south-1": {"m7g", "m7i", "r8g"},
    "eu-south-2": {"m6i", "r6i"},
    "eu-west-3": {"r7g"},
    "il-central-1": {"m7i", "m8g", "r7i", "r8g"},
    "me-central-1": {"m6i", "m7i", "m8g", "r6i", "r7g", "r7i", "r8g"},
    "me-south-1": {"m7i", "m8g", "r7i", "r8g"},
    "mx-central-1": {"m8g"},
    "us-gov-east-1": {"m8g", "r6i"},
    "us-gov-west-1": {"m7g", "m8g", "r6i"},
}
# GiB of the size `large`, by the kind of family (Amazon RDS User Guide, "Hardware specifications for DB instance
# classes"); every other size is a multiple of it.
_GIB_OF_LARGE = {"t": 8, "m": 8, "r": 16}
_TIMES_LARGE = {"micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1, "xlarge": 2}


def is_offered(instance_type: str) -> bool:
    """Whether RDS offers PostgreSQL on that class, as far as is known here. Named without its `db.` prefix."""
    family, _, size = instance_type.partition(".")
    return size in FAMILIES.get(family, ())


def families_in(region: str | None) -> list[str]:
    """The families that RDS offers there, as far as is known here; all of them where the region is open."""
    return sorted(FAMILIES.keys() - NOT_OFFERED_IN.get(region or "", set()))


def memory_gib(instance_type: str) -> float:
    """The memory of a class that is offered."""
    family, _, size = instance_type.partition(".")
    multiple = re.fullmatch(r"(\d+)xlarge", size)
    return _GIB_OF_LARGE[family[0]] * (2 * int(multiple[1]) if multiple else _TIMES_LARGE[size])
