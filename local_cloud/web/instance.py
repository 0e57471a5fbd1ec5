"""The web instance: runs the app part of the deployed user data, then the command of its systemd unit."""

from __future__ import annotations

import base64
import configparser
import contextlib
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from .. import stack_outputs, toolchain
from ..control import Control
from ..environment import clean
from ..errors import LocalCloudError
from ..logs import last_lines
from ..ports import LOOPBACK, free_port
from ..service import ServiceContext
from .instance_identity import InstanceIdentity
from .ports import metadata_url, upload_url

PROCESS = "web app"
APP_BEGIN, APP_END = "# --- app: begin", "# --- app: end"
HEALTHY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class WebOutputs:
    """The outputs of the stacks that the instance needs."""

    load_balancer_name: str
    target_group_arn: str
    launch_template_id: str
    instance_role_name: str
    landing_bucket_name: str


@dataclass(frozen=True, kw_only=True)
class Unit:
    """How the systemd unit starts the app; paths are those on an instance."""

    command: list[str]
    folder: str
    environment_file: str


def app_part(user_data: str) -> str:
    """The lines of the user data that install the app, which need neither packages nor systemd."""
    lines = user_data.splitlines()
    try:
        return "\n".join(lines[lines.index(APP_BEGIN) + 1 : lines.index(APP_END)]) + "\n"
    except ValueError:
        raise LocalCloudError(f"the web instances' user data lacks the lines {APP_BEGIN!r} and {APP_END!r}") from None


def read_unit(text: str) -> Unit:
    """The parts of a systemd unit that are used here."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    # Keeps capitals, as the documentation of configparser says; its type stubs declare a method.
    parser.optionxform = str  # type: ignore[assignment, method-assign] # see above
    parser.read_string(text)
    service = parser["Service"]
    return Unit(
        command=shlex.split(service["ExecStart"]),
        folder=service["WorkingDirectory"],
        environment_file=service["EnvironmentFile"],
    )


def read_environment_file(text: str) -> dict[str, str]:
    """The KEY=value lines of a systemd environment file."""
    pairs = (line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


class WebApp:
    """The one process that represents all instances of the Auto Scaling group."""

    def __init__(self, context: ServiceContext) -> None:
        self._state = context.state
        self._core = context.core
        self._outputs = stack_outputs.select(WebOutputs, context.outputs)
        self._ec2 = context.session.client("ec2")
        self._elbv2 = context.session.client("elbv2")
        self._folder = context.state.capabilities / "web"
        self._root = self._folder / "root"
        self._tools = self._folder / "tools"

    def start(self) -> None:
        """Boot as an instance does and register with the load balancer; replaces one that runs already."""
        InstanceIdentity(
            role_name=self._outputs.instance_role_name,
            load_balancer_name=self._outputs.load_balancer_name,
            landing_bucket_name=self._outputs.landing_bucket_name,
        ).write(self._state.emulator)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._root.mkdir(parents=True)
        self._provide_tools()
        self._boot()
        unit_file = next((self._root / "etc" / "systemd" / "system").glob("*.service"))
        unit = read_unit(unit_file.read_text(encoding="utf-8"))
        port = free_port()
        Control(self._state.control).call(
            "start_service",
            name=PROCESS,
            command=[self._program(unit.command[0]), *unit.command[1:]],
            folder=str(self._under_root(unit.folder)),
            environment=self._environment(unit, port),
        )
        self._wait(port)
        self._register(port)

    def _boot(self) -> None:
        script = self._folder / "app-part.sh"
        script.write_text(f"set -euo pipefail\n{app_part(self._user_data())}", encoding="utf-8")
        done = subprocess.run(
            ["bash", script],
            cwd=self._folder,
            env={**self._instance_environment(), "ROOT": str(self._root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        log = self._state.log("web boot")
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode != 0:
            raise LocalCloudError(
                f"the app part of the web instances' user data failed (exit code {done.returncode}); "
                f"the end of its log {log}:\n{last_lines(log)}"
            )

    def _user_data(self) -> str:
        answer = self._ec2.describe_launch_template_versions(
            LaunchTemplateId=self._outputs.launch_template_id, Versions=["$Latest"]
        )
        data = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]
        return base64.b64decode(data).decode()

    def _provide_tools(self) -> None:
        """Scripts with the names that these programs have on an instance."""
        self._tools.mkdir()
        self._provide_tool("aws", toolchain.program("python"), "-m", "awscli")
        python = toolchain.function_python()
        self._provide_tool(next((python.parent.parent / "lib").glob("python3.*")).name, python)

    def _provide_tool(self, name: str, *command: str | Path) -> None:
        # Not a link: an interpreter that starts through a link does not find its virtual environment. Not pip's script
        # for aws either: its first line names the interpreter unquoted, which fails for a path with blanks.
        script = self._tools / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n', encoding="utf-8")
        script.chmod(0o755)

    def _instance_environment(self) -> dict[str, str]:
        """Without keys: credentials come from the metadata service, as on an instance."""
        basics = {name: value for name, value in clean().items() if name in ("LANG", "LC_ALL", "NO_PROXY", "no_proxy")}
        return {
            **basics,
            "PATH": f"{self._tools}{os.pathsep}/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._folder),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ENDPOINT_URL": self._core.endpoint_url,
            "AWS_CA_BUNDLE": self._core.ca_bundle,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata_url(self._core.ports),
        }

    def _environment(self, unit: Unit, port: int) -> dict[str, str]:
        deployed = read_environment_file(self._under_root(unit.environment_file).read_text(encoding="utf-8"))
        return {
            **self._instance_environment(),
            **deployed,
            "DATABASE_CA_BUNDLE": self._core.ca_bundle,
            "UPLOAD_ENDPOINT_URL": upload_url(self._core.ports),
            "HOST": LOOPBACK,
            "PORT": str(port),
        }

    def _under_root(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def _program(self, path: str) -> str:
        tool = self._tools / Path(path).name
        return str(tool if tool.exists() else self._under_root(path))

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urlopen(f"http://{LOOPBACK}:{port}/healthz", timeout=5):
                return
            crash = Control(self._state.control).call("status")["crashes"].get(PROCESS)
            if crash:
                raise LocalCloudError(crash)
            time.sleep(0.1)
        log = self._state.log(PROCESS)
        raise LocalCloudError(
            f"the web app did not become healthy within {HEALTHY_SECONDS:.0f} s; the end of its log {log}:\n"
            + last_lines(log)
        )

    def _register(self, port: int) -> None:
        group = self._outputs.target_group_arn
        health = self._elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        former = [{"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]} for each in health]
        # First, because the emulator tells targets apart by their Id only, which is the same for every port.
        if former:
            self._elbv2.deregister_targets(TargetGroupArn=group, Targets=former)
        self._elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": LOOPBACK, "Port": port}])
