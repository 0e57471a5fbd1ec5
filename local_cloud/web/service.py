"""The web app as a service of the local cloud."""

from __future__ import annotations

from ..service import LocalService
from .instance import PROCESS, WebApp
from .ports import PORTS, page_url

SERVICE = LocalService(
    process=PROCESS,
    ports=PORTS,
    start=lambda context: WebApp(context).start(),
    variables=lambda ports: {"WEB_URL": page_url(ports)},
    report=lambda ports: [f"The web page: {page_url(ports)}"],
)
