"""The settings of the emulator's process: one private file, whose path one environment variable holds."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VARIABLE = "LOCAL_CLOUD_SETTINGS"
ACCOUNT = "111122223333"
REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    """Ports are on loopback; paths are absolute."""

    api_port: int  # TLS: the port in AWS_ENDPOINT_URL
    service_ports: dict[str, int]  # plain HTTP, by name: those of the capabilities' services
    certificate: str
    certificate_key: str
    function_python: str  # an interpreter without any packages
    folder: str  # where services leave what the emulator must know about them
    database_host: str
    database_port: int
    database_superuser_url: str


@cache
def settings() -> EmulatorSettings:
    """The settings of this process. The first call removes their path from the environment, which functions inherit."""
    return EmulatorSettings(**json.loads(Path(os.environ.pop(VARIABLE)).read_text(encoding="utf-8")))
