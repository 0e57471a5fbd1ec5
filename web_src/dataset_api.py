"""The JSON API of the declared datasets. The models of requests and responses are made from the declarations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field, create_model
from starlette.responses import FileResponse

from tabular.declaration import SCHEMA_FILE

from . import audit, listings, rows, values
from .columns import class_name
from .errors import found_or_404, responses
from .services import ServicesDep, TableDep
from .tables import DatasetTable
from .uploads import Upload


class UploadRequest(BaseModel):
    """The dataset, name and size (in bytes) of the file to upload."""

    dataset: str
    name: Annotated[str, Field(min_length=1, max_length=1024)]
    size: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class ColumnDescription:
    """A column of a dataset. `rule` completes "a value must be"."""

    name: str
    title: str
    aliases: list[str]
    type: str
    rule: str
    required: bool
    personal: bool


@dataclass(frozen=True, kw_only=True)
class DatasetDescription:
    """A kind of file: its columns, those of its key, and the largest file that is accepted."""

    name: str
    title: str
    description: str
    key: list[str]
    columns: list[ColumnDescription]
    max_file_bytes: int


def router(tables: Mapping[str, DatasetTable]) -> APIRouter:
    """The routes of all datasets, and those of each."""
    made = APIRouter(prefix="/api")

    @made.get("/datasets", responses=responses())
    async def datasets(services: ServicesDep) -> list[DatasetDescription]:
        """List the datasets."""
        return [_described(each, services.max_file_bytes(each)) for each in services.tables.values()]

    for each in tables.values():
        _add_rows(made, each)

    @made.get("/datasets/{dataset}/schema", response_class=FileResponse, responses=responses(404, 422))
    async def schema(services: ServicesDep, table: TableDep) -> FileResponse:
        """Get the declaration of a dataset: a Table Schema (Data Package, version 2)."""
        return FileResponse(services.settings.datasets / table.name / SCHEMA_FILE, media_type="application/json")

    @made.get("/datasets/{dataset}/{path:path}", include_in_schema=False)
    async def unknown(table: TableDep) -> None:
        """Answer that there is no such dataset, or no such address."""
        raise HTTPException(404)

    _add_uploads(made, tables)
    return made


def _add_rows(made: APIRouter, table: DatasetTable) -> None:
    path = f"/datasets/{table.name}"

    async def list_rows(request: Request, services: ServicesDep, query: Any) -> Any:
        async with services.pool.connection() as connection:
            found = await listings.dataset_rows(connection, table, query)
        audit.record_list(request, "view rows", table, query, found, rows=len(found.rows))
        return vars(found)

    async def get_row(request: Request, services: ServicesDep, key: BaseModel) -> Any:
        async with services.pool.connection() as connection:
            found = await rows.one(connection, table, key.model_dump(by_alias=True))
        row = found_or_404(found, table.described(key))
        audit.record_row(request, table, row)
        return row

    page = create_model(
        class_name(table.dataset, "Page"),
        __doc__="One page of rows. Pass `next_after` as `after` to get the next page; null on the last page.",
        rows=list[table.row_model],  # type: ignore[name-defined] # made from the declaration
        next_after=str | None,
    )
    order = "newest first; a search sorts them by key" if table.newest_first else "sorted by key"
    # The types are known only now, so they can't be written in the signatures.
    list_rows.__annotations__["query"] = Annotated[table.query_model, Query()]
    get_row.__annotations__["key"] = Annotated[table.key_model, Query()]
    for endpoint, rest, model, text, errors in (
        (list_rows, "rows", page, f"List rows of {table.title}, {order}.", responses(422)),
        (get_row, "row", table.row_model, f"Get one row of {table.title} by its key.", responses(404, 422)),
    ):
        made.add_api_route(
            f"{path}/{rest}",
            endpoint,
            response_model=model,
            responses=errors,
            description=text,
            operation_id=f"{table.name}_{rest}",
            name=f"{table.title}: {rest}",
        )


def _add_uploads(made: APIRouter, tables: Mapping[str, DatasetTable]) -> None:
    model = create_model("DatasetUploadRequest", __base__=UploadRequest, dataset=(_one_of(tables), ...))

    async def uploads(request: Request, services: ServicesDep, upload: UploadRequest) -> Upload:
        """Get a signed form to upload one file with: {"dataset": "orders", "name": "orders.csv", "size": 1024}.

        To see the result of the upload, pass the key in the response to /api/files/by-key.
        """
        max_bytes = services.max_file_bytes(services.tables[upload.dataset])
        if upload.size > max_bytes:
            raise HTTPException(422, f"size: the file has {upload.size:,} bytes, the maximum is {max_bytes:,}")
        # In a thread, because signing sometimes fetches new credentials, which would block other requests.
        signed = await asyncio.to_thread(services.upload_signer.sign, upload.dataset, upload.name, max_bytes)
        audit.record(request, "upload", dataset=upload.dataset, folder=signed.key.rpartition("/")[0])
        return signed

    uploads.__annotations__["upload"] = model
    made.add_api_route("/uploads", uploads, methods=["POST"], status_code=201, responses=responses(403, 422))


def _one_of(names: Iterable[str]) -> Any:
    return Literal[tuple(names)]


def _described(table: DatasetTable, max_file_bytes: int) -> DatasetDescription:
    dataset = table.dataset
    return DatasetDescription(
        name=dataset.name,
        title=dataset.title,
        description=dataset.description,
        key=list(dataset.primary_key),
        columns=[
            ColumnDescription(
                name=each.name,
                title=each.label,
                aliases=list(each.aliases),
                type=each.type,
                rule=values.rule(each),
                required=each.required,
                personal=each.personal,
            )
            for each in dataset.fields
        ],
        max_file_bytes=max_file_bytes,
    )
