"""The command line of `make tunnel`, `make shell` and `make invite`."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ops.common.command_line import CommandLine
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.web.deployed import find
from ops.web.invite import invite
from ops.web.shell import open_shell
from ops.web.tunnel import open_tunnel

DEFAULT_PORT = "8080"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    command_line = CommandLine("web")
    tunneling = command_line.add("tunnel", _tunnel, "forward a port of this machine to the web app on an instance")
    tunneling.add_argument("--port", default="", help=f"default: {DEFAULT_PORT}")
    opening = command_line.add("shell", _shell, "open a shell on an instance; everything that it shows is logged")
    opening.add_argument("--instance", default="", help="default: a healthy one")
    inviting = command_line.add("invite", _invite, "let a person sign in")
    inviting.add_argument("--email", default="")
    return command_line.run(arguments)


def _tunnel(environment: DeployedEnvironment, options: Namespace) -> int:
    port = options.port or DEFAULT_PORT
    if not (port.isascii() and port.isdigit()):
        raise CommandError(f"WEB_PORT must be a port number, for example 8080, got {port!r}")
    return open_tunnel(find(environment), port=int(port))


def _shell(environment: DeployedEnvironment, options: Namespace) -> int:
    return open_shell(find(environment), instance=options.instance)


def _invite(environment: DeployedEnvironment, options: Namespace) -> int:
    show(invite(find(environment), email=options.email))
    return 0


if __name__ == "__main__":
    sys.exit(main())
