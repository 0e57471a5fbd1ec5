"""What the web app needs to know, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"
# The load balancer comes from outside, and the security group admits only it.
DEFAULT_HOST = "0.0.0.0"  # noqa: S104
DEFAULT_PORT = "8080"
HIGHEST_PORT = 65_535
DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024
# The most that S3 takes in one POST (Amazon S3 User Guide, "Uploading objects").
HIGHEST_FILE_BYTES = 5 * 1024**3
_SIGN_IN = ("SIGN_IN_LOAD_BALANCER_ARN", "SIGN_IN_CLIENT_ID", "SIGN_IN_ISSUER", "SIGN_IN_LOGOUT_URL")
_LOAD_BALANCER_ARN_PARTS = 6


class SettingsError(ValueError):
    """An environment variable is missing or holds what it can't."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Who vouches for the people that come: the load balancer that signed them in, for that client of that issuer."""

    load_balancer_arn: str
    client_id: str
    issuer: str
    logout_url: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the app listens, where its database is, where files are put and how large one may be (bytes).

    `sign_in` is None where people are let in by other means: an SSM tunnel, or the network. `upload_endpoint_url` is
    where browsers send files instead of S3's own address, None on AWS.
    """

    host: str
    port: int
    database_host: str
    database_port: int
    database_name: str
    database_user: str
    ca_bundle: str
    region: str
    upload_endpoint_url: str | None
    landing_bucket: str
    incoming_prefix: str
    max_file_bytes: int
    sign_in: SignIn | None

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""

        def required(name: str) -> str:
            value = environment.get(name, "").strip()
            if not value:
                raise SettingsError(f"the environment variable {name} must be set, and is not")
            return value

        def whole_number(name: str, value: str, what: str, highest: int) -> int:
            if not (value.isascii() and value.isdigit() and 0 < int(value) <= highest):
                raise SettingsError(f"{name} must be {what} from 1 to {highest}, got {value!r}")
            return int(value)

        def port(name: str, value: str) -> int:
            return whole_number(name, value, "a port", HIGHEST_PORT)

        def folder(name: str) -> str:
            value = required(name)
            if not value.endswith("/"):
                raise SettingsError(f"{name} must end in '/', got {value!r}")
            return value

        max_file_bytes = environment.get("MAX_FILE_BYTES") or str(DEFAULT_MAX_FILE_BYTES)
        return cls(
            host=environment.get("HOST") or DEFAULT_HOST,
            port=port("PORT", environment.get("PORT") or DEFAULT_PORT),
            database_host=required("DATABASE_HOST"),
            database_port=port("DATABASE_PORT", required("DATABASE_PORT")),
            database_name=required("DATABASE_NAME"),
            database_user=required("DATABASE_USER"),
            ca_bundle=environment.get("DATABASE_CA_BUNDLE") or DEFAULT_CA_BUNDLE,
            region=required("AWS_REGION"),
            upload_endpoint_url=environment.get("UPLOAD_ENDPOINT_URL") or None,
            landing_bucket=required("LANDING_BUCKET"),
            incoming_prefix=folder("INCOMING_PREFIX"),
            max_file_bytes=whole_number("MAX_FILE_BYTES", max_file_bytes, "bytes", HIGHEST_FILE_BYTES),
            sign_in=_sign_in(environment),
        )


def _sign_in(environment: Mapping[str, str]) -> SignIn | None:
    values = {name: environment.get(name, "").strip() for name in _SIGN_IN}
    if not any(values.values()):
        return None
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise SettingsError(
            f"{', '.join(missing)} must be set when another SIGN_IN variable is: set all of {', '.join(_SIGN_IN)} "
            "to ask for sign-in, or none"
        )
    arn, client_id, issuer, logout_url = values.values()
    if not arn.startswith("arn:") or len(arn.split(":")) != _LOAD_BALANCER_ARN_PARTS:
        raise SettingsError(f"SIGN_IN_LOAD_BALANCER_ARN must be the ARN of a load balancer, got {arn!r}")
    if urlsplit(logout_url).scheme != "https" or not urlsplit(logout_url).netloc:
        raise SettingsError(f"SIGN_IN_LOGOUT_URL must be an https:// address, got {logout_url!r}")
    return SignIn(load_balancer_arn=arn, client_id=client_id, issuer=issuer, logout_url=logout_url)
