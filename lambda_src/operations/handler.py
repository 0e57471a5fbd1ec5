"""The Lambda function that `make inspect` and `make reconcile` invoke; no event source invokes it."""

from __future__ import annotations

import logging
import os
from typing import Any

import botocore.session
import psycopg

from common.database import ReusableConnection

from .answers import inspect, known_versions
from .requests import Inspect, RequestError, parse
from .settings import Settings

_log = logging.getLogger(__name__)
logging.getLogger(__package__).setLevel(logging.INFO)

_settings = Settings.from_env(os.environ)
_session = botocore.session.get_session()
_connection = ReusableConnection(_settings.database, user=_settings.database_user, session=_session)


def handler(event: object, _: object) -> dict[str, Any]:
    """Answer a request, or return {"error": …} with a message for the person who asked."""
    try:
        request = parse(event)
        connection = _connection.get()
        if isinstance(request, Inspect):
            return inspect(connection, _settings.landing_bucket, request)
        return known_versions(connection, _settings.landing_bucket, request)
    except RequestError as error:
        return {"error": str(error)}
    except psycopg.OperationalError as error:
        _log.warning("the database request failed: %s", error)
        return {"error": f"the database request failed: {str(error).strip().splitlines()[0]}"}
