"""What the web app needs to know, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from common.settings import DatabaseSettings, SettingsError, Variables

# The load balancer comes from outside, and the security group admits only it.
DEFAULT_HOST = "0.0.0.0"  # noqa: S104
DEFAULT_PORT = 8080
DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024
# The most that S3 takes in one POST (Amazon S3 User Guide, "Uploading objects").
HIGHEST_FILE_BYTES = 5 * 1024**3
_SIGN_IN = ("SIGN_IN_LOAD_BALANCER_ARN", "SIGN_IN_CLIENT_ID", "SIGN_IN_ISSUER", "SIGN_IN_LOGOUT_URL")
_LOAD_BALANCER_ARN_PARTS = 6


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
    database: DatabaseSettings
    database_user: str
    region: str
    upload_endpoint_url: str | None
    landing_bucket: str
    incoming_prefix: str
    max_file_bytes: int
    sign_in: SignIn | None

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""
        variables = Variables(environment)
        return cls(
            host=variables.text("HOST", DEFAULT_HOST),
            port=variables.port("PORT", DEFAULT_PORT),
            database=DatabaseSettings.read(variables),
            database_user=variables.text("DATABASE_USER"),
            region=variables.text("AWS_REGION"),
            upload_endpoint_url=environment.get("UPLOAD_ENDPOINT_URL") or None,
            landing_bucket=variables.text("LANDING_BUCKET"),
            incoming_prefix=variables.prefix("INCOMING_PREFIX"),
            max_file_bytes=variables.whole_number(
                "MAX_FILE_BYTES", highest=HIGHEST_FILE_BYTES, default=DEFAULT_MAX_FILE_BYTES
            ),
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
