"""The whole local cloud as one object, for the command line and for tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from . import processes, samples, stack_outputs, toolchain
from .control import Control
from .deploy import CdkDeployment, sources_digest
from .digests import own_code_digest
from .emulator.settings import REGION
from .environment import refuse_unless_loopback
from .errors import LocalCloudError
from .faults import Faults
from .logs import last_lines
from .ports import checked_port, free_port
from .postgres import PostgresEndpoint, remove_remains
from .report import Summary
from .stack_outputs import StackOutputs
from .state import CHECKOUT, Outputs, StateFolder
from .supervisor import WEB_APP, RunningServices
from .web.instance import WebApp

START_SECONDS = 90.0
CRASH_SECONDS = 1.0
_POLL_SECONDS = 0.1
_PORT_TAKEN = "address already in use"


class LocalCloud:
    """One instance, in a state folder of its own. `say` gets a line for each step of `up`."""

    def __init__(
        self, state: Path, *, say: Callable[[str], None] = lambda line: None, web_port: str | int | None = None
    ) -> None:
        self.state = StateFolder(state)
        self._say = say
        self._web_port = web_port
        self._supervisor: subprocess.Popen[bytes] | None = None

    def up(self) -> Summary:
        """Bring everything up, or up to date; what is healthy and current stays untouched.

        Raises LocalCloudError with the part that crashed, and its log's last lines, where that is the cause.
        """
        with self.state.lock():
            toolchain.prepare(self._say)
            self._ensure_services()
            try:
                return self._bring_up()
            except (LocalCloudError, BotoCoreError, ClientError, psycopg.Error) as error:
                raise self._explained(error) from error

    def down(self) -> list[str]:
        """Stop everything and delete what it kept; gives back what had crashed before."""
        with self.state.lock():
            crashes = list(self.status()["crashes"].values())
            self._end()
            return crashes

    def status(self) -> dict[str, Any]:
        """The parts that run, and what those that crashed said last."""
        if not self._supervisor_runs():
            return {"running": [], "crashes": self._remains()}
        if not self.state.control.exists():  # it is still starting
            recorded = processes.load(self.state.processes)
            return {"running": [each.name for each in recorded if processes.runs(each)], "crashes": {}}
        try:
            found: dict[str, Any] = Control(self.state.control).call("status")
        except LocalCloudError as error:
            return {
                "running": [],
                "crashes": self._remains() if not self._supervisor_runs() else {"supervisor": str(error)},
            }
        return found

    def outputs(self) -> Outputs:
        """What a user or a test needs to know; raises LocalCloudError where nothing is up."""
        return self.state.read_outputs()

    def services(self) -> RunningServices:
        """Where the running services answer."""
        return RunningServices(**json.loads(self.state.services.read_text(encoding="utf-8")))

    def session(self) -> boto3.session.Session:
        """boto3 as the local account's root; it can reach this machine only."""
        account = self.services().account()
        refuse_unless_loopback(account.endpoint_url)
        return _LocalSession(
            account.endpoint_url, str(account.ca_bundle), account.access_key_id, account.secret_access_key
        )

    @property
    def faults(self) -> Faults:
        """Seams for fault tests."""
        return Faults(self.state, self.session, self.outputs)

    def __enter__(self) -> LocalCloud:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def _bring_up(self) -> Summary:
        deployment = CdkDeployment(self.state, self.services().account(), self._say, self._crashed_services)
        # Taken before the synthesis, so that a file saved meanwhile is seen the next time.
        sources = sources_digest()
        if not deployment.is_current(sources):
            self._deploy(deployment, sources)
        names = stack_outputs.stack_names(self.state.assembly)
        stacks = stack_outputs.read(self.session().client("cloudformation"), names)
        outputs = self._outputs(stacks)
        self.state.write_outputs(outputs)
        if not self.state.web.exists() or WEB_APP not in self.status()["running"]:
            self._say("starting the web app")
            WebApp(self.state, self.services(), stacks, self.session()).start()
        return self._load_samples(outputs, names, deployment)

    def _explained(self, error: Exception) -> LocalCloudError:
        """The crash behind `error`, or where nothing crashed what it says itself."""
        crashes: list[str] = []
        # A connection breaks a moment before its process counts as ended.
        deadline = time.monotonic() + CRASH_SECONDS
        while not crashes and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            crashes = list(self.status()["crashes"].values())
        first_line = next(iter(str(error).strip().splitlines()), type(error).__name__).removesuffix(":")
        if crashes and not any(crash in str(error) for crash in crashes):
            return LocalCloudError("\n".join([*crashes, f"What then failed: {first_line}"]))
        return error if isinstance(error, LocalCloudError) else LocalCloudError(first_line)

    def _crashed_services(self) -> list[str]:
        """What crashed, but for the web app, which is started after every deployment."""
        return [crash for name, crash in self.status()["crashes"].items() if name != WEB_APP]

    def _ensure_services(self) -> None:
        """Start the services, new and empty, unless they run, are whole, and hold a finished deployment."""
        crashes = self.status()["crashes"]
        for crash in crashes.values():
            self._say(crash)
        whole = not crashes.keys() - {WEB_APP} and self._supervisor_runs() and self.state.deployed.exists()
        if whole and self._runs_this_code():
            if self._web_port is not None and not self.services().web_url.endswith(f":{self._web_port}/"):
                raise LocalCloudError(
                    f"this local cloud is up already, its web page at {self.services().web_url}: "
                    "run `make down` first to give it another port"
                )
            return
        if whole:
            self._say("the local cloud's own code or pinned versions changed: stopping its services to start them anew")
        elif processes.load(self.state.processes):
            self._say("clearing away what is left of the last run")
        self._end()
        try:
            self._start_services()
        except LocalCloudError as error:
            # A port was free when it was chosen, and another program took it before the service did.
            if _PORT_TAKEN not in str(error).lower():
                raise
            self._say("another program took a port meanwhile: starting once more, on other ports")
            self._end()
            self._start_services()

    def _runs_this_code(self) -> bool:
        """Whether the services were started from the code and the pinned versions that are in the checkout now."""
        running = json.loads(self.state.services.read_text(encoding="utf-8"))
        return bool(running.get("code") == own_code_digest())

    def _start_services(self) -> None:
        web_port = free_port() if self._web_port is None else checked_port("WEB_PORT", self._web_port)
        self._say("starting PostgreSQL and the emulator")
        shutil.rmtree(self.state.logs, ignore_errors=True)
        self.state.logs.mkdir(parents=True)
        log = self.state.logs / "supervisor.log"
        with log.open("wb") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "local_cloud.supervisor", str(self.state.root), "--web-port", str(web_port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=CHECKOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self.state.services.exists() and self.state.control.exists()):
            if self._supervisor.poll() is not None:
                raise LocalCloudError(f"the services did not start:\n{last_lines(log, count=25)}")
            if time.monotonic() > deadline:
                self._end()
                raise LocalCloudError(f"the services did not start within {START_SECONDS:.0f} s; see {self.state.logs}")
            time.sleep(_POLL_SECONDS)

    def _deploy(self, deployment: CdkDeployment, sources: str) -> None:
        bootstrap = not self.state.deployed.exists()
        with ThreadPoolExecutor() as pool:
            self._say("synthesizing" + (", and bootstrapping the account meanwhile" if bootstrap else ""))
            bootstrapped = pool.submit(deployment.bootstrap) if bootstrap else None
            deployment.synthesize()
            if bootstrapped is not None:
                bootstrapped.result()
        if bootstrap or not deployment.assembly_is_deployed():
            self._say("deploying")
            deployment.deploy()
            shutil.rmtree(self.state.web, ignore_errors=True)
        deployment.remember(sources)
        deployment.prune()

    def _outputs(self, stacks: StackOutputs) -> Outputs:
        services = self.services()
        return Outputs(
            aws_endpoint_url=services.endpoint_url,
            aws_region=REGION,
            aws_ca_bundle=services.ca_bundle,
            aws_access_key_id=services.access_key_id,
            aws_secret_access_key=services.secret_access_key,
            landing_bucket=stacks.landing_bucket_name,
            incoming_prefix=stacks.incoming_prefix,
            queue_url=stacks.queue_url,
            dead_letter_queue_url=stacks.dead_letter_queue_url,
            database_url=self._database_url(stacks),
            web_url=services.web_url,
            function_name=stacks.function_name,
            event_source_id=stacks.event_source_id,
        )

    def _database_url(self, stacks: StackOutputs) -> str:
        """The master user's, whose password is in the secret that RDS would manage."""
        instances = self.session().client("rds").describe_db_instances(DBInstanceIdentifier=stacks.database_identifier)
        instance = instances["DBInstances"][0]
        secret = (
            self.session()
            .client("secretsmanager")
            .get_secret_value(SecretId=f"rds!{instance['DbiResourceId'].lower()}")
        )
        login = json.loads(secret["SecretString"])
        server = PostgresEndpoint(
            host=instance["Endpoint"]["Address"],
            port=instance["Endpoint"]["Port"],
            ca_bundle=Path(self.services().ca_bundle),
            superuser="",
            superuser_password="",
        )
        return server.url(user=login["username"], password=login["password"], database=stacks.database_name)

    def _load_samples(self, outputs: Outputs, names: list[str], deployment: CdkDeployment) -> Summary:
        s3 = self.session().client("s3")
        self._say("loading the sample files")
        keys = samples.put_samples(s3, outputs.landing_bucket, outputs.incoming_prefix)
        try:
            files = samples.wait_until_loaded(outputs.database_url, keys)
        except LocalCloudError as error:
            raise LocalCloudError(f"{error}\nIts log ends:\n{self._function_log(outputs.function_name)}") from None
        return Summary(
            stacks=names,
            recorded_only=deployment.recorded_only(),
            files=files,
            rejects=samples.rejects(outputs.database_url, keys),
            outputs=outputs,
        )

    def _function_log(self, function: str, *, count: int = 15) -> str:
        logs = self.session().client("logs")
        configuration = self.session().client("lambda").get_function_configuration(FunctionName=function)
        events = logs.filter_log_events(logGroupName=configuration["LoggingConfig"]["LogGroup"])["events"]
        return "\n".join(f"  {event['message'].rstrip()}" for event in events[-count:]) or "  (nothing)"

    def _supervisor_runs(self) -> bool:
        recorded = processes.load(self.state.processes)
        return bool(recorded) and processes.runs(recorded[0])

    def _remains(self) -> dict[str, str]:
        """A supervisor that is gone without having cleared its record was killed."""
        if not processes.load(self.state.processes):
            return {}
        log = self.state.logs / "supervisor.log"
        return {"supervisor": f"the supervisor ended without stopping the rest; its log {log} ends:\n{last_lines(log)}"}

    def _end(self) -> None:
        """Ask the supervisor, then make sure: whatever it had started is gone afterwards."""
        recorded = processes.load(self.state.processes)
        if recorded:
            processes.end(recorded[0], grace_seconds=30)
            # The supervisor may have started more meanwhile, or ended all of them and cleared its record.
            for each in reversed(processes.load(self.state.processes) or recorded):
                processes.end(each)
        if self._supervisor is not None:
            self._supervisor.wait()
            self._supervisor = None
        for path in (self.state.control, self.state.services, self.state.processes, self.state.deployed,
                     self.state.outputs, self.state.env, self.state.database_proxy_control):  # fmt: skip
            path.unlink(missing_ok=True)
        remove_remains(self.state.root)
        for folder in (self.state.emulator, self.state.web):
            shutil.rmtree(folder, ignore_errors=True)


class _LocalSession(boto3.session.Session):
    """A session whose clients know the local endpoint and its authority."""

    def __init__(self, endpoint_url: str, ca_bundle: str, access_key_id: str, secret_access_key: str) -> None:
        nowhere = (None, None, os.devnull, None)
        super().__init__(
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            region_name=REGION,
            botocore_session=botocore.session.Session(
                # No profile, and no file to find one in, whatever the user's environment names.
                session_vars={"profile": (None,) * 4, "config_file": nowhere, "credentials_file": nowhere}
            ),
        )
        self._where = {"endpoint_url": endpoint_url, "verify": ca_bundle}

    def client(self, *arguments: Any, **named: Any) -> Any:
        return super().client(*arguments, **{**self._where, **named})
