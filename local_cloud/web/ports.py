"""The ports of the web app on this machine, all plain HTTP: browsers do not trust the local certificate authority."""

from __future__ import annotations

from collections.abc import Mapping

from ..ports import LOOPBACK

PAGE, UPLOAD, METADATA = "web", "web_upload", "web_metadata"
PORTS = (PAGE, UPLOAD, METADATA)


def page_url(ports: Mapping[str, int]) -> str:
    """The load balancer's listener."""
    return f"http://localhost:{ports[PAGE]}/"


def upload_url(ports: Mapping[str, int]) -> str:
    """The S3 endpoint that browsers send files to."""
    return f"http://{LOOPBACK}:{ports[UPLOAD]}"


def metadata_url(ports: Mapping[str, int]) -> str:
    """The instance metadata service."""
    return f"http://{LOOPBACK}:{ports[METADATA]}"
