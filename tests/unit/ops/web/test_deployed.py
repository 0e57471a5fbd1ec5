"""The web commands find the pages by the outputs of the web stack."""

from __future__ import annotations

import pytest

from config.environments import DEV
from ops.common.errors import CommandError
from ops.web.__main__ import main
from ops.web.deployed import find
from tests.support.ops.stubs import Stubs
from tests.support.web.deployed import GROUP, POOL, PUBLIC_URL, SHELL_DOCUMENT, TUNNEL_DOCUMENT, public


def test_the_pages_are_found_by_the_outputs_of_their_stack(aws: Stubs) -> None:
    outputs = {
        "Url": PUBLIC_URL,
        "TargetGroupArn": GROUP,
        "UserPoolId": POOL,
        "ShellDocument": SHELL_DOCUMENT,
        "TunnelDocument": TUNNEL_DOCUMENT,
    }
    aws.stack_has(f"{DEV.project}-dev-web", outputs)
    assert find(aws.environment()) == public(aws)


def test_the_local_cloud_needs_neither_tunnel_nor_invitation(aws: Stubs) -> None:
    with pytest.raises(CommandError, match="on this machine"):
        find(aws.environment(is_local=True))


@pytest.mark.usefixtures("bare_shell")
def test_a_port_that_is_no_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--env", "dev", "tunnel", "--port", "http"]) == 1
    assert capsys.readouterr().err.startswith("tunnel: WEB_PORT must be a port number")
