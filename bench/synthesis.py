"""What a synthesis costs: its CPU time, Node's included, beside an empty CDK app's with the same checks switched on."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 5
EMPTY_APP = """
from aws_cdk import App, CfnWaitConditionHandle, Stack, Validations
from cdk_nag import AwsSolutionsChecks

app = App()
# The least that CloudFormation accepts: a stack with no resource fails the validation.
CfnWaitConditionHandle(Stack(app, "Empty"), "Nothing")
Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
app.synth()
"""


def measure(environment: str = "prod") -> dict[str, float]:
    """Alternates both apps and compares the medians of their CPU seconds."""
    seconds: dict[str, list[float]] = {"platform": [], "empty": []}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        _cpu_seconds(["app.py"], output / "platform", environment)  # bundles the assets, which later runs find there
        for _ in range(ROUNDS):
            seconds["platform"].append(_cpu_seconds(["app.py"], output / "platform", environment))
            seconds["empty"].append(_cpu_seconds(["-c", EMPTY_APP], output / "empty", environment))
    platform, empty = (statistics.median(seconds[name]) for name in ("platform", "empty"))
    print(
        f"Synthesis of {environment}: {platform:.2f} s of CPU, an empty app {empty:.2f} s: "
        f"{platform / empty:.2f} times as much (at most 2.6, the goal is 1.8)"
    )
    return {"platform_cpu_s": platform, "empty_app_cpu_s": empty, "ratio": platform / empty}


def _cpu_seconds(program: list[str], output: Path, environment: str) -> float:
    """User and system seconds of one synthesis as the CDK's command line starts it."""
    context = json.loads(Path("cdk.json").read_text())["context"] | {"env": environment}
    process = subprocess.Popen(
        [sys.executable, *program],
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(output)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)  # with what it waited for itself, Node among it
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: the synthesis of {program[0]} failed; see: make synth ENV={environment}")
    return usage.ru_utime + usage.ru_stime
