"""The JSON API of files and uploads under /api/, described by /api/openapi.json."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from . import audit, inputs, listings, queries
from .errors import found_or_404, responses
from .listings import Files, RejectedRows
from .queries import File
from .services import ServicesDep

_MAX_VERSIONS = 100

router = APIRouter(prefix="/api")


@router.get("/files", responses=responses(422))
async def files(services: ServicesDep, query: Annotated[inputs.FileQuery, Query()]) -> Files:
    """List files, newest first. A search sorts them by name, in descending order."""
    async with services.pool.connection() as connection:
        return await listings.files(connection, query)


@router.get("/files/by-key", responses=responses(422))
async def files_by_key(services: ServicesDep, key: inputs.Key) -> list[File]:
    """List the versions of a key, newest first. Empty until the file has been processed."""
    async with services.pool.connection() as connection:
        return await queries.versions(connection, bucket=services.settings.landing_bucket, key=key, limit=_MAX_VERSIONS)


@router.get("/files/{file_id}", responses=responses(404, 422))
async def file(services: ServicesDep, file_id: inputs.FileId) -> File:
    """Get one file."""
    async with services.pool.connection() as connection:
        return found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")


@router.get("/files/{file_id}/rejects", responses=responses(404, 422))
async def rejects(
    request: Request,
    services: ServicesDep,
    file_id: inputs.FileId,
    after: inputs.AfterLine = 0,
    limit: inputs.RejectsLimit = inputs.PAGE_REJECTS,
) -> RejectedRows:
    """List the rejected rows of a file by line number."""
    async with services.pool.connection() as connection:
        found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")
        found = await listings.rejects(connection, file_id, after=after, limit=limit)
    audit.record(request, "view rejected rows", file_id=file_id, rows=len(found.rejects))
    return found
