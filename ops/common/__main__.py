"""The command line behind `make inspect`, `redrive`, `replay`, `reconcile` and `reprocess`."""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from config.checks import ConfigError
from local_cloud.errors import LocalCloudError
from ops.common.deployment import Deployment, find
from ops.common.errors import OperationsError
from ops.ingestion import redrive, replay, reprocess
from ops.operations import inspect_file, reconcile

REQUIRED = {
    "inspect": {"key": "make inspect KEY=incoming/orders.csv"},
    "reprocess": {"key": "make reprocess KEY=incoming/orders.csv"},
    "replay": {"from": "make replay FROM=2026-11-20T10:00Z TO=2026-11-20T12:00Z"},
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; whatever a person can mend is one clear line and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        for name, example in REQUIRED.get(options.command, {}).items():
            if not getattr(options, name):
                raise OperationsError(f"{name.upper()} is missing: {example}")
        return _run(options, find(options.env or None, options.region or None))
    except (OperationsError, LocalCloudError, ConfigError) as error:
        problem = str(error)
    except NoCredentialsError:
        problem = "no AWS credentials in this shell: sign in (aws sso login), or ENV=local for the local cloud"
    except NoRegionError:
        problem = "no AWS region: REGION=eu-central-1, or set AWS_DEFAULT_REGION"
    except EndpointConnectionError as error:
        problem = f"{error}: is the network there? The local cloud is brought up by `make up`"
    except ClientError as error:
        problem = f"AWS refused: {error} (docs/runbook/README.md lists the permissions that each command needs)"
    except BotoCoreError as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = "interrupted; what was started in AWS goes on"
    print(f"{options.command}: {problem}", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace, deployment: Deployment) -> int:
    match options.command:
        case "inspect":
            return inspect_file.run(deployment, key=options.key)
        case "redrive":
            return redrive.run(deployment)
        case "replay":
            return replay.run(deployment, start=getattr(options, "from"), end=options.to)
        case "reconcile":
            return reconcile.run(deployment, yes=options.yes)
        case _:
            return reprocess.run(deployment, key=options.key, version_id=options.version, yes=options.yes)


def _parser() -> argparse.ArgumentParser:
    """Values may be empty, as a make variable that nobody gave is."""
    parser = argparse.ArgumentParser(prog="python -m ops.common", description=__doc__)
    parser.add_argument("--env", default="", help="the environment; the shell's local cloud, or dev, where not given")
    parser.add_argument("--region", default="", help="the AWS region; the shell's where not given")
    commands = parser.add_subparsers(dest="command", required=True)
    inspected = commands.add_parser("inspect", help="what happened to a file")
    commands.add_parser("redrive", help="bring back what failed")
    replayed = commands.add_parser("replay", help="send the events of a time span again")
    reconciled = commands.add_parser("reconcile", help="find files whose events were lost")
    reprocessed = commands.add_parser("reprocess", help="load a file again")
    for command in (inspected, reprocessed):
        command.add_argument("--key", default="")
    reprocessed.add_argument("--version", default="", help="the newest where not given")
    for command in (reconciled, reprocessed):
        command.add_argument("--yes", action="store_true", help="don't ask")
    replayed.add_argument("--from", default="", help="like 2026-11-20T10:00Z")
    replayed.add_argument("--to", default="", help="now where not given")
    return parser


if __name__ == "__main__":
    sys.exit(main())
