"""The pages, and the two addresses that tell whether the app is well."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from . import export, inputs, listings, queries
from .identity import SESSION_COOKIES
from .inputs import PAGE_REJECTS, PAGE_ROWS
from .rendering import page, shared_page
from .services import Used

VERSIONS_SHOWN = 20

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    """Say that the process is up."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(services: Used) -> PlainTextResponse:
    """Say that the database answers, or 503."""
    async with services.pool.connection() as connection:
        await queries.answers(connection)
    return PlainTextResponse("ok\n")


@router.get("/")
async def overview_page(request: Request, services: Used) -> HTMLResponse:
    """Show what came in today, orders per day, and the newest files."""
    return shared_page(request, "overview.html", await services.overview.get())


@router.get("/files")
async def files_page(request: Request, services: Used, wanted: Annotated[inputs.FileQuery, Query()]) -> HTMLResponse:
    """List the files."""
    async with services.pool.connection() as connection:
        found = await listings.files(connection, wanted, limit=PAGE_ROWS)
    return page(
        request,
        "files.html",
        files=found.files,
        wanted=wanted,
        first_page=_address("/files", wanted, before=None) if wanted.before else None,
        next_page=_address("/files", wanted, before=found.next_before) if found.next_before else None,
    )


@router.get("/files/{file_id}")
async def file_page(
    request: Request, services: Used, file_id: inputs.FileId, after: inputs.AfterLine = 0
) -> HTMLResponse:
    """Show a file, the versions of its key, and its rejected rows."""
    async with services.pool.connection() as connection:
        file = await queries.file(connection, file_id)
        if file is None:
            raise HTTPException(404, f"There is no file with the number {file_id}.")
        versions = await queries.versions(connection, bucket=file.bucket, key=file.key, limit=VERSIONS_SHOWN + 1)
        rejected = await listings.rejects(connection, file_id, after=after, limit=PAGE_REJECTS)
    return page(
        request,
        "file.html",
        file=file,
        versions=versions[:VERSIONS_SHOWN],
        more_versions=len(versions) > VERSIONS_SHOWN,
        rejects=rejected.rejects,
        after=after,
        next_after=rejected.next_after,
    )


@router.get("/files/{file_id}/rejects.csv")
async def rejects_file(services: Used, file_id: inputs.FileId) -> Response:
    """Give a file's rejected rows as CSV, formulas made harmless."""
    async with services.pool.connection() as connection:
        if await queries.file(connection, file_id) is None:
            raise HTTPException(404, f"There is no file with the number {file_id}.")
    return StreamingResponse(
        export.pieces(services.pool, file_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="rejected-rows-of-file-{file_id}.csv"'},
    )


@router.get("/orders")
async def orders_page(request: Request, services: Used, wanted: Annotated[inputs.OrderQuery, Query()]) -> HTMLResponse:
    """List the orders: the newest first, or those whose id begins as searched for."""
    async with services.pool.connection() as connection:
        found = await listings.orders(connection, wanted, limit=PAGE_ROWS)
    first_page = next_page = None
    if wanted.after_id or wanted.before:
        first_page = _address("/orders", wanted, after_id="", before=None, before_id="")
    if found.more and wanted.search:
        next_page = _address("/orders", wanted, after_id=found.orders[-1].order_id)
    elif found.more:
        last = found.orders[-1]
        next_page = _address("/orders", wanted, before=last.ordered_at, before_id=last.order_id)
    return page(request, "orders.html", orders=found.orders, wanted=wanted, first_page=first_page, next_page=next_page)


@router.get("/orders/{order_id}")
async def order_page(request: Request, services: Used, order_id: inputs.OrderId) -> HTMLResponse:
    """Show an order, and the file it came from."""
    async with services.pool.connection() as connection:
        order = await queries.order(connection, order_id)
        if order is None:
            raise HTTPException(404, f"There is no order with the id {order_id}.")
        file = await queries.file(connection, order.file_id)
    return page(request, "order.html", order=order, file=file)


@router.get("/upload")
async def upload_page(request: Request, services: Used) -> HTMLResponse:
    """Take files by drag and drop."""
    return page(request, "upload.html", max_bytes=services.settings.max_file_bytes)


@router.get("/api")
async def api_page(request: Request) -> HTMLResponse:
    """Say which data programs can ask for."""
    operations = [
        {"method": method.upper(), "path": path, **described}
        for path, methods in request.app.openapi()["paths"].items()
        for method, described in methods.items()
    ]
    return page(request, "api.html", operations=operations)


@router.post("/sign-out")
async def sign_out(services: Used) -> Response:
    """End the load balancer's session here, and the user pool's where it sends the browser next."""
    if services.settings.sign_in is None:
        raise HTTPException(404)
    response = RedirectResponse(services.settings.sign_in.logout_url, status_code=303)
    for name in SESSION_COOKIES:
        response.delete_cookie(name, secure=True, httponly=True)
    return response


def _address(path: str, wanted: BaseModel, **changes: object) -> str:
    """The address of a page that shows what is wanted, with these changes."""
    values = {name: value for name, value in (wanted.model_dump() | changes).items() if value}
    return f"{path}?{urlencode(values)}" if values else path
