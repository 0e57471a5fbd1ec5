"""The boot script of the web instances, run for real in a scratch folder, with stand-ins for what changes a machine."""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local_cloud.web.instance import Unit, app_part, read_environment_file, read_unit
from tests.support.promises import has
from tests.support.synthesis import LOCAL, Synthesized, shipped, synthesize
from tests.support.web.variants import PUBLIC

# Each notes how it was called; the one that is named in FAILING fails.
STAND_IN = """\
#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
[ "$(basename "$0")" != "${FAILING:-}" ]
"""
CHANGES_A_MACHINE = ("dnf", "amazon-cloudwatch-agent-ctl", "useradd", "systemctl", "curl", "sleep", "cfn-signal")
PYTHON = f"python{LOCAL.runtime.python}"


def _script(synthesized: Synthesized) -> str:
    """The user data, with a word for each value that only a deployment knows."""
    data = synthesized.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"]["Fn::Base64"]
    pieces = data["Fn::Join"][1]
    return "".join(piece if isinstance(piece, str) else _word(piece) for piece in pieces)


def _word(value: object) -> str:
    return "-".join(re.findall(r"\w+", json.dumps(value))[-2:])


class Machine:
    """A root folder, and a PATH with stand-ins before the programs that are really run."""

    def __init__(self, folder: Path) -> None:
        self.root, self._tools, self._calls = folder / "root", folder / "tools", folder / "calls"
        bundle = folder / "bundle.zip"
        with zipfile.ZipFile(bundle, "w") as archive:
            archive.write("web_src/__main__.py")
        (self.root / "opt/aws/amazon-cloudwatch-agent/etc").mkdir(parents=True)  # made by its package
        self._tools.mkdir()
        self._calls.touch()
        for name in CHANGES_A_MACHINE:
            self._program(name, STAND_IN)
        # As `aws s3 cp ... <source> <target>`.
        self._program("aws", f'{STAND_IN.rstrip()} && cp {shlex.quote(str(bundle))} "${{@: -1}}"\n')
        self._program(PYTHON, f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')

    def _program(self, name: str, text: str) -> None:
        path = self._tools / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, script: str, *, failing: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script here, with /opt/aws inside the root."""
        here = re.sub(r"/opt/aws/\S*bin/", "", script).replace(" /opt/aws", f" {shlex.quote(str(self.root))}/opt/aws")
        return subprocess.run(
            [str(shutil.which("bash")), "-c", here],
            env={
                "PATH": f"{self._tools}{os.pathsep}/usr/bin:/bin",
                "ROOT": str(self.root),
                "CALLS": str(self._calls),
                "FAILING": failing,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, program: str) -> list[str]:
        """The arguments of each call, in order."""
        lines = (line.split(" ", 1) for line in self._calls.read_text().splitlines())
        return [arguments for name, arguments in lines if name == program]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def script() -> str:
    return _script(shipped("local"))


def test_the_app_part_alone_makes_the_app(machine: Machine, script: str) -> None:
    """As the local cloud runs it."""
    done = machine.run(f"set -euo pipefail\n{app_part(script)}")
    assert done.returncode == 0, done.stderr
    unit = read_unit((machine.root / "etc/systemd/system/web.service").read_text())
    assert unit == Unit(
        command=[f"/usr/bin/{PYTHON}", "-m", "web_src"],
        folder="/opt/web",
        environment_file="/etc/web.env",
    )
    assert (machine.root / "opt/web/web_src/__main__.py").exists()
    variables = read_environment_file((machine.root / "etc/web.env").read_text())
    assert variables["DATABASE_USER"] == "web"
    assert variables["MAX_FILE_BYTES"] == str(LOCAL.ingestion.max_file_mb * 1024 * 1024)
    assert not [name for name in variables if name.startswith("SIGN_IN")], "an internal app asks nobody who they are"
    assert [call.split()[-2].startswith("s3://") for call in machine.calls("aws")] == [True], "one asset, from S3"


def test_the_whole_script_installs_starts_and_says_yes(machine: Machine, script: str) -> None:
    done = machine.run(script)
    assert done.returncode == 0, done.stderr
    (packages,) = machine.calls("dnf")
    wanted = {"amazon-cloudwatch-agent", "aws-cfn-bootstrap", "logrotate", PYTHON}
    assert wanted <= set(packages.split()), f"the boot installs {packages}, and not {wanted - set(packages.split())}"
    assert "enable --now web" in machine.calls("systemctl")
    (user,) = machine.calls("useradd")
    assert "/sbin/nologin" in user.split(), f"somebody could log in as the app: useradd {user}"
    (asked,) = machine.calls("curl")
    assert "http://localhost:8080/healthz" in asked
    assert "--fail" in asked.split(), f"an app that answers with an error counts as started: curl {asked}"
    assert machine.calls("sleep") == ["30"], "until the load balancer has seen it twice"
    (signal,) = machine.calls("cfn-signal")
    assert signal.endswith("-e 0")


@pytest.mark.parametrize("step", [name for name in (*CHANGES_A_MACHINE, "aws") if name not in ("cfn-signal", "sleep")])
def test_a_step_that_fails_says_no_and_ends_the_boot(step: str, machine: Machine, script: str) -> None:
    done = machine.run(script, failing=step)
    assert done.returncode != 0, f"{step} failed, and the boot went on"
    (signal,) = machine.calls("cfn-signal")
    assert not signal.endswith("-e 0")
    assert not machine.calls("sleep")


def test_logs_go_out_before_anything_of_ours_can_fail(machine: Machine, script: str) -> None:
    machine.run(script, failing="aws")
    (agent,) = machine.calls("amazon-cloudwatch-agent-ctl")
    assert "-s" in agent.split(), f"the agent is configured and never started: amazon-cloudwatch-agent-ctl {agent}"


def test_the_agent_sends_what_the_service_writes_and_how_full_things_are(machine: Machine, script: str) -> None:
    machine.run(script)
    agent = json.loads((machine.root / "opt/aws/amazon-cloudwatch-agent/etc/web.json").read_text())
    files = [each["file_path"] for each in agent["logs"]["logs_collected"]["files"]["collect_list"]]
    unit = (machine.root / "etc/systemd/system/web.service").read_text()
    assert f"StandardOutput=append:{files[0]}\n" in unit
    assert files[1] == "/var/log/cloud-init-output.log"
    assert files[0] in (machine.root / "etc/logrotate.d/web").read_text()
    streams = [each["log_stream_name"] for each in agent["logs"]["logs_collected"]["files"]["collect_list"]]
    assert len(set(streams)) == 2
    assert all("{instance_id}" in stream for stream in streams), f"instances write into each other's streams: {streams}"
    assert agent["metrics"]["namespace"] == f"{shipped('local').environment.project}-local"
    collected = agent["metrics"]["metrics_collected"]
    assert set(collected) == {"mem", "disk"}
    measured = {name: collected[kind]["measurement"] for kind, name in (("mem", "memory"), ("disk", "disk"))}
    has("how full things are", measured, {"memory": ["mem_used_percent"], "disk": ["used_percent"]})
    assert "/" in collected["disk"]["resources"], f"of disks only {collected['disk']['resources']} are measured"
    assert agent["agent"]["omit_hostname"] is True, "a dimension for each instance would be a price for each"


def test_the_log_fills_no_disk(machine: Machine, script: str) -> None:
    """systemd keeps the file open: moved away, it would grow on under its other name, unseen by the agent."""
    machine.run(script)
    rotation = (machine.root / "etc/logrotate.d/web").read_text().split()
    assert "copytruncate" in rotation, f"the log is moved away while systemd writes into it: {rotation}"
    assert {"hourly", "daily"} & set(rotation), f"the log grows for longer than a day: {rotation}"
    assert int(rotation[rotation.index("rotate") + 1]) <= 7


def test_an_app_that_falls_stands_up_again(machine: Machine, script: str) -> None:
    machine.run(script)
    unit = (machine.root / "etc/systemd/system/web.service").read_text()
    assert re.search(r"^Restart=(always|on-failure)$", unit, re.M), (
        f"no Restart=: an app that crashed stays down: {unit}"
    )
    assert "\nStandardError=append:" in unit, "the last words of an app that crashed are in no log"


def test_the_service_can_change_nothing_but_its_own_files(machine: Machine, script: str) -> None:
    machine.run(script)
    unit = (machine.root / "etc/systemd/system/web.service").read_text()
    for line in ("User=web", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "MemoryMax=75%"):
        assert f"\n{line}\n" in unit
    assert "\nCapabilityBoundingSet=\n" in unit, "none"
    # What else stands between a hole in the app and its machine; their values are systemd's business.
    kinds = (
        "ProtectHome",
        "PrivateDevices",
        "RestrictAddressFamilies",
        "RestrictNamespaces",
        "SystemCallFilter",
        "UMask",
    )
    missing = [kind for kind in kinds if f"\n{kind}=" not in unit]
    assert not missing, f"the service is not held by {missing}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd's own check of units isn't on this machine")
def test_systemd_understands_the_service(machine: Machine, script: str) -> None:
    machine.run(script)
    unit = machine.root / "etc/systemd/system/web.service"
    unit.write_text(unit.read_text().replace("/usr/bin/", f"{machine.root.parent}/tools/"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert "web" not in done.stderr


def test_a_public_app_boots_with_the_names_of_its_sign_in(machine: Machine) -> None:
    script = _script(synthesize(PUBLIC)).replace("python3.14", PYTHON)
    assert machine.run(script).returncode == 0
    variables = read_environment_file((machine.root / "etc/web.env").read_text())
    assert {name for name in variables if name.startswith("SIGN_IN")} == {
        "SIGN_IN_LOAD_BALANCER_ARN",
        "SIGN_IN_CLIENT_ID",
        "SIGN_IN_ISSUER",
        "SIGN_IN_LOGOUT_URL",
    }
