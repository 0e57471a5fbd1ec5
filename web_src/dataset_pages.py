"""The pages of the declared datasets: what their files must look like, and the rows that were loaded."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from . import audit, export, file_template, listings, queries, rows
from .errors import found_or_404
from .rendering import page, page_url
from .services import ServicesDep, TableDep
from .tables import checked

router = APIRouter(prefix="/datasets", include_in_schema=False)


@router.get("")
async def datasets_page(request: Request) -> HTMLResponse:
    """List the datasets."""
    return page(request, "datasets.html")


@router.get("/{dataset}")
async def dataset_page(request: Request, services: ServicesDep, table: TableDep) -> HTMLResponse:
    """Show what a file of the dataset must look like, and how many rows were loaded per day."""
    cached = services.charts.get(table.name)
    return page(
        request,
        "dataset.html",
        table=table,
        chart=await cached.get() if cached else None,
        example=file_template.example,
        max_bytes=services.max_file_bytes(table),
    )


@router.get("/{dataset}/rows")
async def rows_page(request: Request, services: ServicesDep, table: TableDep) -> HTMLResponse:
    """List the dataset's rows, newest first; with a search by key."""
    query = checked(table.query_model, request.query_params)
    async with services.pool.connection() as connection:
        found = await listings.dataset_rows(connection, table, query)
    audit.record_list(request, "view rows", table, query, found, rows=len(found.rows))
    path = f"{table.path}/rows"
    return page(
        request,
        "rows.html",
        table=table,
        rows=found.rows,
        query=query,
        export=page_url(f"{path}.csv", query, after=None),
        first_page=page_url(path, query, after=None) if query.after else None,
        next_page=page_url(path, query, after=found.next_after) if found.next_after else None,
    )


@router.get("/{dataset}/rows.csv")
async def rows_csv(request: Request, services: ServicesDep, table: TableDep) -> Response:
    """Download the rows of a list as CSV."""
    query = checked(table.query_model, request.query_params)
    chunks, first = await export.row_chunks(services.pool, table, query)
    audit.record_list(request, "export rows", table, query, first)
    return await export.download(chunks, f"{table.name}.csv")


@router.get("/{dataset}/row")
async def row_page(request: Request, services: ServicesDep, table: TableDep) -> HTMLResponse:
    """Show a row and its source file."""
    key = checked(table.key_model, request.query_params)
    async with services.pool.connection() as connection:
        found = await rows.one(connection, table, key.model_dump(by_alias=True))
        row = found_or_404(found, table.described(key))
        file = await queries.file(connection, row["file_id"])
    audit.record_row(request, table, row)
    return page(request, "row.html", table=table, row=row, file=file)


@router.get("/{dataset}/template.csv")
async def csv_template(table: TableDep) -> Response:
    """Download a template of a file as CSV."""
    return _template(file_template.csv_template(table.dataset), "text/csv; charset=utf-8", f"{table.name}-template.csv")


@router.get("/{dataset}/template.xlsx")
async def xlsx_template(table: TableDep) -> Response:
    """Download a template of a file for Excel."""
    return _template(file_template.xlsx_template(table.dataset), file_template.XLSX_TYPE, f"{table.name}-template.xlsx")


def _template(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
