"""A proxy in front of PostgreSQL: it terminates TLS, and it can stall, cut or refuse connections for fault tests.

The wheel's PostgreSQL is built without OpenSSL, so the proxy presents the certificate that clients verify.
Without TLS it forwards only cancel requests, as an RDS instance with `rds.force_ssl` does.

Run as `python -m local_cloud.database_proxy --port … --backend-port … --certificate … --key … --control …`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .control import Control, serve_control
from .ports import LOOPBACK

# The request codes that open a PostgreSQL connection (protocol documentation, "Message Formats").
_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104
_CANCEL_REQUEST = 80877102
_MAX_STARTUP_BYTES = 10_000
_CHUNK_BYTES = 256 * 1024
_STARTUP_SECONDS = 60.0


class PostgresProxy:
    """Forwards TLS connections from `port` to the plain `backend_port`, both on loopback."""

    def __init__(self, *, port: int, backend_port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._backend_port = backend_port
        self._context = context
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._cut_after: int | None = None
        self._links: set[asyncio.Task[None]] = set()

    async def serve(self) -> asyncio.Server:
        """Listen until the returned server is closed."""
        return await asyncio.start_server(self._accept, LOOPBACK, self._port, limit=_CHUNK_BYTES)

    async def stall(self) -> None:
        """Hold back every byte, in both directions, on current and new connections, until `resume`."""
        self._flowing.clear()

    async def resume(self) -> None:
        """End every fault."""
        self._refusing, self._cut_after = False, None
        self._flowing.set()

    async def cut(self) -> int:
        """Break every open connection; new ones work. Returns how many there were."""
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        return len(links)

    async def cut_after(self, sent_bytes: int) -> None:
        """Break, once, the next connection that has sent this many bytes to the database."""
        self._cut_after = sent_bytes

    async def refuse(self) -> int:
        """Break every connection and refuse new ones until `resume`, like a database that is down."""
        self._refusing = True
        return await self.cut()

    async def connections(self) -> int:
        """How many connections are open."""
        return len(self._links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        if link is None or self._refusing:
            _abort(writer)
            return
        self._links.add(link)
        try:
            await self._link(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError, TimeoutError):
            pass  # one side closed, or a fault was injected: the other side sees a broken connection
        finally:
            self._links.discard(link)
            _abort(writer)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await asyncio.wait_for(self._open(reader, writer), _STARTUP_SECONDS)
        if startup is None:
            return
        await self._flowing.wait()
        server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._backend_port, limit=_CHUNK_BYTES)
        try:
            server_writer.write(startup)
            directions = [
                asyncio.ensure_future(self._pump(reader, server_writer, counted=True)),
                asyncio.ensure_future(self._pump(server_reader, writer, counted=False)),
            ]
            try:
                # When one side closes, the connection is over for both.
                await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
                await _flush(writer)
            finally:
                for direction in directions:
                    direction.cancel()
                await asyncio.gather(*directions, return_exceptions=True)
        finally:
            _abort(server_writer)

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Negotiate TLS; returns the client's startup message, or None if the client was refused."""
        encrypted = False
        while True:
            message = await _startup_message(reader)
            code = struct.unpack("!I", message[4:8])[0]
            if code == _SSL_REQUEST and not encrypted:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._context)
                encrypted = True
            elif code in (_SSL_REQUEST, _GSS_REQUEST):
                writer.write(b"N")
            elif encrypted or code == _CANCEL_REQUEST:
                return message
            else:
                writer.write(_fatal("28000", "no encryption: this database accepts TLS connections only"))
                await writer.drain()
                return None

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, counted: bool) -> None:
        sent = 0
        while chunk := await source.read(_CHUNK_BYTES):
            if not self._flowing.is_set():
                await self._flowing.wait()
            if counted:
                sent += len(chunk)
                if self._cut_after is not None and sent >= self._cut_after:
                    self._cut_after = None
                    return
            target.write(chunk)
            await target.drain()


async def _startup_message(reader: asyncio.StreamReader) -> bytes:
    length_bytes = await reader.readexactly(4)
    length = struct.unpack("!I", length_bytes)[0]
    if not 8 <= length <= _MAX_STARTUP_BYTES:
        raise EOFError("not a PostgreSQL client")
    return length_bytes + await reader.readexactly(length - 4)


def _fatal(code: str, message: str) -> bytes:
    fields = "".join(
        f"{kind}{value}\0" for kind, value in (("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", message))
    )
    body = fields.encode() + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


async def _flush(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await writer.drain()
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), 1)


def _abort(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(Exception):
        writer.transport.abort()


class DatabaseFaults:
    """Injects faults into the proxy, from any process."""

    def __init__(self, control_file: Path) -> None:
        self._control = Control(control_file)

    def stall(self) -> None:
        """Hold back every byte until `resume`."""
        self._control.call("stall")

    def resume(self) -> None:
        """End every fault."""
        self._control.call("resume")

    def cut(self) -> int:
        """Break the open connections; returns how many."""
        return int(self._control.call("cut"))

    def cut_after(self, sent_bytes: int) -> None:
        """Break, once, the next connection that has sent this many bytes."""
        self._control.call("cut_after", sent_bytes=sent_bytes)

    def refuse(self) -> int:
        """Break all connections and refuse new ones until `resume`."""
        return int(self._control.call("refuse"))

    def connections(self) -> int:
        """How many connections are open."""
        return int(self._control.call("connections"))


async def _main(arguments: argparse.Namespace) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(arguments.certificate, arguments.key)
    proxy = PostgresProxy(port=arguments.port, backend_port=arguments.backend_port, context=context)
    commands: dict[str, Callable[..., Any]] = {
        name: getattr(proxy, name) for name in ("stall", "resume", "cut", "cut_after", "refuse", "connections")
    }
    server = await proxy.serve()
    control = await serve_control(arguments.control, commands)
    async with server, control:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--backend-port", type=int, required=True)
    for option in ("--certificate", "--key", "--control"):
        parser.add_argument(option, type=Path, required=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
