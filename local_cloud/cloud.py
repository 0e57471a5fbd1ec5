"""The whole local cloud as one object, for the command line and for tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
import botocore.session
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from . import contents, processes, samples, stack_outputs, toolchain
from .control import Control
from .deploy import CdkDeployment, sources_digest
from .digests import own_code_digest
from .emulator.settings import REGION
from .environment import Account
from .errors import LocalCloudError
from .faults import Faults
from .logs import last_lines, visible
from .ports import choose_ports, port_variable
from .postgres import PostgresEndpoint, remove_data
from .report import Summary
from .service import LocalService, ServiceContext, local_services
from .stack_outputs import CoreOutputs
from .state import CHECKOUT, Outputs, StateFolder
from .supervisor import CORE, RunningServices

START_SECONDS = 90.0
CRASH_SECONDS = 1.0
_POLL_SECONDS = 0.1
_PORT_TAKEN = "address already in use"


class LocalCloud:
    """One instance, in its own state folder.

    `say` receives a line for each step of `up`; `variables` may choose the ports of services, such as `<SERVICE>_PORT`.
    """

    def __init__(
        self,
        state: Path,
        *,
        say: Callable[[str], None] = lambda line: None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.state = StateFolder(state)
        self._say = say
        self._variables = variables
        self._services = local_services()
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._restarts_before = 0

    def up(self) -> Summary:
        """Start everything, or bring it up to date. What is healthy and current keeps running.

        Raises LocalCloudError; if a process crashed, with its name and the last lines of its log.
        """
        with self.state.lock():
            toolchain.prepare(self._say)
            self._ensure_core()
            self._restarts_before = len(self.status()["restarts"])
            try:
                return self._bring_up()
            except (LocalCloudError, BotoCoreError, ClientError, psycopg.Error) as error:
                raise self._explained(error) from error

    def down(self) -> list[str]:
        """Stop everything, and keep its data; returns the crashes before that."""
        with self.state.lock():
            crashes = list(self.status()["crashes"].values())
            self._end()
            return crashes

    def reset(self) -> None:
        """Stop everything, and delete its data."""
        with self.state.lock():
            self._end()
            self._delete_data()

    def status(self) -> dict[str, Any]:
        """The processes that run, and the last log lines of those that crashed: they stay down, or were restarted."""
        if not self._supervisor_runs():
            return {"running": [], "crashes": self._supervisor_crash(), "restarts": []}
        if not self.state.control.exists():  # it is still starting
            recorded = processes.load(self.state.processes)
            running = [each.name for each in recorded if processes.runs(each)]
            return {"running": running, "crashes": {}, "restarts": []}
        try:
            found: dict[str, Any] = Control(self.state.control).call("status")
        except LocalCloudError as error:
            return {
                "running": [],
                "crashes": self._supervisor_crash() if not self._supervisor_runs() else {"supervisor": str(error)},
                "restarts": [],
            }
        return found

    def outputs(self) -> Outputs:
        """The outputs for people and tests. Raises LocalCloudError if the local cloud is not running."""
        return self.state.read_outputs()

    def services(self) -> RunningServices:
        """The addresses of the running processes."""
        return RunningServices(**json.loads(self.state.services.read_text(encoding="utf-8")))

    def session(self) -> boto3.session.Session:
        """boto3 as the root user of the local account; it can reach this machine only."""
        return _LocalSession(self.services())

    def described(self) -> list[str]:
        """Addresses, numbers of rows, and whether the deployment is unfinished, of a local cloud that runs."""
        core, running = self.services(), self.status()["running"]
        lines = [f"AWS: {core.endpoint_url}, for shells after `source {self.state.env}`"]
        for service in self._services.values():
            if service.process in running:
                lines += service.report(core.ports)
        try:
            deployment = CdkDeployment(self.state, core, self._say, list)
            changed_at = stack_outputs.changed_at(self.session().client("cloudformation"))
            if not deployment.has_left(changed_at) or not self.state.outputs.exists():
                return [*lines, "The deployment is unfinished: `make up` finishes it."]
            counts = contents.rows(self.outputs().database_url)
        except (BotoCoreError, ClientError, psycopg.Error) as error:
            return [*lines, f"What it contains is unknown: {' '.join(str(error).split())}"]
        return [*lines, f"Rows: {', '.join(f'{count:,} {table}' for table, count in counts.items())}"]

    @property
    def faults(self) -> Faults:
        """Fault injection for tests."""
        return Faults(self.state, self.session, self.outputs)

    def _bring_up(self) -> Summary:
        core = self.services()
        crashes = partial(self._crashes_since_start, core_only=True)
        deployment = CdkDeployment(self.state, core, self._say, crashes)
        cloudformation = self.session().client("cloudformation")
        if deployment.was_done() and not deployment.has_left(stack_outputs.changed_at(cloudformation)):
            self._say("the stacks are not those of the last `make up`: deploying them again")
            deployment.forget()
        # Taken before the synthesis, so that the next run notices a file that is saved during it.
        sources = sources_digest()
        if not deployment.is_current(sources):
            self._deploy(deployment, sources, cloudformation)
        names = stack_outputs.stack_names(self.state.assembly)
        found = stack_outputs.read(cloudformation, names)
        deployed = {
            capability: service
            for capability, service in self._services.items()
            if stack_outputs.has_stack_of(capability, names)
        }
        outputs = self._outputs(found, deployed)
        self.state.write_outputs(outputs)
        context = ServiceContext(state=self.state, core=core, session=self.session(), outputs=found)
        for capability, service in deployed.items():
            self._ensure_service(capability, service, context)
        files, rejects = self._load_samples(outputs)
        return Summary(
            stacks=names,
            recorded_only=deployment.recorded_only(),
            files=files,
            rejects=rejects,
            services=[line for service in deployed.values() for line in service.report(core.ports)],
        )

    def _ensure_service(self, capability: str, service: LocalService, context: ServiceContext) -> None:
        """Start a capability's service, unless it runs and has started since the last deployment."""
        started = self.state.capabilities / f"{capability}.started"
        if not started.exists() or service.process not in self.status()["running"]:
            self._say(f"starting the {service.process}")
            started.parent.mkdir(exist_ok=True)
            started.unlink(missing_ok=True)
            service.start(context)
            started.touch()

    def _explained(self, error: Exception) -> LocalCloudError:
        """The crash that caused `error`, or the error's own message if nothing crashed."""
        crashes: list[str] = []
        # A connection breaks a moment before the process that broke it counts as ended.
        deadline = time.monotonic() + CRASH_SECONDS
        while not crashes and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            crashes = self._crashes_since_start()
        first_line = next(iter(str(error).strip().splitlines()), type(error).__name__).removesuffix(":")
        if crashes and not any(crash in str(error) for crash in crashes):
            return LocalCloudError("\n".join([*crashes, f"After that, this failed: {first_line}"]))
        return error if isinstance(error, LocalCloudError) else LocalCloudError(first_line)

    def _crashes_since_start(self, *, core_only: bool = False) -> list[str]:
        """The crashes since `up` started to use the core, those after which the process was restarted included."""
        found = self.status()
        crashes = [
            *found["crashes"].items(),
            *((each["name"], each["message"]) for each in found["restarts"][self._restarts_before :]),
        ]
        return [message for name, message in crashes if not core_only or name in CORE | {"supervisor"}]

    def _ensure_core(self) -> None:
        """Start the core on the data of the last run, unless it runs without crashes."""
        found = self.status()
        for crash in found["crashes"].values():
            self._say(crash)
        core_crashed = bool(found["crashes"].keys() & (CORE | {"supervisor"}))
        healthy = not core_crashed and self._supervisor_runs() and self.state.services.exists()
        if healthy and self._runs_this_code():
            self._refuse_other_ports()
            return
        if healthy:
            self._say("the local cloud's own code or pinned versions changed: restarting everything, with its data")
        elif processes.load(self.state.processes):
            self._say("stopping what is left of the last run; its data stays")
        self._end()
        is_new = self.state.read_identity() is None
        try:
            self._start_core()
        except LocalCloudError as error:
            # Another program took a port after it was chosen and before it was used.
            if _PORT_TAKEN not in str(error).lower() or not is_new:
                raise
            self._say("another program took a port: starting once more, on other ports")
            self._end()
            self._delete_data()
            self._start_core()

    def _refuse_other_ports(self) -> None:
        for name, port in self.services().ports.items():
            if self._variables.get(port_variable(name), str(port)) not in ("", str(port)):
                raise LocalCloudError(
                    f"this local cloud is already running with {port_variable(name)}={port}: "
                    "run `make down` first to change the port"
                )

    def _runs_this_code(self) -> bool:
        """Whether the core was started from the code and the pinned versions that are now in the checkout."""
        running = json.loads(self.state.services.read_text(encoding="utf-8"))  # former code may have had other fields
        return bool(running.get("code") == own_code_digest())

    def _start_core(self) -> None:
        names = [name for service in self._services.values() for name in service.ports]
        former = self.state.read_identity()
        ports = choose_ports(names, self._variables, former.service_ports if former else {})
        self._say("starting PostgreSQL and the emulator" + (" on the data of the last run" if former else ""))
        shutil.rmtree(self.state.logs, ignore_errors=True)
        log = self.state.log("supervisor")
        command = [sys.executable, "-m", "local_cloud.supervisor", str(self.state.root), "--ports", json.dumps(ports)]
        self._supervisor = processes.launch(command, log, cwd=CHECKOUT)
        deadline = time.monotonic() + START_SECONDS
        while not (self.state.services.exists() and self.state.control.exists()):
            if self._supervisor.poll() is not None:
                raise LocalCloudError(f"PostgreSQL or the emulator did not start:\n{last_lines(log, count=25)}")
            if time.monotonic() > deadline:
                self._end()
                raise LocalCloudError(
                    f"PostgreSQL or the emulator did not start within {START_SECONDS:.0f} s; see {self.state.logs}"
                )
            time.sleep(_POLL_SECONDS)

    def _deploy(self, deployment: CdkDeployment, sources: str, cloudformation: Any) -> None:
        bootstrap = not deployment.was_done()
        with ThreadPoolExecutor() as pool:
            self._say("synthesizing" + (" and bootstrapping the account" if bootstrap else ""))
            bootstrapped = pool.submit(deployment.bootstrap) if bootstrap else None
            deployment.synthesize()
            if bootstrapped is not None:
                bootstrapped.result()
        if bootstrap or not deployment.assembly_is_deployed():
            self._say("deploying")
            deployment.deploy()
            self._forget_started()
        deployment.remember(sources, stack_outputs.changed_at(cloudformation))
        deployment.prune()

    def _forget_started(self) -> None:
        """Make the services of capabilities start again."""
        shutil.rmtree(self.state.capabilities, ignore_errors=True)

    def _outputs(self, found: Mapping[str, str], services: Mapping[str, LocalService]) -> Outputs:
        core, stacks = self.services(), stack_outputs.select(CoreOutputs, found)
        return Outputs(
            aws_endpoint_url=core.endpoint_url,
            aws_region=REGION,
            aws_ca_bundle=core.ca_bundle,
            aws_access_key_id=core.access_key_id,
            aws_secret_access_key=core.secret_access_key,
            landing_bucket=stacks.landing_bucket_name,
            incoming_prefix=stacks.incoming_prefix,
            queue_url=stacks.queue_url,
            dead_letter_queue_url=stacks.dead_letter_queue_url,
            database_url=self._database_url(stacks),
            function_name=stacks.function_name,
            event_source_id=stacks.event_source_id,
            variables={
                name: value for service in services.values() for name, value in service.variables(core.ports).items()
            },
        )

    def _database_url(self, stacks: CoreOutputs) -> str:
        """The master user's URL, with the password from the secret that RDS would manage."""
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

    def _load_samples(self, outputs: Outputs) -> tuple[list[samples.LoadedFile], list[samples.RejectedSampleRow]]:
        s3 = self.session().client("s3")
        self._say("loading the sample files")
        keys = samples.put_samples(s3, outputs.landing_bucket, outputs.incoming_prefix)
        try:
            files = samples.wait_until_loaded(outputs.database_url, keys)
        except LocalCloudError as error:
            log = self._function_log(outputs.function_name)
            raise LocalCloudError(f"{error}\nThe end of its log:\n{log}") from None
        return files, samples.rejected_rows(outputs.database_url, keys)

    def _function_log(self, function: str, *, count: int = 15) -> str:
        logs = self.session().client("logs")
        configuration = self.session().client("lambda").get_function_configuration(FunctionName=function)
        events = logs.filter_log_events(logGroupName=configuration["LoggingConfig"]["LogGroup"])["events"]
        return "\n".join(f"  {visible(event['message'].rstrip())}" for event in events[-count:]) or "  (empty)"

    def _supervisor_runs(self) -> bool:
        recorded = processes.load(self.state.processes)
        return bool(recorded) and processes.runs(recorded[0])

    def _supervisor_crash(self) -> dict[str, str]:
        """The crash of the supervisor: it ended without deleting its record."""
        if not processes.load(self.state.processes):
            return {}
        log = self.state.log("supervisor")
        return {
            "supervisor": f"supervisor crashed without stopping the other processes; the end of its log {log}:\n"
            + last_lines(log)
        }

    def _end(self) -> None:
        """Ask the supervisor to stop, and then end all processes that it left."""
        recorded = processes.load(self.state.processes)
        if recorded:
            processes.end(recorded[0], grace_seconds=30)
            # Since then the supervisor may have started more, or ended all of them and deleted its record.
            for each in reversed(processes.load(self.state.processes) or recorded):
                processes.end(each)
        if self._supervisor is not None:
            self._supervisor.wait()
            self._supervisor = None
        for path in (self.state.control, self.state.services, self.state.processes, self.state.outputs,
                     self.state.env, self.state.database_proxy_control):  # fmt: skip
            path.unlink(missing_ok=True)
        shutil.rmtree(self.state.emulator, ignore_errors=True)
        self._forget_started()

    def _delete_data(self) -> None:
        remove_data(self.state.root)
        for folder in self.state.kept_folders:
            shutil.rmtree(folder, ignore_errors=True)
        for file in self.state.kept_files:
            file.unlink(missing_ok=True)


class _LocalSession(boto3.session.Session):
    """A session whose clients use the local endpoint and trust its certificate authority."""

    def __init__(self, account: Account) -> None:
        nowhere = (None, None, os.devnull, None)
        super().__init__(
            aws_access_key_id=account.access_key_id,
            aws_secret_access_key=account.secret_access_key,
            region_name=REGION,
            botocore_session=botocore.session.Session(
                # No profile, and no file that could define one, whatever the user's environment says.
                session_vars={"profile": (None,) * 4, "config_file": nowhere, "credentials_file": nowhere}
            ),
        )
        self._defaults = {"endpoint_url": account.endpoint_url, "verify": account.ca_bundle}

    def client(self, *arguments: Any, **named: Any) -> Any:
        return super().client(*arguments, **{**self._defaults, **named})
