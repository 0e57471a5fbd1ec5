"""One instance's folder: what is where, who may use it at a time, and what it tells others."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .control import write_private
from .errors import LocalCloudError

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a user or a test needs to know of a running local cloud; `database_url` is an administrator's."""

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
    web_url: str
    function_name: str
    event_source_id: str

    def as_shell(self) -> str:
        """The same as shell variables, for `source`."""
        # A profile of the user's own would come before these keys, and the AWS CLI reads another name for the region.
        lines = ["unset AWS_PROFILE AWS_SESSION_TOKEN", f"export AWS_DEFAULT_REGION={shlex.quote(self.aws_region)}"]
        lines += [f"export {name.upper()}={shlex.quote(value)}" for name, value in asdict(self).items()]
        return "\n".join(lines) + "\n"


class StateFolder:
    """Paths below one folder; the folder is made when first needed."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def logs(self) -> Path:
        """Every part's log."""
        return self.root / "logs"

    @property
    def tls(self) -> Path:
        """This instance's certificates."""
        return self.root / "tls"

    @property
    def emulator(self) -> Path:
        """The emulator's settings and temporary files."""
        return self.root / "emulator"

    @property
    def temporary(self) -> Path:
        """The emulator's TMPDIR: functions are unpacked here."""
        return self.emulator / "tmp"

    @property
    def instance_file(self) -> Path:
        """Tells the emulator of the web instance."""
        return self.emulator / "instance.json"

    @property
    def web(self) -> Path:
        """The web instance's root folder."""
        return self.root / "web"

    @property
    def assembly(self) -> Path:
        """The CDK's output."""
        return self.root / "cdk.out"

    @property
    def deployed(self) -> Path:
        """Digests of what was deployed last."""
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
        """How to reach the supervisor."""
        return self.root / "supervisor.json"

    @property
    def database_proxy_control(self) -> Path:
        """How to reach the proxy before the database."""
        return self.root / "database-proxy.json"

    @property
    def services(self) -> Path:
        """Where the running services answer: written by the supervisor when all of them do."""
        return self.root / "services.json"

    @property
    def processes(self) -> Path:
        """Every process that was started, for the one who must end them."""
        return self.root / "processes.json"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Only one command at a time changes this instance; raises LocalCloudError where another does."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "command.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalCloudError(
                    f"another command is already changing the local cloud in {self.root}: wait until it is done"
                ) from None
            yield

    def write_outputs(self, outputs: Outputs) -> None:
        """Both files hold secrets: only their owner may read them."""
        write_private(self.outputs, json.dumps(asdict(outputs), indent=2) + "\n")
        write_private(self.env, outputs.as_shell())

    def read_outputs(self) -> Outputs:
        """Raises LocalCloudError where nothing was brought up."""
        try:
            return Outputs(**json.loads(self.outputs.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise LocalCloudError(f"no local cloud is up in {self.root}: run `make up` first") from None
