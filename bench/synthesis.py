"""Measures the CPU time of a synthesis, Node's included, against an empty CDK app with the same rule packs."""

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.figures import AtMost, Figure, ratio
from bench.rounds import alternate

ENVIRONMENT = "prod"
ROUNDS = 5
LIMIT = AtMost(target=3.0, goal=2.0)
EMPTY_APP = """
from aws_cdk import App, CfnWaitConditionHandle, Stack

from config.model import RULE_PACKS
from stacks.rule_packs import add_rule_packs

app = App()
# The smallest stack that passes the validation, which requires a resource.
CfnWaitConditionHandle(Stack(app, "Empty"), "Nothing")
add_rule_packs(RULE_PACKS, app)
app.synth()
"""


def measure() -> list[Figure]:
    """Measures both apps in turn, and compares their CPU seconds in each round."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        contenders = {
            "platform": partial(_cpu_seconds, ["app.py"], output / "platform"),
            "empty": partial(_cpu_seconds, ["-c", EMPTY_APP], output / "empty"),
        }
        contenders["platform"]()  # bundles the assets, which later runs reuse
        seconds = alternate(contenders, ROUNDS)
    return [
        Figure(name=f"{ENVIRONMENT} / an empty app", values=ratio(seconds["platform"], seconds["empty"]), limit=LIMIT),
        Figure(name=f"CPU of {ENVIRONMENT}", values=seconds["platform"], unit="s"),
        Figure(name="CPU of an empty app", values=seconds["empty"], unit="s"),
    ]


def _cpu_seconds(program: list[str], output: Path) -> float:
    """User and system seconds of one synthesis, started as the CDK's command line starts it."""
    context = json.loads(Path("cdk.json").read_text())["context"] | {"env": ENVIRONMENT}
    process = subprocess.Popen(
        [sys.executable, *program],
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(output)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)  # includes the processes that it waited for, such as Node
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: the synthesis of {program[0]} failed; see: make synth ENV={ENVIRONMENT}")
    return usage.ru_utime + usage.ru_stime
