"""The boot script of web instances, run in a temporary folder, with stand-ins for programs that change a machine."""

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

# Each records its call, and fails if FAILING names it.
STAND_IN = """\
#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
[ "$(basename "$0")" != "${FAILING:-}" ]
"""
# Fails as often as its file says.
FAILS_AT_FIRST = """\
#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
left=$(cat "$0.failures")
echo $((left - 1)) > "$0.failures"
[ "$left" -le 0 ]
"""
CHANGES_A_MACHINE = ("dnf", "amazon-cloudwatch-agent-ctl", "useradd", "systemctl", "curl", "sleep", "cfn-signal")
PYTHON = f"python{LOCAL.runtime.python}"


def _script(synthesized: Synthesized) -> str:
    """The user data, with a placeholder for each value that only a deployment knows."""
    data = synthesized.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"]["Fn::Base64"]
    pieces = data["Fn::Join"][1]
    return "".join(piece if isinstance(piece, str) else _placeholder(piece) for piece in pieces)


def _placeholder(value: object) -> str:
    return "-".join(re.findall(r"\w+", json.dumps(value))[-2:])


class Machine:
    """A root folder, and a PATH on which stand-ins come before real programs."""

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
        self._program("pgrep", "#!/bin/sh\nexit 1\n")  # rpm doesn't run
        self._program(PYTHON, f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')

    def _program(self, name: str, text: str) -> None:
        path = self._tools / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def fail_at_first(self, name: str, times: int) -> None:
        """Lets the program fail that often before it works."""
        self._program(name, FAILS_AT_FIRST)
        (self._tools / f"{name}.failures").write_text(str(times))

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


def test_the_marked_part_of_the_script_installs_the_app(machine: Machine, script: str) -> None:
    """The local cloud runs only this part."""
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
    assert not [name for name in variables if name.startswith("SIGN_IN")], "an internal app has no sign-in"
    assert [call.split()[-2].startswith("s3://") for call in machine.calls("aws")] == [True], "one asset, from S3"


def test_the_boot_script_installs_and_starts_the_app_and_signals_success(machine: Machine, script: str) -> None:
    done = machine.run(script)
    assert done.returncode == 0, done.stderr
    (packages,) = machine.calls("dnf")
    wanted = {"amazon-cloudwatch-agent", "aws-cfn-bootstrap", "logrotate", PYTHON}
    assert wanted <= set(packages.split()), f"the boot installs {packages}, but not {wanted - set(packages.split())}"
    assert "enable --now web" in machine.calls("systemctl")
    (user,) = machine.calls("useradd")
    assert "/sbin/nologin" in user.split(), f"the app's user has a login shell: useradd {user}"
    (asked,) = machine.calls("curl")
    assert "http://localhost:8080/healthz" in asked
    assert "--fail" in asked.split(), f"an app that answers with an error counts as started: curl {asked}"
    assert machine.calls("sleep") == ["30"], "the script must wait for two health checks"
    (signal,) = machine.calls("cfn-signal")
    assert signal.endswith("-e 0")


@pytest.mark.parametrize("step", [name for name in (*CHANGES_A_MACHINE, "aws") if name not in ("cfn-signal", "sleep")])
def test_a_failed_step_signals_failure_and_ends_the_boot(step: str, machine: Machine, script: str) -> None:
    done = machine.run(script, failing=step)
    assert done.returncode != 0, f"{step} failed, but the boot continued"
    (signal,) = machine.calls("cfn-signal")
    assert not signal.endswith("-e 0")
    assert "30" not in machine.calls("sleep"), "the script waited for health checks of an app that does not run"


def test_packages_are_installed_after_the_ssm_agent_has_updated_itself(machine: Machine, script: str) -> None:
    """Its update holds rpm's lock for up to a minute when an instance boots, and dnf does not wait for it."""
    machine.fail_at_first("dnf", times=4)  # two attempts, and the cleaning after each
    done = machine.run(script)
    assert done.returncode == 0, done.stderr
    installs = [call for call in machine.calls("dnf") if call.startswith("install")]
    assert len(installs) == 3
    assert machine.calls("sleep") == ["10", "10", "30"]
    assert "attempt 2 of 12 failed: dnf install" in done.stderr


def test_the_log_agent_starts_before_the_app_is_downloaded(machine: Machine, script: str) -> None:
    machine.run(script, failing="aws")
    (agent,) = machine.calls("amazon-cloudwatch-agent-ctl")
    assert "-s" in agent.split(), f"the agent is configured but not started: amazon-cloudwatch-agent-ctl {agent}"


def test_the_agent_sends_logs_and_the_use_of_memory_and_disk(machine: Machine, script: str) -> None:
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
    has("the agent's metrics", measured, {"memory": ["mem_used_percent"], "disk": ["used_percent"]})
    assert "/" in collected["disk"]["resources"], (
        f"only the disks {collected['disk']['resources']} are measured, must be /"
    )
    assert agent["agent"]["omit_hostname"] is True, "a metric for each instance would be billed for each"


def test_the_log_is_rotated_without_moving_the_open_file(machine: Machine, script: str) -> None:
    """systemd keeps the file open. After a rename it would still write to that file, which the agent doesn't read."""
    machine.run(script)
    rotation = (machine.root / "etc/logrotate.d/web").read_text().split()
    assert "copytruncate" in rotation, f"the log is renamed while systemd writes to it: {rotation}"
    assert {"hourly", "daily"} & set(rotation), f"the log is not rotated every day: {rotation}"
    assert int(rotation[rotation.index("rotate") + 1]) <= 7


def test_a_crashed_app_is_restarted(machine: Machine, script: str) -> None:
    machine.run(script)
    unit = (machine.root / "etc/systemd/system/web.service").read_text()
    assert re.search(r"^Restart=(always|on-failure)$", unit, re.M), (
        f"no Restart=, so a crashed app is not restarted: {unit}"
    )
    assert "\nStandardError=append:" in unit, "the error output of a crashed app is in no log"


def test_the_service_can_change_only_its_own_files(machine: Machine, script: str) -> None:
    machine.run(script)
    unit = (machine.root / "etc/systemd/system/web.service").read_text()
    for line in ("User=web", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "MemoryMax=75%"):
        assert f"\n{line}\n" in unit
    assert "\nCapabilityBoundingSet=\n" in unit, "the service has capabilities"
    # They limit what an attacker can do after a vulnerability in the app. Their values are not checked here.
    kinds = (
        "ProtectHome",
        "PrivateDevices",
        "RestrictAddressFamilies",
        "RestrictNamespaces",
        "SystemCallFilter",
        "UMask",
    )
    missing = [kind for kind in kinds if f"\n{kind}=" not in unit]
    assert not missing, f"the service is not restricted by {missing}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd's own check of units isn't on this machine")
def test_systemd_accepts_the_service_unit(machine: Machine, script: str) -> None:
    machine.run(script)
    unit = machine.root / "etc/systemd/system/web.service"
    unit.write_text(unit.read_text().replace("/usr/bin/", f"{machine.root.parent}/tools/"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert "web" not in done.stderr


def test_a_public_app_gets_its_sign_in_settings(machine: Machine) -> None:
    script = _script(synthesize(PUBLIC)).replace("python3.14", PYTHON)
    assert machine.run(script).returncode == 0
    variables = read_environment_file((machine.root / "etc/web.env").read_text())
    assert {name for name in variables if name.startswith("SIGN_IN")} == {
        "SIGN_IN_LOAD_BALANCER_ARN",
        "SIGN_IN_CLIENT_ID",
        "SIGN_IN_ISSUER",
        "SIGN_IN_LOGOUT_URL",
    }
