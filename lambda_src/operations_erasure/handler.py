"""The Lambda function that `make forget` invokes; no event source invokes it."""

from __future__ import annotations

import logging
import os
from typing import Any

import botocore.session
import psycopg

from common.database import connect
from tabular.declaration import load_datasets

from .erasing import finished_versions, forget
from .requests import ErasureRequestError, Forget, parse
from .settings import Settings

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
            if isinstance(request, Forget):
                answer = forget(connection, _datasets, request)
                _log.info("erased" if not request.dry_run else "dry run", extra=answer)
                return answer
            return finished_versions(connection, _settings.landing_bucket, request)
    except ErasureRequestError as error:
        return {"error": str(error)}
    except psycopg.OperationalError as error:
        return {"error": f"the database request failed: {str(error).strip().splitlines()[0]}"}
    except psycopg.Error as error:  # its message may quote a row
        return {"error": f"the database refused a change ({type(error).__name__}); nothing was erased"}
