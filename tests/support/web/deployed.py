"""The web pages of a deployed environment, stubbed: internal ones and public ones."""

from __future__ import annotations

from ops.web.deployed import DeployedWeb
from tests.support.ops.stubs import Stubs

GROUP = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef"
POOL = "eu-central-1_Abc"
SHELL_DOCUMENT, TUNNEL_DOCUMENT = "acme-dev-web-Shell", "acme-dev-web-Tunnel"
PUBLIC_URL = "https://orders.example.com"


def internal(aws: Stubs) -> DeployedWeb:
    """As `ops.web.deployed.find` returns it for internal pages."""
    url = "http://internal.example.com"
    return _deployed(aws, url=url, user_pool_id=None)


def public(aws: Stubs) -> DeployedWeb:
    """As `ops.web.deployed.find` returns it for public pages."""
    return _deployed(aws, url=PUBLIC_URL, user_pool_id=POOL)


def _deployed(aws: Stubs, *, url: str, user_pool_id: str | None) -> DeployedWeb:
    return DeployedWeb(
        environment=aws.environment(),
        url=url,
        target_group_arn=GROUP,
        user_pool_id=user_pool_id,
        shell_document=SHELL_DOCUMENT,
        tunnel_document=TUNNEL_DOCUMENT,
    )
