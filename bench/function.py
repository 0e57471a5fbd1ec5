"""The environment of the measured ingestion function: the variables that its stack and AWS Lambda would set."""

from __future__ import annotations

from pathlib import Path

from local_cloud.emulator.settings import REGION
from local_cloud.environment import clean

BUCKET = "landing"
PREFIX = "incoming/"
DATABASE = "bench"
USER = "ingestion"
MAX_FILE_BYTES = 4 * 1024**3  # larger than every measured file


def environment(*, host: str, port: int, ca_bundle: Path, endpoint_url: str) -> dict[str, str]:
    """The settings of lambda_src/ingestion/settings.py, and credentials that nothing checks."""
    return {
        **clean(),
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "BENCH",
        "AWS_SECRET_ACCESS_KEY": "only here",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DATABASE_HOST": host,
        "DATABASE_PORT": str(port),
        "DATABASE_NAME": DATABASE,
        "DATABASE_USER": USER,
        "DATABASE_CA_BUNDLE": str(ca_bundle),
        "QUEUE_URL": f"{endpoint_url}/111122223333/bench",
        "LANDING_BUCKET": BUCKET,
        "INCOMING_PREFIX": PREFIX,
        "MAX_FILE_BYTES": str(MAX_FILE_BYTES),
        "INITIAL_BACKOFF_SECONDS": "30",
        "METRICS_NAMESPACE": "bench",
    }
