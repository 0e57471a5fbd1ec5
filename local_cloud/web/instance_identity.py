"""The identity of the web instance: a file that the service writes and the emulator reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "web-instance.json"


@dataclass(frozen=True, kw_only=True)
class InstanceIdentity:
    """The one instance that represents those of the Auto Scaling group."""

    role_name: str
    load_balancer_name: str
    landing_bucket_name: str

    def write(self, folder: Path) -> None:
        """Save for the emulator's metadata service and listener."""
        (folder / FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> InstanceIdentity | None:
        """None before the web app has started."""
        try:
            return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
