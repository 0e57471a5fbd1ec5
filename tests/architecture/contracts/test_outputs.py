"""Commands find resources by the outputs of stacks: each output exists, and has the value that its name promises."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.contracts.deployed import CASES, Deployed, deployed


def _read(pattern: str) -> Iterator[tuple[Path, str, set[str]]]:
    """File, stack and names of the outputs that ops/ reads in that way from a stack."""
    for file in sorted(Path("ops").rglob("*.py")):
        for variable, stack in re.findall(r'(\w+) = environment\.outputs\("(\w+)"\)', file.read_text()):
            yield file, stack.capitalize(), set(re.findall(rf"\b{variable}{pattern}", file.read_text()))


def _outputs(platform: Deployed, stack: str) -> set[str]:
    return set(platform.synthesized.templates.get(stack, {}).get("Outputs", {}))


def test_every_output_that_a_command_reads_exists(platform: Deployed) -> None:
    reads = list(_read(r'\["(\w+)"\]'))
    assert {"Data", "Pipeline"} <= {stack for _, stack, _ in reads}
    for file, stack, names in reads:
        assert names, f"{file} reads no output of {stack}"
        if stack in platform.synthesized.templates:
            missing = names - _outputs(platform, stack)
            assert not missing, f"{file} reads {sorted(missing)}, which {stack} does not have"


def test_every_optional_output_of_a_command_exists_in_some_environment() -> None:
    for file, stack, names in _read(r'\.get\("(\w+)"\)'):
        missing = names.difference(*(_outputs(deployed(case), stack) for case in CASES))
        assert not missing, f"{file} reads {sorted(missing)}, which {stack} never has"


def test_the_outputs_name_the_queues_where_failed_messages_end(platform: Deployed) -> None:
    queue, letters, undelivered = (
        platform.output("Pipeline", name) for name in ("QueueUrl", "DeadLetterQueueUrl", "UndeliveredQueueUrl")
    )
    redrive = platform.find(queue)[1]["RedrivePolicy"]["deadLetterTargetArn"]
    ends = platform.text(redrive, "Pipeline")
    assert ends == letters.replace("}", ".Arn}"), f"DeadLetterQueueUrl is {letters}, failures go to {ends}"
    rules = platform.synthesized.resources("Pipeline", "AWS::Events::Rule")
    for resource in rules.values():
        (target,) = resource["Properties"]["Targets"]
        failed = platform.text(target["DeadLetterConfig"]["Arn"], "Pipeline")
        assert failed == undelivered.replace("}", ".Arn}"), f"UndeliveredQueueUrl is {undelivered}, not {failed}"
    named = platform.output("Pipeline", "RuleArns").split(",")
    assert sorted(named) == sorted(f"${{Pipeline/{rule}.Arn}}" for rule in rules), f"a replay must name {rules.keys()}"


def test_the_outputs_name_the_bucket_and_prefix_that_ingestion_reads(platform: Deployed) -> None:
    variables = platform.runtime("ingestion").variables
    bucket, prefix = (platform.output("Data", name) for name in ("LandingBucketName", "IncomingPrefix"))
    assert bucket == variables["LANDING_BUCKET"], f"LandingBucketName is {bucket}"
    assert prefix == variables["INCOMING_PREFIX"], f"IncomingPrefix is {prefix}"
