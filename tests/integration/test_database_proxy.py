"""A database with an RDS Proxy, which `local` does not have, can be deployed too."""

import shlex
import sys

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from local_cloud.deploy import CdkDeployment

APP = f"{shlex.quote(sys.executable)} -m tests.support.database_app"
PROXIED = f"{LOCAL.project}-proxied"


def test_the_database_deploys_with_a_proxy(empty_cloud: LocalCloud) -> None:
    deployment = CdkDeployment(empty_cloud.state, empty_cloud.services(), print, list)
    deployment.run(
        "deploy-proxy",
        *("deploy", "--all", "--app", APP, "--output", str(empty_cloud.state.root / "proxy.out")),
        *("--require-approval", "never", "--method", "direct"),
    )
    session = empty_cloud.session()
    rds, iam, stacks = session.client("rds"), session.client("iam"), session.client("cloudformation")
    (data,) = stacks.describe_stacks(StackName=f"{PROXIED}-data")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in data["Outputs"]}
    name = outputs["DatabaseIdentifier"]
    assert name.startswith(f"{PROXIED}-"), "the identifier has no part that differs with each stack"
    (proxy,) = rds.describe_db_proxies(DBProxyName=name)["DBProxies"]
    assert proxy["RequireTLS"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    (target,) = rds.describe_db_proxy_targets(DBProxyName=name)["Targets"]
    assert target["RdsResourceId"] == name
    made = stacks.describe_stack_resources(StackName=f"{PROXIED}-client")["StackResources"]
    (policy,) = (one["PhysicalResourceId"] for one in made if one["ResourceType"] == "AWS::IAM::ManagedPolicy")
    version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    id_ = proxy["DBProxyArn"].rpartition(":")[2]
    assert document["Statement"][0]["Resource"].endswith(f":dbuser:{id_}/ingestion")
