"""A stand-in for CloudFormation that receives the responses of custom resources."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

MAX_RESPONSE_BYTES = 4096


class CloudFormation:
    """Accepts responses at a signed address; refuses the first `failures` with `failure`."""

    def __init__(self) -> None:
        self.responses: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sizes: list[int] = []
        self.attempts = self.failures = 0
        self.failure = 503
        outer = self

        class Receiver(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                outer.attempts += 1
                if outer.failures:
                    outer.failures -= 1
                    self.send_error(outer.failure)
                    return
                outer.sizes.append(len(content))
                outer.responses.append(json.loads(content))
                outer.headers.append(dict(self.headers))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Receiver)
        self.address = f"http://127.0.0.1:{self.server.server_port}/signed?by=cloudformation"

    def request(self, kind: str, **more: Any) -> dict[str, Any]:
        """A request with names as long as AWS allows."""
        names = {"StackId": "arn:" + "s" * 200, "RequestId": "r" * 36, "LogicalResourceId": "Resource"}
        return {"RequestType": kind, "ResponseURL": self.address, **names, **more}


@contextmanager
def running() -> Iterator[CloudFormation]:
    """The stand-in, while it listens."""
    received = CloudFormation()
    thread = threading.Thread(target=received.server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield received
    finally:
        received.server.shutdown()
        received.server.server_close()
        thread.join()
