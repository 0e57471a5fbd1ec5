"""The database on each engine, with and without a proxy."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.database import PostgresInstance
from config.environments import PROD
from tests.support.databases import CASES, CLUSTER, INSTANCE, PROXY, VARIANTS, synthesized
from tests.support.promises import has, mentions
from tests.support.synthesis import Synthesized, shipped, synthesize


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


def test_the_database_is_unreachable_from_the_internet(case: Synthesized) -> None:
    for member in _members(case):
        has("the database", member, {"PubliclyAccessible": False})
    subnets = [*case.only("Data", "AWS::RDS::DBSubnetGroup")["SubnetIds"]]
    for proxy in case.resources("Data", PROXY).values():
        subnets += proxy["Properties"]["VpcSubnetIds"]
    assert len(subnets) >= 3
    for subnet in subnets:
        name = subnet["Fn::GetStackOutput"]["OutputName"]
        assert "VpcDataSubnet" in name, f"the database or its proxy is in {name}"


def test_only_named_clients_reach_the_database(case: Synthesized) -> None:
    for id_, group in case.resources("Data", "AWS::EC2::SecurityGroup").items():
        admitted = group["Properties"].get("SecurityGroupIngress", [])
        assert not admitted, f"{id_} admits {admitted}"
    for id_, resource in case.everything().items():
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            assert "SourceSecurityGroupId" in resource["Properties"], f"{id_} admits {resource['Properties']}"


def test_clients_open_the_databases_port_and_no_other(case: Synthesized) -> None:
    for id_, resource in case.everything().items():
        rule = resource.get("Properties", {})
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress" and "Database" in json.dumps(rule["GroupId"]):
            opened = f"{rule.get('FromPort')}-{rule.get('ToPort')}"
            assert opened in ("5432-5432", "5433-5433"), f"{id_} opens ports {opened}"


def test_the_database_opens_no_connections(case: Synthesized) -> None:
    groups = case.resources("Data", "AWS::EC2::SecurityGroup")
    (database,) = (group for id_, group in groups.items() if "Server" in id_)
    reached = [rule["CidrIp"] for rule in database["Properties"]["SecurityGroupEgress"]]
    assert reached == ["255.255.255.255/32"], f"the database's security group lets it reach {reached}"
    assert all("DatabaseProxy" in json.dumps(rule["GroupId"]) for rule in _rules(case, "Egress"))


def test_the_database_is_encrypted_and_accepts_only_tls(case: Synthesized) -> None:
    server = _server(case)["Properties"]
    has("the database", server, {"StorageEncrypted": True})
    groups = case.resources("Data", "AWS::RDS::DBParameterGroup") | case.resources(
        "Data", "AWS::RDS::DBClusterParameterGroup"
    )
    for id_, group in groups.items():
        has(id_, group["Properties"]["Parameters"], {"rds.force_ssl": "1"})
    mentions("the database", server, {"KmsKeyId": "KeysData"})
    for member in _members(case):
        mentions("Database Insights", member, {"PerformanceInsightsKMSKeyId": "KeysData"})
    assert {member["CACertificateIdentifier"] for member in _members(case)} == {"rds-ca-rsa2048-g1"}


def _parameters(case: Synthesized) -> dict[str, dict[str, str]]:
    """The parameters that each parameter group sets, by logical id."""
    types = ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup")
    groups = {id_: one for type_ in types for id_, one in case.resources("Data", type_).items()}
    return {id_: group["Properties"]["Parameters"] for id_, group in groups.items()}


def test_the_database_logs_only_slow_statements(case: Synthesized) -> None:
    """Statements contain what customers ordered, and logging all of them would make the log larger than the tables."""
    assert _parameters(case)
    for id_, parameters in _parameters(case).items():
        has(id_, {"log_statement": "none"} | parameters, {"log_statement": "none"})
        slow = int(parameters.get("log_min_duration_statement", -1))
        assert 100 <= slow <= 10_000, f"{id_}: log_min_duration_statement is {slow} ms, must be 100 to 10,000"


def test_the_database_logs_no_value_of_a_row(case: Synthesized) -> None:
    """tests/integration/database/test_server_log.py shows that these are enough."""
    wanted = {
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    assert _parameters(case)
    for id_, parameters in _parameters(case).items():
        has(id_, parameters, wanted)


def test_the_database_has_the_configured_instance_class(case: Synthesized) -> None:
    """The limits of connections and alarms are computed from the memory of the configured class."""
    if isinstance(case.environment.database, PostgresInstance):
        wanted = {"DBInstanceClass": f"db.{case.environment.database.instance_type}"}
        has("the database", _server(case)["Properties"], wanted)


def test_database_changes_wait_for_the_maintenance_window_if_configured(case: Synthesized) -> None:
    """CloudFormation applies them at once where the template doesn't say otherwise. A cluster has no such property."""
    wanted = case.environment.database.apply_immediately
    for member in _members(case):
        applies = member.get("ApplyImmediately", "missing")
        assert applies is wanted, f"the database: ApplyImmediately is {applies}, must be {wanted}"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_changes_do_not_interrupt_the_databases_of_staging_and_prod(name: str) -> None:
    assert shipped(name).environment.database.apply_immediately is False


def test_the_major_version_can_be_changed(case: Synthesized) -> None:
    """RDS refuses it otherwise. CloudFormation itself allows it for clusters."""
    if isinstance(case.environment.database, PostgresInstance):
        has("the database", _server(case)["Properties"], {"AllowMajorVersionUpgrade": True})


def test_the_data_api_is_disabled(case: Synthesized) -> None:
    """Aurora's Data API bypasses the network, its security groups and the clients' own roles."""
    enabled = _server(case)["Properties"].get("EnableHttpEndpoint", False)
    assert enabled is False, f"the database: EnableHttpEndpoint is {enabled}"


def test_the_template_contains_no_password(case: Synthesized) -> None:
    server = _server(case)["Properties"]
    has("the database", server, {"ManageMasterUserPassword": True, "EnableIAMDatabaseAuthentication": True})
    mentions("the database", server, {"MasterUserSecret": "KeysData"})
    assert "MasterUserPassword" not in server


def test_the_engine_runs_the_newest_minor_version(case: Synthesized) -> None:
    assert _server(case)["Properties"]["EngineVersion"] == "18"
    for member in _members(case):
        has("the database", member, {"AutoMinorVersionUpgrade": True})


def test_backups_and_maintenance_run_in_the_configured_windows(case: Synthesized) -> None:
    server, config = _server(case)["Properties"], case.environment.database
    assert server["PreferredBackupWindow"] == config.backup_window
    for part in (server, *_members(case)):
        assert part["PreferredMaintenanceWindow"] == config.maintenance_window


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_databases_survive_a_zone_failure_and_an_accidental_deletion(name: str) -> None:
    instance, at = _server(shipped(name)), f"the database of {name}"
    properties = instance["Properties"]
    has(at, instance, {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"})
    has(at, properties, {"MultiAZ": True, "DeletionProtection": True, "DeleteAutomatedBackups": False})
    days = properties["BackupRetentionPeriod"]
    assert days >= 14, f"{at}: BackupRetentionPeriod is {days}, must be 14 or more"


def test_the_database_is_protected_and_backed_up_as_configured(case: Synthesized) -> None:
    config = case.environment.database
    has(
        "the database",
        _server(case)["Properties"],
        {
            "DeletionProtection": config.deletion_protection,
            "BackupRetentionPeriod": config.backup_days,
            "DeleteAutomatedBackups": config.on_removal == "destroy",
            "CopyTagsToSnapshot": True,
        },
    )


def test_the_dev_database_is_small_and_deleted_with_its_stack() -> None:
    instance = _server(shipped("dev"))
    assert instance["Properties"]["MultiAZ"] is False
    assert instance["Properties"]["DeleteAutomatedBackups"] is True
    assert instance["DeletionPolicy"] == "Delete"
    assert shipped("dev").resources("Data", PROXY) == {}


def test_storage_is_gp3_and_grows() -> None:
    config, instance = PROD.database, _server(shipped("prod"))["Properties"]
    assert isinstance(config, PostgresInstance)
    grows = {"AllocatedStorage": "100", "MaxAllocatedStorage": config.max_storage_gib}
    has("the database", instance, {"StorageType": "gp3"} | grows)


def test_log_groups_exist_before_rds_exports_to_them(case: Synthesized) -> None:
    server = _server(case)
    identifier = server["Properties"].get("DBClusterIdentifier") or server["Properties"]["DBInstanceIdentifier"]
    name = case.linked.text(identifier, "Data")
    kind = "cluster" if "DBClusterIdentifier" in server["Properties"] else "instance"
    groups = {
        case.linked.text(resource["Properties"]["LogGroupName"], "Data"): (id_, resource["Properties"])
        for id_, resource in case.resources("Data", "AWS::Logs::LogGroup").items()
        if "LogGroupName" in resource["Properties"]
    }
    exported = server["Properties"]["EnableCloudwatchLogsExports"]
    assert {"postgresql", "iam-db-auth-error"} <= set(exported)
    assert "upgrade" in exported or kind == "cluster"
    for log in exported:
        group_name = f"/aws/rds/{kind}/{name}/{log}"
        assert group_name in groups, (
            f"RDS would create {group_name} unencrypted, without retention; found {list(groups)}"
        )
        id_, group = groups.pop(group_name)
        assert id_ in server["DependsOn"]
        assert "KeysLogs" in json.dumps(group["KmsKeyId"])
        has(id_, group, {"RetentionInDays": case.environment.database.log_days})
    for proxy in case.resources("Data", PROXY).values():
        id_, _ = groups.pop(f"/aws/rds/proxy/{case.linked.text(proxy['Properties']['DBProxyName'], 'Data')}")
        assert id_ in proxy["DependsOn"]
    assert groups == {}


def test_insights_have_the_retention_of_their_mode(case: Synthesized) -> None:
    mode = case.environment.database.insights
    days = {"standard": 7, "advanced": 465}[mode]
    assert _server(case)["Properties"]["DatabaseInsightsMode"] == mode
    for member in _members(case):
        assert member["EnablePerformanceInsights"] is True
        assert member["PerformanceInsightsRetentionPeriod"] == days


def test_enhanced_monitoring_has_the_policy_that_rds_checks_for(case: Synthesized) -> None:
    """RDS refuses a role that may do less (Amazon RDS User Guide, "Setting up and enabling Enhanced Monitoring")."""
    for member in _members(case):
        assert member["MonitoringInterval"] == case.environment.database.monitoring_seconds
        assert "Monitoring" in json.dumps(member["MonitoringRoleArn"])
    roles = case.resources("Data", "AWS::IAM::Role")
    (role,) = (role["Properties"] for id_, role in roles.items() if "Monitoring" in id_)
    policies = [case.linked.text(policy, "Data") for policy in role.get("ManagedPolicyArns", [])]
    assert policies == ["arn:<Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_readers_are_large_enough_to_take_over() -> None:
    members = _members(synthesized("prod on Aurora"))
    tiers = sorted(member["PromotionTier"] for member in members)
    assert tiers == [0, 1], f"each PromotionTier is {tiers}: only readers in tiers 0 and 1 scale with the writer"
    assert {member["DBInstanceClass"] for member in members} == {"db.serverless"}
    cluster = _server(synthesized("prod on Aurora"))["Properties"]
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 2, "MaxCapacity": 32}


def test_a_cluster_is_deleted_with_its_stack_if_configured() -> None:
    case = synthesize(replace(VARIANTS["prod on Aurora, small and without a proxy"], name="gone"))
    assert _server(case)["DeletionPolicy"] == "Delete"
    assert _server(synthesized("prod on Aurora"))["DeletionPolicy"] == "Snapshot"
