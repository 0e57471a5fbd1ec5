"""The deployed web app's pages."""

from __future__ import annotations

from urllib.request import urlopen

from local_cloud.cloud import LocalCloud
from local_cloud.web.ports import page_url


def address(cloud: LocalCloud) -> str:
    """The load balancer's URL; ends with a slash."""
    return page_url(cloud.services().ports)


def page(cloud: LocalCloud, path: str = "") -> str:
    """A page as a browser gets it, through the load balancer."""
    with urlopen(address(cloud) + path, timeout=30) as answer:  # noqa: S310 - loopback
        text: str = answer.read().decode()
    return text
