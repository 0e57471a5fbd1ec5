"""The audit log: who uploaded, exported or viewed what, and which requests were refused.

Each event is one line of the log. It names people by their id in the user pool only, and has no personal data of rows:
values of columns that the declaration calls personal are left out. So are texts that anybody may have typed, such as
the name of a file, and a search that found nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from . import values
from .inputs import RowQuery
from .listings import DatasetRows
from .tables import DatasetTable, Row

PERSONAL = "[personal]"
NOTHING = "[found nothing]"
_MAX_CHARACTERS = 200  # of a text that anybody may have sent
_log = logging.getLogger(__name__)


def record(request: Request, action: str, **what: Any) -> None:
    """Log that the user of this request did something. Without sign-in the user is unknown, which is null."""
    user = request.scope.get("user")
    _log.info(action, extra={"fields": {"who": user.subject if user else None, **what}})


def record_list(
    request: Request, action: str, table: DatasetTable, query: RowQuery, first: DatasetRows, **what: Any
) -> None:
    """Log that the user of this request viewed or exported the rows of a query. `first` is their first page."""
    given = query.model_dump(include={"search", "until"}, exclude_none=True)
    if search := given.pop("search", None):
        name = table.searched.name
        given["search"] = _without_personal(table, {name: search}) if first.rows else {name: NOTHING}
    record(request, action, dataset=table.name, **given, **what)


def record_row(request: Request, table: DatasetTable, row: Row) -> None:
    """Log that the user of this request viewed a row. The file tells rows apart whose key is personal."""
    key = _without_personal(table, {name: row[name] for name in table.key})
    record(request, "view row", dataset=table.name, row=key, file_id=row["file_id"])


def refused(what: str, **details: str) -> None:
    """Log that a request was refused, such as for its host."""
    _log.warning(f"refused {what}", extra={"fields": {name: text[:_MAX_CHARACTERS] for name, text in details.items()}})


def _without_personal(table: DatasetTable, given: Mapping[str, Any]) -> dict[str, Any]:
    columns = table.dataset.by_name
    return {name: PERSONAL if columns[name].personal else values.exact(value) for name, value in given.items()}
