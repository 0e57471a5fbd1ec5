"""The reference to compare the web app with: a static page of the same framework and server."""

from __future__ import annotations

import sys

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from web_src.server import serve

app = FastAPI()


@app.get("/")
async def hello() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse("<!doctype html><title>Hello</title><p>Hello</p>")


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(sys.argv[1]))
