"""The pages, the data below /api/, and the two addresses that tell whether the app is well."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel
from starlette.responses import HTMLResponse, PlainTextResponse

from . import queries
from .queries import HIGHEST_ID, File
from .rendering import page

PAGE_FILES = 50
PAGE_REJECTS = 100
_MAX_API_FILES = 500

router = APIRouter()

FileId = Annotated[int, Path(ge=1, le=HIGHEST_ID)]
Before = Annotated[int | None, Query(ge=1, le=HIGHEST_ID, description="Show files older than the one of this id.")]
After = Annotated[int, Query(ge=0, le=HIGHEST_ID, description="Show rejected rows after this line.")]


class Files(BaseModel):
    """Files, newest first; `next_before` asks for those that follow, and is null at the end."""

    files: list[File]
    next_before: int | None


@router.get("/healthz", include_in_schema=False)
async def healthz() -> PlainTextResponse:
    """Say that the process is up."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> PlainTextResponse:
    """Say that the database answers, or 503."""
    async with _pool(request).connection() as connection:
        await queries.answers(connection)
    return PlainTextResponse("ok\n")


@router.get("/", include_in_schema=False)
async def files_page(request: Request, before: Before = None) -> HTMLResponse:
    """List the files."""
    files, next_before = await _files(request, before, PAGE_FILES)
    return page("files.html", files=files, before=before, next_before=next_before)


@router.get("/files/{file_id}", include_in_schema=False)
async def file_page(request: Request, file_id: FileId, after: After = 0) -> HTMLResponse:
    """Show a file and its rejected rows."""
    async with _pool(request).connection() as connection:
        file = await queries.file(connection, file_id)
        if file is None:
            raise HTTPException(404, f"There is no file with the number {file_id}.")
        rejects = await queries.rejects(connection, file_id, after=after, limit=PAGE_REJECTS + 1)
    next_after = rejects[PAGE_REJECTS - 1].line_number if len(rejects) > PAGE_REJECTS else None
    return page("file.html", file=file, rejects=rejects[:PAGE_REJECTS], after=after, next_after=next_after)


@router.get("/api/files")
async def api_files(
    request: Request, before: Before = None, limit: Annotated[int, Query(ge=1, le=_MAX_API_FILES)] = PAGE_FILES
) -> Files:
    """Files, newest first."""
    files, next_before = await _files(request, before, limit)
    return Files(files=files, next_before=next_before)


async def _files(request: Request, before: int | None, limit: int) -> tuple[list[File], int | None]:
    async with _pool(request).connection() as connection:
        files = await queries.files(connection, before=before or HIGHEST_ID, limit=limit + 1)
    return files[:limit], files[limit - 1].file_id if len(files) > limit else None


def _pool(request: Request) -> AsyncConnectionPool:
    pool: AsyncConnectionPool = request.app.state.pool
    return pool
