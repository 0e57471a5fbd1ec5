"""Operators' commands find what they act on by the outputs of the stacks: each is there, and is what its name says."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.contracts.deployed import CASES, Deployed, deployed


def _output(platform: Deployed, stack: str, name: str) -> str:
    return platform.text(platform.synthesized.templates[stack]["Outputs"][name]["Value"], stack)


def _read(pattern: str) -> Iterator[tuple[Path, str, set[str]]]:
    """File, stack and names of the outputs that ops/ reads in that way from a stack."""
    for file in sorted(Path("ops").rglob("*.py")):
        for variable, stack in re.findall(r'(\w+) = environment\.outputs\("(\w+)"\)', file.read_text()):
            yield file, stack.capitalize(), set(re.findall(rf"\b{variable}{pattern}", file.read_text()))


def _outputs(platform: Deployed, stack: str) -> set[str]:
    return set(platform.synthesized.templates.get(stack, {}).get("Outputs", {}))


def test_every_output_that_a_command_reads_is_there(platform: Deployed) -> None:
    reads = list(_read(r'\["(\w+)"\]'))
    assert {"Data", "Pipeline"} <= {stack for _, stack, _ in reads}
    for file, stack, names in reads:
        assert names, f"{file} reads no output of {stack}"
        if stack in platform.synthesized.templates:
            missing = names - _outputs(platform, stack)
            assert not missing, f"{file} reads {sorted(missing)}, which {stack} does not have"


def test_every_output_that_a_command_can_do_without_is_there_in_some_environment() -> None:
    for file, stack, names in _read(r'\.get\("(\w+)"\)'):
        missing = names.difference(*(_outputs(deployed(case), stack) for case in CASES))
        assert not missing, f"{file} reads {sorted(missing)}, which {stack} never has"


def test_queues_are_redriven_from_where_their_failures_end(platform: Deployed) -> None:
    queue, letters, undelivered = (
        _output(platform, "Pipeline", name) for name in ("QueueUrl", "DeadLetterQueueUrl", "UndeliveredQueueUrl")
    )
    redrive = platform.find(queue)[1]["RedrivePolicy"]["deadLetterTargetArn"]
    ends = platform.text(redrive, "Pipeline")
    assert ends == letters.replace("}", ".Arn}"), f"DeadLetterQueueUrl is {letters}, failures end in {ends}"
    ((_, rule, properties),) = platform.resources("AWS::Events::Rule")
    (target,) = properties["Targets"]
    beside = platform.text(target["DeadLetterConfig"]["Arn"], "Pipeline")
    assert beside == undelivered.replace("}", ".Arn}"), f"UndeliveredQueueUrl is {undelivered}, events end in {beside}"
    named = _output(platform, "Pipeline", "RuleArn")
    assert named == f"${{Pipeline/{rule}.Arn}}", f"RuleArn is {named}: a replay must name {rule}"


def test_people_look_files_up_by_the_function_that_knows_them(platform: Deployed) -> None:
    name = _output(platform, "Operations", "OperationsFunctionName")
    handler = platform.find(name)[1]["Handler"]
    assert handler.startswith("operations."), f"OperationsFunctionName is {name}, which runs {handler}"
    assert re.fullmatch(r"\$\{\w+/\w+\}", name), f"OperationsFunctionName is {name}, and not a name"


def test_outputs_of_the_data_are_those_of_the_bucket_that_runtimes_use(platform: Deployed) -> None:
    variables = platform.runtime("ingestion").variables
    bucket, prefix = (_output(platform, "Data", name) for name in ("LandingBucketName", "IncomingPrefix"))
    assert bucket == variables["LANDING_BUCKET"], f"LandingBucketName is {bucket}"
    assert prefix == variables["INCOMING_PREFIX"], f"IncomingPrefix is {prefix}"


def test_people_are_invited_to_the_list_that_the_load_balancer_asks() -> None:
    platform = deployed("web-public")
    pool = _output(platform, "Web", "UserPoolId")
    assert re.fullmatch(r"\$\{\w+/\w+\}", pool), f"UserPoolId is {pool}, and not an id"
    assert platform.find(pool)[0] == "AWS::Cognito::UserPool"
