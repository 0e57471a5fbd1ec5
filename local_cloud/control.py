"""Remote control of a process: JSON lines over a loopback port; a token in a private file authorizes the caller."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from .errors import LocalCloudError
from .ports import LOOPBACK

Command = Callable[..., Awaitable[Any]]
TIMEOUT_SECONDS = 60.0


async def serve_control(address_file: Path, commands: dict[str, Command]) -> asyncio.Server:
    """Answer commands by name until closed; writes port and token to `address_file`, which `Control` reads."""
    token = secrets.token_urlsafe(24)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            if not hmac.compare_digest(str(request.get("token")), token):
                raise LocalCloudError("wrong token")
            result = {"result": await commands[request["command"]](**request["arguments"])}
        except Exception as error:  # the caller gets every error as the answer
            result = {
                "error": f"{type(error).__name__}: {error}" if not isinstance(error, LocalCloudError) else str(error)
            }
        writer.write(json.dumps(result).encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, LOOPBACK, 0)
    write_private(address_file, json.dumps({"port": server.sockets[0].getsockname()[1], "token": token}))
    return server


class Control:
    """The caller's side of `serve_control`, from any process of the same user."""

    def __init__(self, address_file: Path) -> None:
        self._address_file = address_file

    def call(self, command: str, /, **arguments: Any) -> Any:
        """Run one command and return its result; raises LocalCloudError if nothing answers or the command fails."""
        try:
            address = json.loads(self._address_file.read_text(encoding="utf-8"))
            with socket.create_connection((LOOPBACK, address["port"]), TIMEOUT_SECONDS) as connection:
                request = {"token": address["token"], "command": command, "arguments": arguments}
                connection.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(connection.makefile("rb").readline() or b"{}")
        except (OSError, ValueError) as error:
            raise LocalCloudError(f"no answer from the process of {self._address_file}: {error}") from error
        if "error" in answer:
            raise LocalCloudError(f"{command}: {answer['error']}")
        return answer.get("result")


def write_private(path: Path, content: str) -> None:
    """Write, atomically, a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)
