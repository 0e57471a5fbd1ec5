"""The data below /api/, as JSON, described by /api/openapi.json."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from . import inputs, listings, queries
from .listings import Files, Orders, Rejects
from .queries import File, Order
from .services import Used
from .uploads import Upload

_VERSIONS = 100

router = APIRouter(prefix="/api")


class FileToSend(BaseModel):
    """A file that is about to be uploaded; `size` in bytes."""

    name: Annotated[str, Field(min_length=1, max_length=1024)]
    size: Annotated[int, Field(ge=1)]


@router.get("/files")
async def files(services: Used, wanted: Annotated[inputs.LimitedFileQuery, Query()]) -> Files:
    """Files, newest first; where they are searched for, the last by name first."""
    async with services.pool.connection() as connection:
        return await listings.files(connection, wanted, limit=wanted.limit)


@router.get("/files/by-key")
async def files_by_key(services: Used, key: inputs.Key) -> list[File]:
    """What became of each version of a key, the newest first; empty as long as none was taken in."""
    async with services.pool.connection() as connection:
        return await queries.versions(connection, bucket=services.settings.landing_bucket, key=key, limit=_VERSIONS)


@router.get("/files/{file_id}")
async def file(services: Used, file_id: inputs.FileId) -> File:
    """One file."""
    async with services.pool.connection() as connection:
        found = await queries.file(connection, file_id)
    if found is None:
        raise HTTPException(404, f"There is no file with the number {file_id}.")
    return found


@router.get("/files/{file_id}/rejects")
async def rejects(
    services: Used,
    file_id: inputs.FileId,
    after: inputs.AfterLine = 0,
    limit: inputs.RejectsLimit = inputs.PAGE_REJECTS,
) -> Rejects:
    """The rows of a file that were not loaded, by line."""
    async with services.pool.connection() as connection:
        return await listings.rejects(connection, file_id, after=after, limit=limit)


@router.get("/orders")
async def orders(services: Used, wanted: Annotated[inputs.LimitedOrderQuery, Query()]) -> Orders:
    """Orders, newest first, or by id where they are searched for."""
    async with services.pool.connection() as connection:
        return await listings.orders(connection, wanted, limit=wanted.limit)


@router.get("/orders/{order_id}")
async def order(services: Used, order_id: inputs.OrderId) -> Order:
    """One order."""
    async with services.pool.connection() as connection:
        found = await queries.order(connection, order_id)
    if found is None:
        raise HTTPException(404, f"There is no order with the id {order_id}.")
    return found


@router.post("/uploads", status_code=201)
async def uploads(services: Used, sent: FileToSend) -> Upload:
    """Sign the upload of one file, and name the key that it gets. What became of it: /api/files/by-key."""
    largest = services.settings.max_file_bytes
    if sent.size > largest:
        raise HTTPException(422, f"size: the file has {sent.size:,} bytes, and may have at most {largest:,}")
    # It may have to ask for new credentials, which would hold up every other request.
    return await asyncio.to_thread(services.uploads.sign, sent.name)
