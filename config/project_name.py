"""The rules for the project's name, which is a part of many names that AWS checks."""

import re

from config.checks import require

# PostgreSQL's documentation, appendix "SQL Key Words", those marked as reserved: RDS refuses them as database names.
RESERVED_WORDS = """
all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
returning right select session_user similar some symmetric system_user table tablesample then to trailing true
union unique user using variadic verbose when where window with
"""
# Databases that every RDS server has.
EXISTING_DATABASES = ("postgres", "rdsadmin", "template0", "template1")
# AWS reserves these for load balancers (the first) and buckets. Both names start with the name of the stack.
RESERVED_PREFIXES = ("internal", "sthree", "amzn")


def check_name(field: str, value: str) -> None:
    """Refuses what can't be part of stack names, bucket names and RDS identifiers. Raises ConfigError."""
    require(
        re.fullmatch(r"(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*", value) is not None,
        field,
        "1 to 20 lower-case letters, digits and single hyphens, starting with a letter",
        value,
        "it becomes part of the names of stacks, buckets, load balancers and the database, which follow these rules",
    )


def check_project_name(value: str) -> None:
    """Refuses what AWS would refuse in a name that is made of the project's name. Raises ConfigError."""
    check_name("project", value)
    require(
        value.replace("-", "_") not in (*RESERVED_WORDS.split(), *EXISTING_DATABASES),
        "project",
        "other than a reserved word or an existing database of PostgreSQL",
        value,
        "the database has this name, and RDS refuses those",
    )
    require(
        not value.startswith(RESERVED_PREFIXES),
        "project",
        f"a name that starts with none of {', '.join(RESERVED_PREFIXES)}",
        value,
        "AWS reserves these prefixes of load balancer and bucket names",
    )
    require(
        re.search("aws|amazon|cognito", value) is None,
        "project",
        "a name without aws, amazon and cognito in it",
        value,
        "Amazon Cognito refuses these words in a sign-in domain",
    )
