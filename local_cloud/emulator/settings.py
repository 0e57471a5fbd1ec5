"""The settings of the emulator's process: one private file, whose path one environment variable holds."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass
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

    def write(self, path: Path) -> None:
        """Save for the emulator; the file contains the superuser's password."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def take(cls, environment: MutableMapping[str, str] = os.environ) -> EmulatorSettings:
        """Read the file, and remove its path from the environment, which functions inherit."""
        return cls(**json.loads(Path(environment.pop(VARIABLE)).read_text(encoding="utf-8")))
