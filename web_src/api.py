"""The JSON API under /api/, described by /api/openapi.json."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from . import inputs, listings, queries
from .errors import found_or_404
from .listings import Files, Orders, RejectedRows
from .queries import File, Order
from .services import ServicesDep
from .uploads import Upload

_MAX_VERSIONS = 100

router = APIRouter(prefix="/api")


class UploadRequest(BaseModel):
    """The name and size (in bytes) of the file to upload."""

    name: Annotated[str, Field(min_length=1, max_length=1024)]
    size: Annotated[int, Field(ge=1)]


@router.get("/files")
async def files(services: ServicesDep, query: Annotated[inputs.LimitedFileQuery, Query()]) -> Files:
    """List files, newest first. A search sorts them by name, in descending order."""
    async with services.pool.connection() as connection:
        return await listings.files(connection, query, limit=query.limit)


@router.get("/files/by-key")
async def files_by_key(services: ServicesDep, key: inputs.Key) -> list[File]:
    """List the versions of a key, newest first. Empty until the file has been processed."""
    async with services.pool.connection() as connection:
        return await queries.versions(connection, bucket=services.settings.landing_bucket, key=key, limit=_MAX_VERSIONS)


@router.get("/files/{file_id}")
async def file(services: ServicesDep, file_id: inputs.FileId) -> File:
    """Get one file."""
    async with services.pool.connection() as connection:
        return found_or_404(await queries.file(connection, file_id), f"file with ID {file_id}")


@router.get("/files/{file_id}/rejects")
async def rejects(
    services: ServicesDep,
    file_id: inputs.FileId,
    after: inputs.AfterLine = 0,
    limit: inputs.RejectsLimit = inputs.PAGE_REJECTS,
) -> RejectedRows:
    """List the rejected rows of a file by line number."""
    async with services.pool.connection() as connection:
        return await listings.rejects(connection, file_id, after=after, limit=limit)


@router.get("/orders")
async def orders(services: ServicesDep, query: Annotated[inputs.LimitedOrderQuery, Query()]) -> Orders:
    """List orders, newest first. A search sorts them by order ID."""
    async with services.pool.connection() as connection:
        return await listings.orders(connection, query, limit=query.limit)


@router.get("/orders/{order_id}")
async def order(services: ServicesDep, order_id: inputs.OrderId) -> Order:
    """Get one order."""
    async with services.pool.connection() as connection:
        return found_or_404(await queries.order(connection, order_id), f"order with ID {order_id}")


@router.post("/uploads", status_code=201)
async def uploads(services: ServicesDep, upload: UploadRequest) -> Upload:
    """Get a signed form to upload one file with. Send the file's name and size: {"name": "orders.csv", "size": 1024}.

    To see the result of the upload, pass the key in the response to /api/files/by-key.
    """
    max_bytes = services.settings.max_file_bytes
    if upload.size > max_bytes:
        raise HTTPException(422, f"size: the file has {upload.size:,} bytes, the maximum is {max_bytes:,}")
    # In a thread, because signing sometimes fetches new credentials, which would block other requests.
    return await asyncio.to_thread(services.upload_signer.sign, upload.name)
