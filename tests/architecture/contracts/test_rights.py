"""The code has the rights for all its calls on the resources in its variables, and has no other rights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from config.network import InterfaceEndpoint, NoNat
from tests.support.contracts.calls import UnclearError, actions_of_calls
from tests.support.contracts.deployed import Deployed
from tests.support.contracts.rights import ARN, HERE, arn, key_of_bucket, landed_objects, via
from tests.support.contracts.runtimes import Right, Runtime, contributions, listed
from tests.support.synthesis import ENVIRONMENTS, synthesize

# The attribute by which rds-db:connect names a server, and the one to which clients connect (Amazon RDS User Guide,
# "Creating and using an IAM policy for IAM database access"). For a proxy it is the last part of its ARN.
RESOURCE_IDS = {
    "AWS::RDS::DBInstance": ("Endpoint.Address", "DbiResourceId"),
    "AWS::RDS::DBCluster": ("Endpoint.Address", "DBClusterResourceId"),
    "AWS::RDS::DBProxy": ("Endpoint", "DBProxyArn"),
}
# Without them S3 answers 403, not 404, for an object that does not exist (Amazon S3 API Reference, "GetObject").
TELL_GONE = {"s3:ListBucket", "s3:ListBucketVersions"}


def _database(platform: Deployed, runtime: Runtime) -> Right:
    """The login of the user in the variables, or of the master user if there is none."""
    host = runtime.variables["DATABASE_HOST"]
    type_, properties = platform.find(host)
    address, id_ = RESOURCE_IDS[type_]
    user = runtime.variables.get("DATABASE_USER") or properties["MasterUsername"]
    server = host.replace(f".{address}}}", f".{id_}}}")
    if type_ == "AWS::RDS::DBProxy":
        server = f"(item 6 of {server} split at :)"
    return Right("rds-db:connect", f"{ARN}rds-db:{HERE}:dbuser:{server}/{user}")


def _of_calls(platform: Deployed, runtime: Runtime, actions: set[str]) -> Iterator[Right]:
    """The rights for the code's calls on the resources in its variables, and for the keys that those calls use."""
    for action in actions:
        match action:
            case "rds-db:connect":
                yield _database(platform, runtime)
            case "s3:GetObjectVersion":
                yield Right(action, landed_objects(runtime))
                yield from (Right(each, arn(runtime.variables["LANDING_BUCKET"])) for each in TELL_GONE)
                yield Right("kms:Decrypt", key_of_bucket(platform, runtime), via("s3"))
            case "sqs:ChangeMessageVisibility":
                yield Right(action, arn(runtime.variables["QUEUE_URL"]))
            case "secretsmanager:GetSecretValue":
                secret = runtime.variables["DATABASE_SECRET_ARN"]
                yield Right(action, secret)
                condition = json.dumps({"StringEquals": {"kms:EncryptionContext:SecretARN": secret}})
                yield Right("kms:Decrypt", _key_of_secret(platform, secret), condition)
            case "ec2:RevokeSecurityGroupIngress" | "ec2:RevokeSecurityGroupEgress":
                yield Right(action, f"{ARN}ec2:{HERE}:security-group/{_group(platform)}")
            case _:
                rights = [each.rights_of_calls[action] for each in contributions() if action in each.rights_of_calls]
                assert len(rights) == 1, f"{runtime.package} calls {action}: say on which resource, see Contribution"
                yield from rights[0](platform, runtime)


def _key_of_secret(platform: Deployed, secret: str) -> str:
    _, server = platform.find(secret)
    return platform.text(server["MasterUserSecret"]["KmsKeyId"], platform.place(secret).stack)


def _group(platform: Deployed) -> str:
    """The group that the custom resource passes to the function."""
    ((stack, _, properties),) = platform.resources("Custom::EmptyDefaultSecurityGroup")
    return platform.text(properties["GroupId"], stack)


def _needed(platform: Deployed, runtime: Runtime) -> set[Right]:
    calls = set(_of_calls(platform, runtime, set(actions_of_calls(runtime.folder))))
    return calls | set(runtime.rights_beyond_calls(platform))


def test_every_call_is_allowed_and_every_permission_is_used(platform: Deployed) -> None:
    for runtime in platform.runtimes():
        needed = _needed(platform, runtime)
        assert sorted(needed - runtime.allowed) == [], f"{runtime.package} lacks these"
        assert sorted(runtime.allowed - needed) == [], f"nothing in {runtime.package} uses these"


def test_no_denied_action_is_called(platform: Deployed) -> None:
    for runtime in platform.runtimes():
        assert not runtime.denied & set(actions_of_calls(runtime.folder)), runtime.package


def test_the_s3_gateway_endpoint_allows_every_call(platform: Deployed) -> None:
    """A request needs the permission of its role and of the endpoint's policy."""
    ((_, _, endpoint),) = (
        each
        for each in platform.resources("AWS::EC2::VPCEndpoint")
        if "s3" in str(each[2]["ServiceName"]) and each[2]["VpcEndpointType"] == "Gateway"
    )
    (ours,) = (each for each in endpoint["PolicyDocument"]["Statement"] if each["Sid"] == "ThisAccount")
    used = {action for runtime in platform.runtimes() for action in runtime.actions if action.startswith("s3:")}
    assert used <= set(ours["Action"])


def test_every_interface_endpoint_allows_every_call() -> None:
    """Also with an endpoint for every service, as needed without NAT."""
    prod = ENVIRONMENTS["prod"]
    network = replace(prod.network, nat=NoNat(), interface_endpoints=frozenset(get_args(InterfaceEndpoint)))
    platform = Deployed(synthesized=synthesize(replace(prod, network=network)))
    called = {action for runtime in platform.runtimes() for action in actions_of_calls(runtime.folder)}
    for runtime in platform.runtimes():
        if runtime.IN_VPC:
            called |= {right.action for right in runtime.rights_beyond_calls(platform)}
    passed = set()
    for _, _, endpoint in platform.resources("AWS::EC2::VPCEndpoint"):
        if endpoint["VpcEndpointType"] == "Interface":
            (statement,) = endpoint["PolicyDocument"]["Statement"]
            allowed = set(listed(statement["Action"]))
            services = {action.partition(":")[0] for action in allowed}
            asked = {action for action in called if action.partition(":")[0] in services}
            assert asked <= allowed, endpoint["ServiceName"]
            passed |= asked
    # S3 has a gateway endpoint, a login to the database is no API call, and the function that calls EC2 runs elsewhere.
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
def test_code_with_unclear_calls_is_refused(code: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(code)
    with pytest.raises(UnclearError):
        actions_of_calls(tmp_path)
