"""The command line behind `make tunnel` and `make invite`."""

import argparse
import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from config.checks import ConfigError
from ops.web.invite import invite
from ops.web.tunnel import open_tunnel
from ops.web.web_stack import WebAccessError, find


def main(arguments: list[str] | None = None) -> int:
    """Run one command; whatever a person can mend is one clear line and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (WebAccessError, ConfigError) as error:
        problem = str(error)
    except NoCredentialsError:
        problem = "no AWS credentials in this shell: sign in first (aws sso login)"
    except NoRegionError:
        problem = "no AWS region: REGION=eu-central-1, or set AWS_REGION"
    except ClientError as error:
        problem = f"AWS refused: {error}"
    except BotoCoreError as error:
        problem = str(error)
    except KeyboardInterrupt:
        return 0
    print(f"{options.command}: {problem}", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> int:
    # Here, because a value of the configuration that isn't allowed stops this import.
    from config.environments import LOCAL, choose  # noqa: PLC0415 - see above

    environment = choose(options.env)
    if environment.name == LOCAL.name:
        raise WebAccessError("local is on this machine: make status says where")
    if options.command == "tunnel" and not (options.port.isascii() and options.port.isdigit()):
        raise WebAccessError(f"WEB_PORT must be a port of this machine like 8080, got {options.port!r}")
    # boto3 itself reads AWS_DEFAULT_REGION alone.
    session = boto3.session.Session(region_name=options.region or os.environ.get("AWS_REGION"))
    stack = find(session, project=environment.project, environment=environment.name)
    if options.command == "tunnel":
        return open_tunnel(session, stack, port=int(options.port))
    print(invite(session, stack, email=options.email))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.web", description=__doc__)
    parser.add_argument("--env", required=True)
    parser.add_argument("--region", default="", help="the shell's where not given")
    commands = parser.add_subparsers(dest="command", required=True)
    tunnel = commands.add_parser("tunnel", help="lead a port of this machine to an instance's app")
    tunnel.add_argument("--port", default="8080")
    invited = commands.add_parser("invite", help="let somebody sign in")
    invited.add_argument("--email", default="")
    return parser


if __name__ == "__main__":
    sys.exit(main())
