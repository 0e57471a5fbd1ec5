"""The environment of every program that calls AWS here: it can reach this machine only."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .emulator.settings import REGION
from .errors import LocalCloudError

_FOREIGN_PREFIXES = ("AWS_", "CDK_", "BOTO", "LOCALSTACK_", "MINISTACK_", "PYTHONPATH", "PYTHONHOME", "NODE_")
_NO_FILE = os.devnull
_LOCAL_HOSTS = ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Account:
    """How to call the local AWS: as its root user, over TLS that `ca_bundle` verifies."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    ca_bundle: str

    def __post_init__(self) -> None:
        refuse_unless_loopback(self.endpoint_url)

    def variables(self) -> dict[str, str]:
        """The environment variables that the AWS CLI, the SDKs and the CDK read."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_CA_BUNDLE": self.ca_bundle,
            "NODE_EXTRA_CA_CERTS": self.ca_bundle,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def refuse_unless_loopback(url: str) -> None:
    """Raise LocalCloudError unless `url` is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise LocalCloudError(
            f"the local cloud connects to this machine only: its endpoint must be 127.0.0.1 or localhost, got {url!r}"
        )


def clean(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` without variables that select an account, a profile or another Python."""
    kept = {name: value for name, value in environment.items() if not name.startswith(_FOREIGN_PREFIXES)}
    exempt = _exempt_from_proxy(kept)
    return {
        **kept,
        "AWS_CONFIG_FILE": _NO_FILE,
        "AWS_SHARED_CREDENTIALS_FILE": _NO_FILE,
        # The user's proxy is for package indexes; local addresses never go through it.
        "NO_PROXY": exempt,
        "no_proxy": exempt,
    }


def clean_this_process(environment: MutableMapping[str, str] = os.environ) -> None:
    """Clean `environment` in place, for the SDKs and urllib in this process and for the programs that it starts."""
    cleaned = clean(environment)
    environment.clear()
    environment.update(cleaned)


def _exempt_from_proxy(environment: Mapping[str, str]) -> str:
    """The user's exemptions, in either spelling, and the local addresses; repeating it changes nothing."""
    theirs = [host.strip() for name in ("NO_PROXY", "no_proxy") for host in environment.get(name, "").split(",")]
    if "*" in theirs:
        return "*"  # has no meaning inside a list
    return ",".join(dict.fromkeys([*filter(None, theirs), *_LOCAL_HOSTS]))
