"""Why each role may do each thing, and how that is known: read from TOML files that the caller names."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from checks.permissions.grants import Grant
from checks.permissions.prohibited import Exemption

FUNCTIONS = "Every function"
LAMBDA = "lambda.amazonaws.com"
TABLES = {"reasons", "exemptions", "managed_policies"}


class ReasonsError(Exception):
    """A file of reasons has a mistake. The message names the file, the entry and the mistake."""


class Proof(Enum):
    """How it is known that a grant is needed and reaches no further."""

    PLATFORM = "Platform"
    STAND_IN = "Stand-in"
    SIMULATOR = "Simulator"
    DOCUMENT = "Document"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a role, or every function, may take `actions` on resources whose names contain `on`.

    With the proof "Document", `source` cites AWS's page and `unproved` says why no test covers it.
    """

    role: str
    actions: tuple[str, ...]
    on: str = ""
    why: str
    source: str = ""
    proof: Proof
    unproved: str = ""

    def __post_init__(self) -> None:
        if (self.proof is Proof.DOCUMENT) != bool(self.unproved):
            raise ValueError(f"`unproved` goes with the proof {Proof.DOCUMENT.value!r}, and only with it")
        if self.proof is Proof.DOCUMENT and not self.source:
            raise ValueError(f"the proof {Proof.DOCUMENT.value!r} needs a `source`")

    def covers(self, grant: Grant) -> bool:
        """Whether this reason applies to the grant."""
        applies = self.role == grant.role or (self.role == FUNCTIONS and grant.service == LAMBDA)
        return applies and grant.action in self.actions and all(self.on in resource for resource in grant.resources)


@dataclass(frozen=True, kw_only=True)
class ManagedPolicy:
    """An AWS managed policy that a role attaches, by its name, and why no policy of the app serves.

    `actions` are those that the policy allows. They are needed only if the role has a permissions boundary, which must
    allow them too.
    """

    role: str
    policy: str
    actions: tuple[str, ...]
    why: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """All reasons of an app, its exemptions from what is prohibited, and the AWS managed policies that it attaches."""

    reasons: tuple[Reason, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    managed_policies: tuple[ManagedPolicy, ...] = ()

    @property
    def managed(self) -> frozenset[str]:
        """The names of the AWS managed policies."""
        return frozenset(each.policy for each in self.managed_policies)

    def of(self, grant: Grant) -> Sequence[Reason]:
        """The reasons for a grant, of which there should be one. A role's own ones precede those of every function."""
        found = [reason for reason in self.reasons if reason.covers(grant)]
        return [reason for reason in found if reason.role == grant.role] or found


def read(files: Iterable[Path]) -> Reasons:
    """The tables of all files, whose names are `TABLES`. Raises ReasonsError for a file with a mistake."""
    reasons: list[Reason] = []
    exemptions: list[Exemption] = []
    managed: list[ManagedPolicy] = []
    for file in files:
        try:
            tables = tomllib.loads(file.read_text())
        except tomllib.TOMLDecodeError as error:
            raise ReasonsError(f"{file} is not valid TOML: {error}") from error
        if unknown := tables.keys() - TABLES:
            raise ReasonsError(f"{file} may contain {', '.join(sorted(TABLES))}, got {', '.join(sorted(unknown))}")
        for table, entry in ((table, entry) for table, entries in tables.items() for entry in entries):
            try:
                match table:
                    case "reasons":
                        of_reason = {"actions": tuple(entry["actions"]), "proof": Proof(entry["proof"])}
                        reasons.append(Reason(**{**entry, **of_reason}))
                    case "exemptions":
                        exemptions.append(Exemption(**{**entry, "actions": tuple(entry["actions"])}))
                    case "managed_policies":
                        managed.append(ManagedPolicy(**{**entry, "actions": tuple(entry.get("actions", ()))}))
            except (ValueError, TypeError, KeyError) as error:
                raise ReasonsError(f"{file}: {error} in {entry}") from error
    return Reasons(reasons=tuple(reasons), exemptions=tuple(exemptions), managed_policies=tuple(managed))
