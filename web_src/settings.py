"""The web app's settings, read from environment variables once at startup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from common.settings import (
    DatabaseSettings,
    EnvironmentSettings,
    SettingsError,
    key_prefix,
    tcp_port,
    whole_number,
)

# All interfaces, because the load balancer connects from outside. The security group admits no other client.
DEFAULT_HOST = "0.0.0.0"  # noqa: S104 - see above
DEFAULT_PORT = 8080
DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024
# The largest object that S3 accepts in a single request (Amazon S3 User Guide, "Uploading objects").
S3_MAX_POST_BYTES = 5 * 1024**3
_HOST_NAME = re.compile(r"[a-z0-9.-]+")
_SIGN_IN = ("SIGN_IN_LOAD_BALANCER_ARN", "SIGN_IN_CLIENT_ID", "SIGN_IN_ISSUER", "SIGN_IN_LOGOUT_URL")
_LOAD_BALANCER_ARN_PARTS = 6


def _host_names(text: str) -> frozenset[str]:
    """Names separated by commas, in lower case; raises ValueError if one of them is no host name."""
    names = frozenset(text.lower().split(","))
    if not all(map(_HOST_NAME.fullmatch, names)):
        raise ValueError("must be host names separated by commas, such as 'orders.example.com,localhost'")
    return names


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """The load balancer that signs users in, and the Cognito app client and issuer that it signs them in with."""

    load_balancer_arn: str
    client_id: str
    issuer: str
    logout_url: str


@dataclass(frozen=True, kw_only=True)
class Settings(EnvironmentSettings):
    """The app's address, its database, the folder of the datasets' declarations, and where uploads go.

    `allowed_hosts` are the names at which browsers open the app, besides those of the user's own machine. `sign_in` is
    None if an SSM tunnel or the network controls access instead. `upload_endpoint_url` replaces the address of S3 for
    uploads; it is None on AWS.
    """

    host: Annotated[str, "HOST"] = DEFAULT_HOST
    port: Annotated[int, "PORT", tcp_port] = DEFAULT_PORT
    allowed_hosts: Annotated[frozenset[str], "ALLOWED_HOSTS", _host_names]
    database: Annotated[DatabaseSettings, DatabaseSettings.from_env]
    database_user: Annotated[str, "DATABASE_USER"]
    datasets: Annotated[Path, "DATASETS", Path] = Path("datasets")
    upload_endpoint_url: Annotated[str | None, "UPLOAD_ENDPOINT_URL"] = None
    landing_bucket: Annotated[str, "LANDING_BUCKET"]
    incoming_prefix: Annotated[str, "INCOMING_PREFIX", key_prefix]
    max_file_bytes: Annotated[int, "MAX_FILE_BYTES", partial(whole_number, highest=S3_MAX_POST_BYTES)] = (
        DEFAULT_MAX_FILE_BYTES
    )
    sign_in: Annotated[SignInSettings | None, _sign_in]


def _sign_in(environment: Mapping[str, str]) -> SignInSettings | None:
    values = {name: environment.get(name, "").strip() for name in _SIGN_IN}
    if not any(values.values()):
        return None
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise SettingsError(
            f"{', '.join(missing)} must be set because another SIGN_IN variable is set. "
            f"To require sign-in, set all of {', '.join(_SIGN_IN)}; otherwise set none of them"
        )
    arn, client_id, issuer, logout_url = values.values()
    if not arn.startswith("arn:") or len(arn.split(":")) != _LOAD_BALANCER_ARN_PARTS:
        raise SettingsError(f"SIGN_IN_LOAD_BALANCER_ARN must be the ARN of a load balancer, got {arn!r}")
    if urlsplit(logout_url).scheme != "https" or not urlsplit(logout_url).netloc:
        raise SettingsError(f"SIGN_IN_LOGOUT_URL must be an https:// address, got {logout_url!r}")
    return SignInSettings(load_balancer_arn=arn, client_id=client_id, issuer=issuer, logout_url=logout_url)
