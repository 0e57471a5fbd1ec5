"""The folder of one local cloud: its files, its lock, and the outputs that other programs read."""

from __future__ import annotations

import contextlib
import fcntl
import json
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .control import write_private
from .errors import LocalCloudError
from .ports import free_port

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The values that people and tests need for a running local cloud. `database_url` is for the administrator."""

    aws_endpoint_url: str
    aws_region: str
    aws_ca_bundle: str
    aws_access_key_id: str
    aws_secret_access_key: str
    landing_bucket: str
    incoming_prefix: str
    queue_url: str
    dead_letter_queue_url: str
    database_url: str
    function_name: str
    event_source_id: str
    variables: dict[str, str] = field(default_factory=dict)  # of the capabilities' services

    def as_shell(self) -> str:
        """The same as shell variables, for `source`."""
        own = {name.upper(): value for name, value in asdict(self).items() if name != "variables"}
        # The AWS CLI reads AWS_DEFAULT_REGION, and would prefer the user's profile to these keys.
        exported = {"AWS_DEFAULT_REGION": self.aws_region, **own, **self.variables}
        lines = ["unset AWS_PROFILE AWS_SESSION_TOKEN"]
        # Otherwise the user's proxy would get the calls to this machine.
        lines += [f'export {name}="${{{name}:+${name},}}127.0.0.1,localhost"' for name in ("NO_PROXY", "no_proxy")]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in exported.items()]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What programs and deployed resources know of a local cloud, so that it stays the same from run to run."""

    api_port: int
    access_key_id: str
    secret_access_key: str
    service_ports: dict[str, int] = field(default_factory=dict)  # those of the last run, by name


class StateFolder:
    """Paths below one folder, which the first command creates.

    What `kept_folders` and `kept_files` name stays over `make down` and crashes; the rest belongs to one run.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.assembly = self.root / "cdk.out"  # the CDK's output
        self.emulator = self.root / "emulator"  # its settings and temporary files, and what services write for it
        self.objects = self.root / "objects"  # the objects of all buckets, with their versions
        self.resources = self.root / "resources"  # everything else that the emulator keeps: stacks, queues, functions
        self.identity = self.root / "identity.json"  # ports and keys, which stay the same from run to run
        self.temporary = self.emulator / "tmp"  # the emulator's TMPDIR: functions are unpacked here
        # Folders of the capabilities' services. A deployment deletes them, so that the services start again.
        self.capabilities = self.root / "capabilities"
        self.deployed = self.root / "deployed.json"  # what the last deployment was made from, and its stacks
        self.outputs = self.root / "outputs.json"  # `Outputs` as JSON
        self.env = self.root / "env.sh"  # `Outputs` as shell variables
        self.control = self.root / "supervisor.json"  # the address of the supervisor's control port
        self.database_proxy_control = self.root / "database-proxy.json"  # that of the database proxy
        self.services = self.root / "services.json"  # `RunningServices`; written once all of them answer
        self.processes = self.root / "processes.json"  # those of the supervisor, so that another process can end them

    @property
    def kept_folders(self) -> list[Path]:
        """What stays until `make reset`, apart from PostgreSQL's data if that is elsewhere."""
        return [self.objects, self.resources, self.root / "postgres"]

    @property
    def kept_files(self) -> list[Path]:
        """The files that describe what is kept."""
        return [self.identity, self.deployed]

    def log(self, process: str) -> Path:
        """The log of this process."""
        return self.logs / f"{process.replace(' ', '-')}.log"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Let one command at a time change this local cloud; raises LocalCloudError if another is running."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "command.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalCloudError(
                    f"another command is already changing the local cloud in {self.root}: wait until it has finished"
                ) from None
            yield

    def read_identity(self) -> Identity | None:
        """None before the first start."""
        try:
            return Identity(**json.loads(self.identity.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def keep_identity(self, service_ports: dict[str, int]) -> Identity:
        """The identity, with these ports from now on; a new one at the first start."""
        identity = self.read_identity() or Identity(
            api_port=free_port(),
            access_key_id=f"LOCALCLOUD{secrets.token_hex(5).upper()}",
            secret_access_key=secrets.token_urlsafe(30),
        )
        identity = replace(identity, service_ports=service_ports)
        write_private(self.identity, json.dumps(asdict(identity)))
        return identity

    def write_outputs(self, outputs: Outputs) -> None:
        """Write both files. Only their owner may read them, because they contain secrets."""
        write_private(self.outputs, json.dumps(asdict(outputs), indent=2) + "\n")
        write_private(self.env, outputs.as_shell())

    def read_outputs(self) -> Outputs:
        """Read what `write_outputs` wrote; raises LocalCloudError if nothing is running."""
        try:
            return Outputs(**json.loads(self.outputs.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise LocalCloudError(f"no local cloud is running in {self.root}: run `make up` first") from None
