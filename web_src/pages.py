"""The pages, the liveness check /healthz and the readiness check /readyz."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from . import export, inputs, listings, queries
from .authentication import SESSION_COOKIES
from .errors import found_or_404
from .inputs import PAGE_REJECTS, PAGE_ROWS
from .rendering import page, shared_page
from .services import ServicesDep

MAX_VERSIONS = 20

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    """Answer 200 while the process runs."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(services: ServicesDep) -> PlainTextResponse:
    """Answer 200 if the database answers, otherwise 503."""
    async with services.pool.connection():  # the pool checks that a connection works before it lends it
        return PlainTextResponse("ok\n")


@router.get("/")
async def overview_page(request: Request, services: ServicesDep) -> HTMLResponse:
    """Show today's totals, orders per day and the newest files."""
    return shared_page(request, "overview.html", await services.overview.get())


@router.get("/files")
async def files_page(
    request: Request, services: ServicesDep, query: Annotated[inputs.FileQuery, Query()]
) -> HTMLResponse:
    """List files."""
    async with services.pool.connection() as connection:
        found = await listings.files(connection, query, limit=PAGE_ROWS)
    return page(
        request,
        "files.html",
        files=found.files,
        query=query,
        first_page=_url("/files", query, before=None) if query.before else None,
        next_page=_url("/files", query, before=found.next_before) if found.next_before else None,
    )


@router.get("/files/{file_id}")
async def file_page(
    request: Request, services: ServicesDep, file_id: inputs.FileId, after: inputs.AfterLine = 0
) -> HTMLResponse:
    """Show a file, its versions and its rejected rows."""
    async with services.pool.connection() as connection:
        file = found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")
        versions = await queries.versions(connection, bucket=file.bucket, key=file.key, limit=MAX_VERSIONS + 1)
        page_of_rejects = await listings.rejects(connection, file_id, after=after, limit=PAGE_REJECTS)
    return page(
        request,
        "file.html",
        file=file,
        versions=versions[:MAX_VERSIONS],
        more_versions=len(versions) > MAX_VERSIONS,
        rejects=page_of_rejects.rejects,
        after=after,
        next_after=page_of_rejects.next_after,
    )


@router.get("/files/{file_id}/rejects.csv")
async def rejects_csv(services: ServicesDep, file_id: inputs.FileId) -> Response:
    """Download a file's rejected rows as CSV."""
    async with services.pool.connection() as connection:
        found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")
    return StreamingResponse(
        export.csv_chunks(services.pool, file_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="rejected-rows-of-file-{file_id}.csv"'},
    )


@router.get("/orders")
async def orders_page(
    request: Request, services: ServicesDep, query: Annotated[inputs.OrderQuery, Query()]
) -> HTMLResponse:
    """List orders, newest first; with a search by order ID."""
    async with services.pool.connection() as connection:
        found = await listings.orders(connection, query, limit=PAGE_ROWS)
    first_page = next_page = None
    if query.after_id or query.before:
        first_page = _url("/orders", query, after_id="", before=None, before_id="")
    if found.more and query.search:
        next_page = _url("/orders", query, after_id=found.orders[-1].order_id)
    elif found.more:
        last = found.orders[-1]
        next_page = _url("/orders", query, before=last.ordered_at, before_id=last.order_id)
    return page(request, "orders.html", orders=found.orders, query=query, first_page=first_page, next_page=next_page)


@router.get("/orders/{order_id}")
async def order_page(request: Request, services: ServicesDep, order_id: inputs.OrderId) -> HTMLResponse:
    """Show an order and its source file."""
    async with services.pool.connection() as connection:
        order = found_or_404(await queries.order(connection, order_id), f"order with ID {order_id}")
        file = await queries.file(connection, order.file_id)
    return page(request, "order.html", order=order, file=file)


@router.get("/upload")
async def upload_page(request: Request, services: ServicesDep) -> HTMLResponse:
    """Show the upload form."""
    return page(request, "upload.html", max_bytes=services.settings.max_file_bytes)


@router.get("/api")
async def api_page(request: Request) -> HTMLResponse:
    """Show the API's documentation, made from its OpenAPI description."""
    requests = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in request.app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]
    return page(request, "api.html", requests=requests)


@router.post("/sign-out")
async def sign_out(services: ServicesDep) -> Response:
    """End the load balancer's session, and redirect to the user pool's sign-out."""
    if services.settings.sign_in is None:
        raise HTTPException(404)
    response = RedirectResponse(services.settings.sign_in.logout_url, status_code=303)
    for name in SESSION_COOKIES:
        response.delete_cookie(name, secure=True, httponly=True)
    return response


def _url(path: str, query: BaseModel, **changes: object) -> str:
    """The address of the page with this query and these changes to it."""
    values = {name: value for name, value in (query.model_dump() | changes).items() if value}
    return f"{path}?{urlencode(values)}" if values else path
