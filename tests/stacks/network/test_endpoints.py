"""VPC endpoints of AWS services."""

from collections import Counter
from dataclasses import replace
from typing import get_args

from components.network.endpoints import INTERFACE_ACTIONS
from config.environments import DEV
from config.network import InterfaceEndpoint
from tests.support.endpoints import gateway_exceptions
from tests.support.promises import has
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import core_of


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def test_gateway_endpoints_serve_the_app_and_data_tiers_and_only_this_account(every_environment: Synthesized) -> None:
    endpoints = {
        id_: endpoint
        for id_, endpoint in every_environment.resources("Network", "AWS::EC2::VPCEndpoint").items()
        if endpoint["Properties"]["VpcEndpointType"] == "Gateway"
    }
    assert len(endpoints) == 2
    for id_, endpoint in endpoints.items():
        properties = endpoint["Properties"]
        tables = Counter("Data" if "Data" in table["Ref"] else "App" for table in properties["RouteTableIds"])
        assert tables == {"App": 3, "Data": 3}, (
            f"{id_} is in route tables of {dict(tables)}, must be in those of App and Data"
        )
        assert not any("Public" in table["Ref"] for table in properties["RouteTableIds"]), id_
        first, *others = properties["PolicyDocument"]["Statement"]
        ours = {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
        has(f"{id_}'s {first['Sid']}", first, {"Condition": ours})
        assert all(len(_as_list(statement["Action"])) == 1 for statement in others), (
            "each other statement allows one action"
        )


WITHOUT_DASHES = "Join([, Split([-, <Region>])])"  # the region in the name of one of CloudFormation's buckets


def test_the_s3_gateway_endpoint_allows_exactly_what_custom_resources_need(every_environment: Synthesized) -> None:
    core = synthesize(core_of(every_environment.environment))
    assert gateway_exceptions(core) == {f"cloudformation-custom-resource-response-{WITHOUT_DASHES}": "s3:PutObject"}


def test_interface_endpoints_have_private_dns_and_allow_only_the_vpc() -> None:
    endpoints: frozenset[InterfaceEndpoint] = frozenset({"sqs", "kms"})
    network = replace(DEV.network, interface_endpoints=endpoints)
    synthesized = synthesize(replace(DEV, network=network))
    interfaces = [
        endpoint["Properties"]
        for endpoint in synthesized.resources("Network", "AWS::EC2::VPCEndpoint").values()
        if endpoint["Properties"]["VpcEndpointType"] == "Interface"
    ]
    assert len(interfaces) == 2
    for endpoint in interfaces:
        at = f"the endpoint of {endpoint['ServiceName']}"
        has(at, endpoint, {"PrivateDnsEnabled": True})
        assert len(endpoint["SubnetIds"]) == 3
        for subnet in endpoint["SubnetIds"]:
            # The data tier's network ACL allows connections only to the database.
            assert "VpcAppSubnet" in str(subnet), f"{at} is in {subnet}, where callers can't reach it"
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        ours = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
        has(at, statement, {"Condition": ours})
    (group,) = synthesized.resources("Network", "AWS::EC2::SecurityGroup").values()
    blocks = synthesized.environment.network.addresses.blocks()
    admitted = {str(rule["CidrIp"]) for rule in group["Properties"]["SecurityGroupIngress"]}
    assert admitted == {str(blocks["app"]), str(blocks["data"])}, f"the endpoints' security group admits {admitted}"


def test_interface_endpoints_allow_every_action_that_workloads_may_call() -> None:
    endpoints: frozenset[InterfaceEndpoint] = frozenset(get_args(InterfaceEndpoint))
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, interface_endpoints=endpoints)))
    services = {"cloudwatch": "monitoring"}
    granted = {
        action
        for resource in synthesized.everything().values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        for action in _as_list(statement["Action"])
    }
    by_endpoint = {str(action) for action in granted if services.get(*[str(action).split(":")[0]] * 2) in endpoints}
    # The Lambda service polls the queue, reads its attributes and writes the log from outside the VPC.
    by_lambda = {"sqs:GetQueueAttributes"}
    assert len(by_endpoint) > 8
    carried = {action for actions in INTERFACE_ACTIONS.values() for action in actions}
    assert by_endpoint - carried == by_lambda


def test_without_nat_every_service_that_workloads_call_has_an_endpoint(every_environment: Synthesized) -> None:
    """A call to a service without an endpoint hangs until it times out, without an error."""
    named = {"cloudwatch": "monitoring"}
    called = {
        named.get(service, service)
        for resource in every_environment.everything().values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        for service in (str(action).partition(":")[0] for action in _as_list(statement["Action"]))
    }
    # S3, SQS and Secrets Manager use keys on behalf of the workloads.
    needed = called & set(get_args(InterfaceEndpoint)) - {"kms"}
    missing = needed - DEV.endpoints_without_nat
    assert not missing, f"DEV.endpoints_without_nat lacks {sorted(missing)}, which workloads call"
