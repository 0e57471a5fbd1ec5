"""Every call that the code makes is allowed on the resource it is told of, and nothing is allowed that nobody uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from config.network import InterfaceEndpoint, NoNat
from tests.support.contracts.calls import UnclearError, actions_of_calls
from tests.support.contracts.deployed import WEB_APP, Deployed, Right, Runtime, listed
from tests.support.synthesis import ENVIRONMENTS, synthesize

ANY = "*"
ARN = "arn:<Partition>:"
HERE = "<Region>:<AccountId>"
# How rds-db:connect calls a server: by an attribute of what the code connects to (Amazon RDS User Guide, "Creating and
# using an IAM policy for IAM database access"). A proxy's is the last part of its ARN.
RESOURCE_IDS = {
    "AWS::RDS::DBInstance": ("Endpoint.Address", "DbiResourceId"),
    "AWS::RDS::DBCluster": ("Endpoint.Address", "DBClusterResourceId"),
    "AWS::RDS::DBProxy": ("Endpoint", "DBProxyArn"),
}
# Lambda attaches a function to its VPC in the function's name (AWS Lambda Developer Guide, "Giving Lambda functions
# access to resources in an Amazon VPC").
NETWORK_INTERFACES = {
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
# An event source mapping takes messages in the function's name (AWS Lambda Developer Guide, "Using Lambda with Amazon
# SQS").
CONSUMER = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
# What Lambda gives up it leaves in a queue, in the function's name (AWS Lambda Developer Guide, "Adding a dead-letter
# queue"; Amazon SQS Developer Guide, "Key management").
SENDER_KMS = {"kms:GenerateDataKey", "kms:Decrypt"}
# The agent that Amazon Linux brings (AWS Systems Manager User Guide, "Verify or add instance permissions for Session
# Manager").
SESSION_MANAGER = {
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
# The agent looks which streams are there (Amazon CloudWatch User Guide, "Create IAM roles and users for use with the
# CloudWatch agent").
AGENT_LOGS = LOGS | {"logs:DescribeLogStreams"}
# Without them S3 answers 403, not 404, for what is gone (Amazon S3 API Reference, "GetObject").
TELL_GONE = {"s3:ListBucket", "s3:ListBucketVersions"}


def _arn(reference: str) -> str:
    """The ARN of what a variable refers to by its name or URL."""
    return reference.replace("}", ".Arn}")


def _via(service: str) -> str:
    return json.dumps({"StringEquals": {"kms:ViaService": f"{service}.<Region>.<URLSuffix>"}})


def _database(platform: Deployed, runtime: Runtime) -> Right:
    """Who logs in, to what: as the variables say, or as the master user where they name nobody."""
    host = runtime.variables["DATABASE_HOST"]
    type_, properties = platform.find(host)
    address, id_ = RESOURCE_IDS[type_]
    user = runtime.variables.get("DATABASE_USER") or properties["MasterUsername"]
    server = host.replace(f".{address}}}", f".{id_}}}")
    if type_ == "AWS::RDS::DBProxy":
        server = f"(item 6 of {server} split at :)"
    return Right("rds-db:connect", f"{ARN}rds-db:{HERE}:dbuser:{server}/{user}")


def _of_calls(platform: Deployed, runtime: Runtime, actions: set[str]) -> Iterator[Right]:
    """What the code's own calls need, on what the variables name, and what S3 and Secrets Manager need behind them."""
    objects = ""
    if "LANDING_BUCKET" in runtime.variables and "INCOMING_PREFIX" in runtime.variables:
        objects = f"{_arn(runtime.variables['LANDING_BUCKET'])}/{runtime.variables['INCOMING_PREFIX']}*"
    for action in actions:
        match action:
            case "rds-db:connect":
                yield _database(platform, runtime)
            case "s3:GetObjectVersion":
                yield Right(action, objects)
                yield from (Right(each, _arn(runtime.variables["LANDING_BUCKET"])) for each in TELL_GONE)
                yield Right("kms:Decrypt", _key_of_bucket(platform, runtime), _via("s3"))
            case "s3:PutObject":
                yield Right(action, objects)
                # A bucket's own key is itself kept encrypted (Amazon S3 User Guide, "Reducing the cost of SSE-KMS").
                for each in ("kms:GenerateDataKey", "kms:Decrypt"):
                    yield Right(each, _key_of_bucket(platform, runtime), _via("s3"))
            case "sqs:ChangeMessageVisibility":
                yield Right(action, _arn(runtime.variables["QUEUE_URL"]))
            case "secretsmanager:GetSecretValue":
                secret = runtime.variables["DATABASE_SECRET_ARN"]
                yield Right(action, secret)
                condition = json.dumps({"StringEquals": {"kms:EncryptionContext:SecretARN": secret}})
                yield Right("kms:Decrypt", _key_of_secret(platform, secret), condition)
            case "ec2:RevokeSecurityGroupIngress" | "ec2:RevokeSecurityGroupEgress":
                yield Right(action, f"{ARN}ec2:{HERE}:security-group/{_group(platform)}")
            case _:
                raise AssertionError(f"{runtime.package} calls {action}: say here on which resource")


def _key_of_bucket(platform: Deployed, runtime: Runtime) -> str:
    bucket = runtime.variables["LANDING_BUCKET"]
    (rule,) = platform.find(bucket)[1]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return platform.text(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"], platform.place(bucket).stack)


def _key_of_queue(platform: Deployed, queue: str) -> str:
    return platform.text(platform.find(queue)[1]["KmsMasterKeyId"], platform.place(queue).stack)


def _key_of_secret(platform: Deployed, secret: str) -> str:
    _, server = platform.find(secret)
    return platform.text(server["MasterUserSecret"]["KmsKeyId"], platform.place(secret).stack)


def _group(platform: Deployed) -> str:
    """The group that the custom resource hands to the function."""
    ((stack, _, properties),) = platform.resources("Custom::EmptyDefaultSecurityGroup")
    return platform.text(properties["GroupId"], stack)


def _of_lambda(platform: Deployed, runtime: Runtime) -> Iterator[Right]:
    """What AWS does in a function's name, by how the function is set up."""
    group = platform.text(runtime.properties["LoggingConfig"]["LogGroup"], runtime.stack)
    yield from (Right(action, _arn(group)) for action in LOGS)
    if runtime.properties.get("TracingConfig", {}).get("Mode") == "Active":
        yield from (Right(action, ANY) for action in TRACES)
    if "VpcConfig" in runtime.properties:
        yield from (Right(action, ANY) for action in NETWORK_INTERFACES)
    if "DeadLetterConfig" in runtime.properties:
        letters = platform.text(runtime.properties["DeadLetterConfig"]["TargetArn"], runtime.stack)
        yield Right("sqs:SendMessage", letters)
        yield from (Right(each, _key_of_queue(platform, letters), _via("sqs")) for each in SENDER_KMS)
    ((stack, _, source),) = platform.resources("AWS::Lambda::EventSourceMapping")
    queue = platform.text(source["EventSourceArn"], stack)
    if queue == _arn(runtime.variables.get("QUEUE_URL", "")):
        yield from (Right(action, queue) for action in CONSUMER)
        yield Right("kms:Decrypt", _key_of_queue(platform, queue), _via("sqs"))


def _of_boot(runtime: Runtime) -> Iterator[Right]:
    """What the boot script calls, and the agents that it starts. cfn-signal needs no right: the instance signs it."""
    assert set(re.findall(r"(?<![\w/.-])aws +(\S+ +\S+)", runtime.script)) == {"s3 cp"}
    ((bucket, key),) = re.findall(r" s3://([^/\s]+)/(\S+) ", runtime.script)
    yield Right("s3:GetObject", f"{ARN}s3:::{bucket}/{key}")
    yield from (Right(action, ANY) for action in SESSION_MANAGER)
    agent = json.loads(runtime.script.partition("/etc/web.json <<'END'\n")[2].partition("\nEND\n")[0])
    files = agent["logs"]["logs_collected"]["files"]["collect_list"]
    for group in {file["log_group_name"] for file in files}:
        yield from (Right(action, _arn(group)) for action in AGENT_LOGS)
    condition = json.dumps({"StringEquals": {"cloudwatch:namespace": agent["metrics"]["namespace"]}})
    yield Right("cloudwatch:PutMetricData", ANY, condition)


def _needed(platform: Deployed, runtime: Runtime) -> set[Right]:
    calls = set(_of_calls(platform, runtime, set(actions_of_calls(runtime.folder))))
    return calls | set(_of_boot(runtime) if runtime.folder == WEB_APP else _of_lambda(platform, runtime))


def test_every_call_has_its_right_and_every_right_its_use(platform: Deployed) -> None:
    for runtime in platform.runtimes():
        needed = _needed(platform, runtime)
        assert sorted(needed - runtime.allowed) == [], f"{runtime.package} lacks these"
        assert sorted(runtime.allowed - needed) == [], f"nothing in {runtime.package} uses these"


def test_what_is_denied_is_nothing_that_the_code_calls(platform: Deployed) -> None:
    for runtime in platform.runtimes():
        assert not runtime.denied & set(actions_of_calls(runtime.folder)), runtime.package


def test_the_gateway_to_s3_lets_every_call_through(platform: Deployed) -> None:
    """Its policy is asked as well, whatever a role may do."""
    ((_, _, endpoint),) = (
        each
        for each in platform.resources("AWS::EC2::VPCEndpoint")
        if "s3" in str(each[2]["ServiceName"]) and each[2]["VpcEndpointType"] == "Gateway"
    )
    (ours,) = (each for each in endpoint["PolicyDocument"]["Statement"] if each["Sid"] == "ThisAccount")
    used = {action for runtime in platform.runtimes() for action in runtime.actions if action.startswith("s3:")}
    assert used <= set(ours["Action"])


def test_every_interface_endpoint_lets_every_call_through() -> None:
    """So too where there is an interface to each service, as there must be without NAT."""
    prod = ENVIRONMENTS["prod"]
    network = replace(prod.network, nat=NoNat(), interface_endpoints=frozenset(get_args(InterfaceEndpoint)))
    platform = Deployed(synthesized=synthesize(replace(prod, network=network)))
    called = {action for runtime in platform.runtimes() for action in actions_of_calls(runtime.folder)}
    called |= {right.action for right in _of_boot(platform.runtime(WEB_APP.name))}
    passed = set()
    for _, _, endpoint in platform.resources("AWS::EC2::VPCEndpoint"):
        if endpoint["VpcEndpointType"] == "Interface":
            (statement,) = endpoint["PolicyDocument"]["Statement"]
            allowed = set(listed(statement["Action"]))
            services = {action.partition(":")[0] for action in allowed}
            asked = {action for action in called if action.partition(":")[0] in services}
            assert asked <= allowed, endpoint["ServiceName"]
            passed |= asked
    # S3 has a gateway, a login to the database is no call, and the function that calls EC2 runs outside the VPC.
    assert called - passed == {action for action in called if action.startswith(("s3:", "rds-db:", "ec2:"))}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('c = s.create_client("s3")\nc.get_object(Key=k)', {"s3:GetObject"}),
        ('c = s.create_client("s3")\nc.get_object(Key=k, VersionId=v)', {"s3:GetObjectVersion"}),
        ('s.create_client("sqs")\ndef f(q):\n    return q.send_message', {"sqs:SendMessage"}),
        ('s.create_client("rds").generate_db_auth_token()', {"rds-db:connect"}),
        ('SigV4QueryAuth(c, "rds-db", region)', {"rds-db:connect"}),
        ("dictionary.copy()", set()),
    ],
)
def test_calls_are_found_in_code(code: str, expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(code)
    assert set(actions_of_calls(tmp_path)) == expected


@pytest.mark.parametrize(
    "code",
    [
        "import boto3",
        "from boto3.session import Session",
        "import aws_lambda_powertools",
        "from aws_lambda_powertools.utilities import parameters",
        "s.create_client(name)",
        's.create_client("s3").delete_object(Key=k)',
        's.create_client("s3").upload_file("a", "b", "c")',
        's.create_client("s3").copy(source, "bucket", "key")',
        's.create_client("sqs").get_paginator("list_queues")',
        'getattr(s.create_client("sqs"), "purge_queue")()',
        'getattr(s.create_client("sqs"), name)()',
        'SigV4Auth(c, "dynamodb", region)',
    ],
)
def test_code_whose_calls_can_not_be_told_is_refused(code: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(code)
    with pytest.raises(UnclearError):
        actions_of_calls(tmp_path)
