"""What the emulator's process is told: one private file, named by one environment variable."""

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

    api_port: int  # TLS: what AWS_ENDPOINT_URL names
    metadata_port: int  # plain HTTP, as the instance metadata service is on an instance
    web_port: int  # plain HTTP: the load balancer's listener, for browsers
    upload_port: int  # plain HTTP: takes uploads from browsers, which don't know our authority
    certificate: str
    certificate_key: str
    authority: str
    function_python: str  # an interpreter with nothing installed
    instance_file: str  # says which role the web instance has and which load balancer stands before it
    database_host: str
    database_port: int
    database_superuser_url: str

    def write(self, path: Path) -> None:
        """Save for the emulator; the file holds the superuser's password."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def take(cls, environment: MutableMapping[str, str] = os.environ) -> EmulatorSettings:
        """Read them, and hide the file's name from the functions that inherit this environment."""
        return cls(**json.loads(Path(environment.pop(VARIABLE)).read_text(encoding="utf-8")))


@dataclass(frozen=True, kw_only=True)
class WebInstance:
    """The one instance that the Auto Scaling group would have launched."""

    role_name: str
    load_balancer_name: str

    def write(self, path: Path) -> None:
        """Save for the emulator's metadata service and listener."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> WebInstance | None:
        """None before the web stack is there."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
