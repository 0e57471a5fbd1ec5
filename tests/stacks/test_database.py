"""What the database promises, on each engine, with and without a proxy."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from config.database import AuroraServerless, PostgresInstance
from config.environments import PROD
from tests.databases import VARIANTS
from tests.synthesis import ENVIRONMENTS, Synthesized, shipped, synthesize

CASES = ENVIRONMENTS | VARIANTS
INSTANCE, CLUSTER, PROXY = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::DBProxy"
PROXIED = [name for name, environment in CASES.items() if type(environment.database.connections).__name__ != "Direct"]
ON_AURORA = [name for name, environment in CASES.items() if isinstance(environment.database, AuroraServerless)]


@cache
def synthesized(case: str) -> Synthesized:
    return shipped(case) if case in ENVIRONMENTS else synthesize(VARIANTS[case])


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment, and prod on each other database."""
    return synthesized(request.param)


def _server(case: Synthesized) -> dict[str, Any]:
    """The resource that is the database: an instance or a cluster."""
    found = case.resources("Data", CLUSTER) or case.resources("Data", INSTANCE)
    (server,) = found.values()
    return dict(server)


def _members(case: Synthesized) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in case.resources("Data", INSTANCE).values()]


def _rules(case: Synthesized, direction: str) -> list[dict[str, Any]]:
    found = case.resources("Data", f"AWS::EC2::SecurityGroup{direction}").values()
    return [resource["Properties"] for resource in found]


def _statements(case: Synthesized, stack: str, of: str) -> list[dict[str, Any]]:
    policies = case.resources(stack, "AWS::IAM::ManagedPolicy")
    (policy,) = (resource for id_, resource in policies.items() if of in id_)
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def _logins(case: Synthesized, stack: str, of: str) -> list[str]:
    """The resources on which that role may log in, as text."""
    (statement,) = (one for one in _statements(case, stack, of) if one["Action"] == "rds-db:connect")
    resources = statement["Resource"]
    return [json.dumps(one) for one in (resources if isinstance(resources, list) else [resources])]


def test_the_database_is_unreachable_from_the_internet(case: Synthesized) -> None:
    assert all(member["PubliclyAccessible"] is False for member in _members(case))
    subnets = [*case.only("Data", "AWS::RDS::DBSubnetGroup")["SubnetIds"]]
    for proxy in case.resources("Data", PROXY).values():
        subnets += proxy["Properties"]["VpcSubnetIds"]
    assert len(subnets) >= 3
    assert all("VpcDataSubnet" in subnet["Fn::GetStackOutput"]["OutputName"] for subnet in subnets)


def test_nobody_but_a_named_client_reaches_the_database(case: Synthesized) -> None:
    groups = case.resources("Data", "AWS::EC2::SecurityGroup")
    assert all("SecurityGroupIngress" not in group["Properties"] for group in groups.values())
    for resource in case.everything().values():
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            assert "SourceSecurityGroupId" in resource["Properties"]


def test_the_database_reaches_nobody(case: Synthesized) -> None:
    groups = case.resources("Data", "AWS::EC2::SecurityGroup")
    (database,) = (group for id_, group in groups.items() if "Server" in id_)
    assert [rule["CidrIp"] for rule in database["Properties"]["SecurityGroupEgress"]] == ["255.255.255.255/32"]
    assert all("DatabaseProxy" in json.dumps(rule["GroupId"]) for rule in _rules(case, "Egress"))


def test_the_database_is_encrypted_and_takes_tls_only(case: Synthesized) -> None:
    server = _server(case)["Properties"]
    assert server["StorageEncrypted"] is True
    groups = case.resources("Data", "AWS::RDS::DBParameterGroup") | case.resources(
        "Data", "AWS::RDS::DBClusterParameterGroup"
    )
    assert {group["Properties"]["Parameters"]["rds.force_ssl"] for group in groups.values()} == {"1"}
    for key in (server["KmsKeyId"], *(member["PerformanceInsightsKMSKeyId"] for member in _members(case))):
        assert "KeysData" in json.dumps(key)
    assert {member["CACertificateIdentifier"] for member in _members(case)} == {"rds-ca-rsa2048-g1"}


def test_no_password_stands_in_the_template(case: Synthesized) -> None:
    server = _server(case)["Properties"]
    assert server["ManageMasterUserPassword"] is True
    assert "KeysData" in json.dumps(server["MasterUserSecret"]["KmsKeyId"])
    assert "MasterUserPassword" not in server
    assert server["EnableIAMDatabaseAuthentication"] is True


def test_the_engine_is_the_newest_of_its_major_version_and_stays_so(case: Synthesized) -> None:
    assert _server(case)["Properties"]["EngineVersion"] == "18"
    assert all(member["AutoMinorVersionUpgrade"] is True for member in _members(case))


def test_backups_and_maintenance_have_hours_of_their_own(case: Synthesized) -> None:
    server, config = _server(case)["Properties"], case.environment.database
    assert server["PreferredBackupWindow"] == config.backup_window
    for part in (server, *_members(case)):
        assert part["PreferredMaintenanceWindow"] == config.maintenance_window


def test_prod_survives_a_zone_and_a_mistake() -> None:
    instance = _server(shipped("prod"))
    assert instance["Properties"]["MultiAZ"] is True
    assert instance["Properties"]["DeletionProtection"] is True
    assert instance["Properties"]["BackupRetentionPeriod"] >= 14
    assert instance["Properties"]["DeleteAutomatedBackups"] is False
    assert instance["DeletionPolicy"] == instance["UpdateReplacePolicy"] == "Snapshot"


def test_dev_is_small_and_leaves_nothing_behind() -> None:
    instance = _server(shipped("dev"))
    assert instance["Properties"]["MultiAZ"] is False
    assert instance["Properties"]["DeleteAutomatedBackups"] is True
    assert instance["DeletionPolicy"] == "Delete"
    assert shipped("dev").resources("Data", PROXY) == {}


def test_storage_is_gp3_and_grows() -> None:
    config, instance = PROD.database, _server(shipped("prod"))["Properties"]
    assert isinstance(config, PostgresInstance)
    assert instance["StorageType"] == "gp3"
    assert (int(instance["AllocatedStorage"]), instance["MaxAllocatedStorage"]) == (100, config.max_storage_gib)


def test_every_exported_log_has_its_group_before_rds_would_make_one(case: Synthesized) -> None:
    server = _server(case)
    name = server["Properties"].get("DBClusterIdentifier") or server["Properties"]["DBInstanceIdentifier"]
    kind = "cluster" if "DBClusterIdentifier" in server["Properties"] else "instance"
    groups = {
        resource["Properties"]["LogGroupName"]: (id_, resource["Properties"])
        for id_, resource in case.resources("Data", "AWS::Logs::LogGroup").items()
        if "LogGroupName" in resource["Properties"]
    }
    exported = server["Properties"]["EnableCloudwatchLogsExports"]
    assert {"postgresql", "iam-db-auth-error"} <= set(exported)
    assert "upgrade" in exported or kind == "cluster"
    for log in exported:
        id_, group = groups.pop(f"/aws/rds/{kind}/{name}/{log}")
        assert id_ in server["DependsOn"]
        assert "KeysLogs" in json.dumps(group["KmsKeyId"])
        assert group["RetentionInDays"] == case.environment.database.log_days
    for proxy in case.resources("Data", PROXY).values():
        id_, _ = groups.pop(f"/aws/rds/proxy/{proxy['Properties']['DBProxyName']}")
        assert id_ in proxy["DependsOn"]
    assert groups == {}


def test_insights_are_kept_as_long_as_their_mode_asks(case: Synthesized) -> None:
    mode = case.environment.database.insights
    days = {"standard": 7, "advanced": 465}[mode]
    assert _server(case)["Properties"]["DatabaseInsightsMode"] == mode
    for member in _members(case):
        assert member["EnablePerformanceInsights"] is True
        assert member["PerformanceInsightsRetentionPeriod"] == days


def test_the_operating_system_is_measured_by_a_role_that_can_do_nothing_else(case: Synthesized) -> None:
    for member in _members(case):
        assert member["MonitoringInterval"] == case.environment.database.monitoring_seconds
        assert "Monitoring" in json.dumps(member["MonitoringRoleArn"])
    for statement in _statements(case, "Data", "Monitoring"):
        assert "log-group:RDSOSMetrics" in json.dumps(statement["Resource"])


def test_people_hear_of_events_and_alarms_of_the_database(case: Synthesized) -> None:
    subscriptions = [one["Properties"] for one in case.resources("Data", "AWS::RDS::EventSubscription").values()]
    sources = {one["SourceType"]: one for one in subscriptions}
    main = sources.get("db-cluster", sources["db-instance"])
    assert {"failover", "failure", "deletion"} <= set(main["EventCategories"])
    alarms = [one["Properties"] for one in case.resources("Data", "AWS::CloudWatch::Alarm").values()]
    for topic in [*(one["SnsTopicArn"] for one in subscriptions), *(one["AlarmActions"][0] for one in alarms)]:
        assert "AlertsTopic" in json.dumps(topic)
    metrics = {alarm["MetricName"] for alarm in alarms}
    expected = {"DatabaseConnections", "MaximumUsedTransactionIDs"}
    if isinstance(case.environment.database, AuroraServerless):
        expected |= {"ACUUtilization"} | ({"AuroraReplicaLagMaximum"} if case.environment.database.readers else set())
    else:
        expected |= {"FreeStorageSpace", "CPUUtilization", "FreeableMemory"}
    if case.resources("Data", PROXY):
        expected |= {"DatabaseConnectionsBorrowLatency"}
    assert metrics == expected


def test_readers_are_large_enough_to_take_over() -> None:
    members = _members(synthesized("prod on Aurora"))
    assert sorted(member["PromotionTier"] for member in members) == [0, 1]
    assert {member["DBInstanceClass"] for member in members} == {"db.serverless"}
    cluster = _server(synthesized("prod on Aurora"))["Properties"]
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 2, "MaxCapacity": 32}


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxy_takes_tls_and_tokens_only(name: str) -> None:
    proxy = synthesized(name).only("Data", PROXY)
    assert proxy["RequireTLS"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert "Auth" not in proxy
    assert "DebugLogging" not in proxy, "it would write statements, and the data in them, into the log"


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxy_logs_in_as_each_client_and_as_nobody_else(name: str) -> None:
    of = "ClusterResourceId" if name in ON_AURORA else "DbiResourceId"
    logins = _logins(synthesized(name), "Data", "DatabaseProxy")
    assert all(of in login for login in logins)
    users = {login.rpartition("/")[2].split('"')[0] for login in logins}
    assert users == {"file_intake", "housekeeping", "operations", "web"}


@pytest.mark.parametrize("name", PROXIED)
def test_clients_log_in_to_the_proxy_and_the_migrations_to_the_database(name: str) -> None:
    case = synthesized(name)
    output = "DatabaseProxyId"
    (id_,) = (key for key in case.templates["Data"]["Outputs"] if key.startswith(output))
    assert case.templates["Data"]["Outputs"][id_]["Value"]["Fn::Select"][0] in (6, "6")
    for stack, of in (("Pipeline", "FileIntake"), ("Web", "WebTier")):
        (login,) = _logins(case, stack, of)
        assert id_ in login
    (login,) = _logins(case, "Pipeline", "SchemaMigration")
    assert id_ not in login
    assert "/administrator" in login


@pytest.mark.parametrize("name", PROXIED)
def test_clients_are_told_of_the_proxy_and_the_migrations_of_the_database(name: str) -> None:
    functions = synthesized(name).resources("Pipeline", "AWS::Lambda::Function")
    hosts = {id_: resource["Properties"]["Environment"]["Variables"] for id_, resource in functions.items()}
    for id_, variables in hosts.items():
        through = not id_.startswith("SchemaMigration")
        assert ("DatabaseProxy" in json.dumps(variables["DATABASE_HOST"])) is through, id_
        assert (variables["DATABASE_PORT"] == "5432") is through, id_


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxy_is_not_registered_before_it_may_reach_the_database(name: str) -> None:
    """CloudFormation may wait for the target to become available, and rules that come later would never let it."""
    case = synthesized(name)
    (targets,) = case.resources("Data", "AWS::RDS::DBProxyTargetGroup").values()
    rules = [
        id_
        for direction in ("Ingress", "Egress")
        for id_ in case.resources("Data", f"AWS::EC2::SecurityGroup{direction}")
    ]
    policies = [id_ for id_ in case.resources("Data", "AWS::IAM::ManagedPolicy") if "Proxy" in id_]
    assert len(rules) == 2
    assert len(policies) == 1
    assert {*rules, *policies} <= set(targets["DependsOn"])


def test_an_environment_that_throws_its_database_away_keeps_no_cluster() -> None:
    case = synthesize(replace(VARIANTS["prod on Aurora, small and without a proxy"], name="gone"))
    assert _server(case)["DeletionPolicy"] == "Delete"
    assert _server(synthesized("prod on Aurora"))["DeletionPolicy"] == "Snapshot"
