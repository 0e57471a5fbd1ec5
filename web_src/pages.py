"""The pages of files and uploads, the liveness check /healthz and the readiness check /readyz."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from . import audit, export, inputs, listings, queries
from .authentication import SESSION_COOKIES
from .errors import found_or_404
from .inputs import PAGE_REJECTS
from .rendering import page, page_url, shared_page
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
    """Show today's totals, rows per day and the newest files."""
    return shared_page(request, "overview.html", await services.overview.get())


@router.get("/files")
async def files_page(
    request: Request, services: ServicesDep, query: Annotated[inputs.FileQuery, Query()]
) -> HTMLResponse:
    """List files."""
    async with services.pool.connection() as connection:
        found = await listings.files(connection, query)
    return page(
        request,
        "files.html",
        files=found.files,
        query=query,
        first_page=page_url("/files", query, before=None) if query.before else None,
        next_page=page_url("/files", query, before=found.next_before) if found.next_before else None,
    )


@router.get("/files/{file_id}")
async def file_page(
    request: Request,
    services: ServicesDep,
    file_id: inputs.FileId,
    after: inputs.AfterLine = 0,
    rows_after: inputs.AfterPlace = 0,
) -> HTMLResponse:
    """Show a file, its versions, the rows that came from it and its rejected rows."""
    async with services.pool.connection() as connection:
        file = found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")
        withdrawal = await queries.withdrawal(connection, file_id) if file.status == "withdrawn" else None
        versions = await queries.versions(connection, bucket=file.bucket, key=file.key, limit=MAX_VERSIONS + 1)
        page_of_rejects = await listings.rejects(connection, file_id, after=after, limit=PAGE_REJECTS)
        table = services.tables.get(file.dataset or "")
        found = await listings.file_rows(connection, table, file_id, after=rows_after) if table else None
    if page_of_rejects.rejects or (found and found.rows):
        rows, rejected = len(found.rows) if found else 0, len(page_of_rejects.rejects)
        audit.record(request, "view rows of a file", file_id=file_id, rows=rows, rejected_rows=rejected)
    return page(
        request,
        "file.html",
        file=file,
        withdrawal=withdrawal,
        versions=versions[:MAX_VERSIONS],
        more_versions=len(versions) > MAX_VERSIONS,
        rejects=page_of_rejects.rejects,
        rows=found.rows if found else [],
        rows_after=rows_after,
        next_rows_after=found.next_after if found else None,
        after=after,
        next_after=page_of_rejects.next_after,
    )


@router.get("/files/{file_id}/rejects.csv")
async def rejects_csv(request: Request, services: ServicesDep, file_id: inputs.FileId) -> Response:
    """Download a file's rejected rows as CSV."""
    async with services.pool.connection() as connection:
        file = found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")
    audit.record(request, "export rejected rows", file_id=file_id)
    chunks = export.reject_chunks(services.pool, file_id, services.tables.get(file.dataset or ""))
    return await export.download(chunks, f"rejected-rows-of-file-{file_id}.csv")


@router.get("/upload")
async def upload_page(request: Request, services: ServicesDep) -> HTMLResponse:
    """Show the upload form, for the dataset that the address names or the first one."""
    chosen = request.query_params.get("dataset")
    return page(request, "upload.html", chosen=chosen, max_file_bytes=services.max_file_bytes)


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
