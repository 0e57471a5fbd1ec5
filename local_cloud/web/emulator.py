"""The parts of the emulator that the web app needs: its load balancer, uploads from browsers, and instance metadata."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack.services import alb, imds, ssm, sts

from ..emulator.listener import Application, Listener, Scope, Send, answer, body_of, headers_of
from ..emulator.patches import expect, expect_parameters
from ..emulator.settings import ACCOUNT, settings
from .instance_identity import InstanceIdentity
from .ports import METADATA, PAGE, UPLOAD

_METADATA_PATHS = "/latest/"
_FORM_HEADERS = frozenset(
    {
        b"access-control-request-headers",
        b"access-control-request-method",
        b"content-length",
        b"content-type",
        b"host",
        b"origin",
        b"transfer-encoding",
    }
)


def patch() -> None:
    """Apply the patches; raises PatchError if one does not fit."""
    os.environ["MINISTACK_IMDS_V2_REQUIRED"] = "1"
    _instance_metadata()
    _public_images()
    expect_parameters(alb._find_lb_by_name, "name")
    expect_parameters(alb.dispatch_request, "lb", "client_ip", "raw_query_string", "raw_path")


def _instance_metadata() -> None:
    """Let the metadata service hand out the instance's role, with credentials that the API accepts."""
    expect_parameters(imds._credentials_doc)
    expect(isinstance(imds._DEFAULT_ROLE, str), "the metadata service's role")
    expect_parameters(sts.register_session, "access_key")
    original_document, original_request = imds._credentials_doc, imds.handle_request

    def credentials() -> dict[str, Any]:
        document: dict[str, Any] = original_document()
        instance = _instance()
        if instance is not None:
            session = imds._INSTANCE_ID
            sts.register_session(
                document["AccessKeyId"],
                {
                    "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{instance.role_name}/{session}",
                    "UserId": f"{instance.role_name}:{session}",
                    "SecretAccessKey": document["SecretAccessKey"],
                    "SessionToken": document["Token"],
                },
            )
        return document

    async def handle(*request: Any) -> Any:
        instance = _instance()
        if instance is not None:
            imds._DEFAULT_ROLE = instance.role_name
        return await original_request(*request)

    imds._credentials_doc = credentials
    imds.handle_request = handle


def _public_images() -> None:
    """Add the Amazon Linux images of the kernels and architectures that launch templates name."""
    images = ssm._PUBLIC_AMI_PARAMETERS
    some_image = next(iter(images.values()))
    for kernel in ("default", "6.1", "6.12"):
        for architecture in ("x86_64", "arm64"):
            name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-{kernel}-{architecture}"
            images.setdefault(name, some_image)


async def _metadata(application: Application, scope: Scope, receive: Any, send: Send) -> None:
    """Passes the request to the metadata service itself, so that no other path of the emulator answers here."""
    if scope["path"].startswith(_METADATA_PATHS):
        await _respond(send, await imds.handle_request(scope["method"], scope["path"], headers_of(scope), b"", {}))
    else:
        await answer(send, 404, "only the instance metadata service answers here")


async def _upload(application: Application, scope: Scope, receive: Any, send: Send) -> None:
    """Takes forms with a file for the landing bucket, and the browser's preflight requests for them.

    The bucket's policy refuses plain HTTP, and a browser would refuse a certificate of the local authority: so the
    request enters the emulator as one that came over TLS. Only the headers of a form enter with it, because others
    could address another service.
    """
    instance = _instance()
    if instance is None or scope["path"] != f"/{instance.landing_bucket_name}" or scope["query_string"]:
        await answer(send, 404, "only uploads are accepted here")
        return
    headers = [(name, value) for name, value in scope["headers"] if name.lower() in _FORM_HEADERS]
    await application({**scope, "headers": headers, "scheme": "https"}, receive, send)


async def _load_balancer(application: Application, scope: Scope, receive: Any, send: Send) -> None:
    """Passes the request to the web app's load balancer itself, whatever its path.

    The emulator's front door would answer paths of its own first, such as its health page.
    """
    instance = _instance()
    found = alb._find_lb_by_name(instance.load_balancer_name) if instance is not None else None
    if found is None:
        await answer(send, 503, "the web stack is not deployed yet")
        return
    body = await body_of(receive)
    if body is None:
        return
    query = scope["query_string"].decode("latin-1")
    response = await alb.dispatch_request(
        found,
        scope["method"],
        scope["path"],
        headers_of(scope),
        body,
        parse_qs(query, keep_blank_values=True),
        client_ip=scope["client"][0],
        raw_query_string=query,
        raw_path=scope["raw_path"].decode("ascii"),
    )
    await _respond(send, response, receive)


async def _respond(send: Send, response: tuple[int, dict[str, str], Any], receive: Any = None) -> None:
    """Send a response of one of the emulator's handlers."""
    from ministack import app  # noqa: PLC0415 - reads its settings from the environment as it is imported

    await app._send_if_handled(send, response, receive)


def _instance() -> InstanceIdentity | None:
    return InstanceIdentity.read(Path(settings().folder))


LISTENERS = {
    # Every method that a page may use: the app itself refuses those that it does not know, as behind a real one.
    PAGE: Listener(
        methods=frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}), handle=_load_balancer
    ),
    UPLOAD: Listener(methods=frozenset({"OPTIONS", "POST"}), handle=_upload),
    METADATA: Listener(methods=frozenset({"GET", "PUT"}), handle=_metadata),
}
