"""The Lambda function that `make forget` and `make withdraw` invoke; no event source invokes it."""

from __future__ import annotations

import logging
import os
from typing import Any

import botocore.session
import psycopg

from common.database import connect
from tabular.declaration import load_datasets

from .erasing import finished_versions, forget
from .requests import ErasureRequestError, FinishedVersions, Overlapping, Request, Withdraw, parse
from .settings import Settings
from .withdrawing import overlapping, withdraw

_log = logging.getLogger(__name__)
logging.getLogger(__package__).setLevel(logging.INFO)

_settings = Settings.from_env(os.environ)
_datasets = load_datasets(_settings.datasets)
_session = botocore.session.get_session()


def handler(event: object, _: object) -> dict[str, Any]:
    """Answer a request, or return {"error": …} with a message for the person who asked."""
    try:
        request = parse(event)
        with connect(_settings.database, user=_settings.database_user, session=_session) as connection:
            return _answer(connection, request)
    except ErasureRequestError as error:
        return {"error": str(error)}
    except psycopg.OperationalError as error:
        return {"error": f"the database request failed: {str(error).strip().splitlines()[0]}"}
    except psycopg.Error as error:  # its message may quote a row
        return {"error": f"the database refused a change ({type(error).__name__}); nothing was changed"}


def _answer(connection: psycopg.Connection, request: Request) -> dict[str, Any]:
    bucket = _settings.landing_bucket
    if isinstance(request, FinishedVersions):
        return finished_versions(connection, bucket, request)
    if isinstance(request, Overlapping):
        return overlapping(connection, bucket, request)
    if isinstance(request, Withdraw):
        answer = withdraw(connection, _datasets, bucket, request)
        about = {"version": answer["version_id"], "rows": answer["rows"]}
        _log.info("withdrawn" if not request.dry_run else "dry run", extra=about)
        return answer
    answer = forget(connection, _datasets, request)
    _log.info("erased" if not request.dry_run else "dry run", extra=answer)
    return answer
