"""Configuration of the roles with which workflows on GitHub deploy and check the environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.capability import Capability
from config.checks import ConfigSection, require

if TYPE_CHECKING:
    from config.model import Environment

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"  # that of aws-actions/configure-aws-credentials
# GitHub Docs, "OpenID Connect reference": subjects of repositories that were created or renamed since July 2026 have
# the numbers of owner and repository, which nobody else ever gets.
REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(?P<id>@\d+)?/[A-Za-z0-9._-]{1,100}(?(id)@\d+)"
# GitHub accepts more, but puts some characters into the subject in another form.
GITHUB_ENVIRONMENT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


@dataclass(frozen=True)
class NewProvider:
    """The stack creates the account's identity provider for GitHub. An account can have one only."""


@dataclass(frozen=True)
class ExistingProvider:
    """The account has its identity provider for GitHub already: another environment, or another team, created it."""


@dataclass(frozen=True, kw_only=True)
class PullRequests(ConfigSection):
    """An environment of its own for each pull request that people label so, in this environment's account.

    It is deleted with the pull request, or when nobody has deployed it for `days`. `github_environment` is the
    environment on GitHub with which workflows sign in for all of them.
    """

    PATH = "delivery.pull_requests."

    github_environment: str = "pull-requests"
    days: int = 7

    def check(self) -> None:
        _require_github_environment(f"{self.PATH}github_environment", self.github_environment)
        self.require_at_least("days", 1, "the nightly workflow would delete an environment on the day of its creation")


@dataclass(frozen=True, kw_only=True)
class DeliveryConfig(Capability):
    """Roles for workflows of `repository` on GitHub, which sign in without a stored secret.

    A workflow may deploy if it runs in `github_environment`, whose rules on GitHub decide who starts it and who
    approves it. It may check what is deployed, and change nothing, if it runs in `<github_environment>-verify`.
    """

    PATH = "delivery."

    repository: str
    provider: NewProvider | ExistingProvider
    github_environment: str
    pull_requests: PullRequests | None = None

    @property
    def verify_environment(self) -> str:
        """The environment on GitHub for checks, which need no approval."""
        return f"{self.github_environment}-verify"

    def subject(self, github_environment: str) -> str:
        """The subject in the tokens of the repository's jobs that run in that environment on GitHub."""
        return f"repo:{self.repository}:environment:{github_environment}"

    def temporary(self) -> None:
        """None: an account has one identity provider, and a role of another environment deploys the copy."""
        return

    def check(self) -> None:
        self.require(
            re.fullmatch(REPOSITORY, self.repository) is not None,
            "repository",
            "'owner@1234/name@5678' with GitHub's numbers, or 'owner/name' if its tokens have none",
            "docs/runbook/delivery.md has the command that prints it",
        )
        _require_github_environment("delivery.github_environment", self.github_environment)
        names = (self.github_environment, self.verify_environment)
        require(
            self.pull_requests is None or self.pull_requests.github_environment not in names,
            "delivery.pull_requests.github_environment",
            f"other than {' and '.join(names)}",
            self.pull_requests and self.pull_requests.github_environment,
            "each role is for one environment on GitHub",
        )

    def check_environment(self, environment: Environment) -> None:
        self.require(
            self.pull_requests is None or not environment.termination_protection,
            "pull_requests",
            f"None in {environment.name}, which has termination protection",
            "whoever deploys a pull request's environment can change everything in its account; use another account",
        )


def _require_github_environment(field: str, value: str) -> None:
    require(
        re.fullmatch(GITHUB_ENVIRONMENT, value) is not None,
        field,
        "letters, digits, '.', '_' and '-'",
        value,
        "this is the name of an environment in the settings of the repository on GitHub",
    )
