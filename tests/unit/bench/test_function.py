"""The ingestion function is measured with every setting that it reads."""

from __future__ import annotations

from pathlib import Path

from bench import function
from ingestion.settings import Settings


def test_every_setting_of_ingestion_is_set() -> None:
    environment = function.environment(
        host="localhost", port=5432, ca_bundle=Path("authority.pem"), endpoint_url="http://127.0.0.1:1"
    )
    assert Settings.from_env(environment).landing_bucket == function.BUCKET
