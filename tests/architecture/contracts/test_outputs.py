"""Operators' commands find what they act on by the outputs of the stacks: each is there, and is what its name says."""

import re
from pathlib import Path

from tests.support.contracts.deployed import Deployed, deployed

# Where commands read outputs, by the stack that has them.
READERS = {"data": Path("ops/common/deployment.py"), "outputs": Path("ops/web/web_stack.py")}
READERS |= {"pipeline": READERS["data"]}
STACKS = {"data": "Data", "pipeline": "Pipeline", "outputs": "Web"}
WHERE_PUBLIC = {"UserPoolId"}


def _output(platform: Deployed, stack: str, name: str) -> str:
    return platform.text(platform.synthesized.templates[stack]["Outputs"][name]["Value"], stack)


def test_every_output_that_a_command_reads_is_there(platform: Deployed) -> None:
    for variable, file in READERS.items():
        read = set(re.findall(rf'\b{variable}(?:\[|\.get\()"(\w+)"', file.read_text()))
        assert read, f"{file} reads no output of {variable}"
        there = set(platform.synthesized.templates[STACKS[variable]]["Outputs"])
        there |= WHERE_PUBLIC if platform is not deployed("web-public") else set()
        assert read <= there, f"{file} reads {sorted(read - there)}, which {STACKS[variable]} has not"


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
