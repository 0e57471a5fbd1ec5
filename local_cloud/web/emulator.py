"""The parts of the emulator that the web app needs: its load balancer, uploads from browsers, and instance metadata."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ministack.services import imds, ssm, sts

from ..emulator.listener import Application, Listener, Scope, Send, answer
from ..emulator.patches import expect, expect_parameters
from ..emulator.settings import ACCOUNT, settings
from ..ports import LOOPBACK
from .instance_identity import InstanceIdentity
from .ports import METADATA, PAGE, UPLOAD

_METADATA_PATHS = "/latest/"


def patch() -> None:
    """Apply the patches; raises PatchError if one does not fit."""
    os.environ["MINISTACK_IMDS_V2_REQUIRED"] = "1"
    _instance_metadata()
    _public_images()


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
    if scope["path"].startswith(_METADATA_PATHS):
        await application(scope, receive, send)
    else:
        await answer(send, 404, "only the instance metadata service answers here")


async def _upload(application: Application, scope: Scope, receive: Any, send: Send) -> None:
    """Takes forms with a file, and the browser's preflight requests.

    The bucket's policy refuses plain HTTP, and a browser would refuse a certificate of the local authority: so the
    request enters the emulator as one that came over TLS.
    """
    if scope["method"] in ("OPTIONS", "POST"):
        await application({**scope, "scheme": "https"}, receive, send)
    else:
        await answer(send, 404, "only uploads are accepted here")


async def _load_balancer(application: Application, scope: Scope, receive: Any, send: Send) -> None:
    """Sends every path to the web app's load balancer.

    The emulator recognizes the load balancer by the beginning of the path, which it removes. So the app gets the host
    name that the client called, as on AWS, and no path leads to the emulator's own pages, such as /health. By other
    host names the emulator would recognize other services.
    """
    instance = _instance()
    if instance is None:
        await answer(send, 503, "the web stack is not deployed yet")
    elif not _is_own_machine(scope):
        await answer(send, 421, "open this page at http://localhost")
    else:
        beginning = f"/_alb/{instance.load_balancer_name}"
        path, raw_path = beginning + scope["path"], beginning.encode() + scope["raw_path"]
        await application({**scope, "path": path, "raw_path": raw_path}, receive, send)


def _is_own_machine(scope: Scope) -> bool:
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and hosts[0].rpartition(":")[0] in ("localhost", LOOPBACK)


def _instance() -> InstanceIdentity | None:
    return InstanceIdentity.read(Path(settings().folder))


LISTENERS: dict[str, Listener] = {PAGE: _load_balancer, UPLOAD: _upload, METADATA: _metadata}
