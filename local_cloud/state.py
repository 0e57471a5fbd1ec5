"""The folder of one local cloud: its files, its lock, and the outputs that other programs read."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .control import write_private
from .errors import LocalCloudError

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a person or a test needs to use a running local cloud; `database_url` is the administrator's."""

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


class StateFolder:
    """Paths below one folder, which the first command creates."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def logs(self) -> Path:
        """The log of each process."""
        return self.root / "logs"

    def log(self, process: str) -> Path:
        """The log of this process."""
        return self.logs / f"{process.replace(' ', '-')}.log"

    @property
    def tls(self) -> Path:
        """The certificates of this local cloud."""
        return self.root / "tls"

    @property
    def emulator(self) -> Path:
        """The emulator's settings and temporary files, and what services tell it."""
        return self.root / "emulator"

    @property
    def temporary(self) -> Path:
        """The emulator's TMPDIR: functions are unpacked here."""
        return self.emulator / "tmp"

    @property
    def capabilities(self) -> Path:
        """Folders of the capabilities' services; a deployment deletes them, so that the services start again."""
        return self.root / "capabilities"

    @property
    def assembly(self) -> Path:
        """The CDK's output."""
        return self.root / "cdk.out"

    @property
    def deployed(self) -> Path:
        """Digests of the last deployment."""
        return self.root / "deployed.json"

    @property
    def outputs(self) -> Path:
        """`Outputs` as JSON."""
        return self.root / "outputs.json"

    @property
    def env(self) -> Path:
        """`Outputs` as shell variables."""
        return self.root / "env.sh"

    @property
    def control(self) -> Path:
        """The address of the supervisor's control port."""
        return self.root / "supervisor.json"

    @property
    def database_proxy_control(self) -> Path:
        """The address of the database proxy's control port."""
        return self.root / "database-proxy.json"

    @property
    def services(self) -> Path:
        """`RunningServices` as JSON; the supervisor writes it once all of them answer."""
        return self.root / "services.json"

    @property
    def processes(self) -> Path:
        """Every process that the supervisor started, so that another process can end them."""
        return self.root / "processes.json"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lets one command at a time change this local cloud; raises LocalCloudError if another is running."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "command.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalCloudError(
                    f"another command is already changing the local cloud in {self.root}: wait until it has finished"
                ) from None
            yield

    def write_outputs(self, outputs: Outputs) -> None:
        """Writes both files, which only their owner may read: they contain secrets."""
        write_private(self.outputs, json.dumps(asdict(outputs), indent=2) + "\n")
        write_private(self.env, outputs.as_shell())

    def read_outputs(self) -> Outputs:
        """Raises LocalCloudError if nothing is running."""
        try:
            return Outputs(**json.loads(self.outputs.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise LocalCloudError(f"no local cloud is running in {self.root}: run `make up` first") from None
