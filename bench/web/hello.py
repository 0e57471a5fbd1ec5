"""The reference for the web app: a page that says hello, from the same framework and the same server."""

from __future__ import annotations

import sys

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from web_src.server import serve

app = FastAPI()


@app.get("/")
async def hello() -> HTMLResponse:
    """Say it."""
    return HTMLResponse("<!doctype html><title>Hello</title><p>Hello</p>")


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(sys.argv[1]))
