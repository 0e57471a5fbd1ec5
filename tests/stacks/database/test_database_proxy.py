"""The proxy of the database, on each engine."""

import json
from typing import Any

import pytest

from config.database import AuroraServerless, ThroughProxy
from tests.support.contracts.deployed import deployed
from tests.support.databases import CASES, PROXY, synthesized
from tests.support.promises import has
from tests.support.synthesis import Synthesized, shipped

PROXIED = [name for name, case in CASES.items() if isinstance(case.database.connections, ThroughProxy)]
ON_AURORA = [name for name, case in CASES.items() if isinstance(case.database, AuroraServerless)]


def _statements(case: Synthesized, stack: str, of: str) -> list[dict[str, Any]]:
    policies = case.resources(stack, "AWS::IAM::ManagedPolicy")
    (policy,) = (resource for id_, resource in policies.items() if of in id_)
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def _logins(case: Synthesized, stack: str, of: str) -> list[str]:
    """The resources on which that role may call rds-db:connect, as text."""
    (statement,) = (one for one in _statements(case, stack, of) if one["Action"] == "rds-db:connect")
    resources = statement["Resource"]
    return [json.dumps(one) for one in (resources if isinstance(resources, list) else [resources])]


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxy_accepts_only_tls_and_iam_tokens(name: str) -> None:
    proxy = synthesized(name).only("Data", PROXY)
    has("the proxy", proxy, {"RequireTLS": True, "DefaultAuthScheme": "IAM_AUTH"})
    assert "Auth" not in proxy
    assert "DebugLogging" not in proxy, "debug logging writes statements, and the data in them, into the log"


@pytest.mark.parametrize("name", PROXIED)
def test_the_connection_pool_of_the_proxy_has_the_configured_limits(name: str) -> None:
    config = synthesized(name).environment.database.connections
    assert isinstance(config, ThroughProxy)
    pool = synthesized(name).only("Data", "AWS::RDS::DBProxyTargetGroup")["ConnectionPoolConfigurationInfo"]
    limits = {"MaxConnectionsPercent": config.connections_percent, "ConnectionBorrowTimeout": config.borrow_seconds}
    has("the proxy's pool", pool, limits)
    idle = {"IdleClientTimeout": config.idle_client_minutes * 60}
    has("the proxy", synthesized(name).only("Data", PROXY), idle)


@pytest.mark.parametrize("name", PROXIED)
def test_no_client_gets_session_settings_of_another(name: str) -> None:
    """Settings belong to roles. Other session settings pin a session to the client that made them."""
    pool = synthesized(name).only("Data", "AWS::RDS::DBProxyTargetGroup")["ConnectionPoolConfigurationInfo"]
    for key in ("InitQuery", "SessionPinningFilters"):
        assert not pool.get(key), f"the proxy's pool: {key} is {pool[key]}, for every client's session"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_have_a_database_proxy(name: str) -> None:
    assert shipped(name).resources("Data", PROXY), f"{name} has no proxy: a failover breaks every client's connection"


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxy_logs_in_only_as_its_clients(name: str) -> None:
    of = "ClusterResourceId" if name in ON_AURORA else "DbiResourceId"
    logins = _logins(synthesized(name), "Data", "DatabaseProxy")
    assert all(of in login for login in logins)
    users = {login.rpartition("/")[2].split('"')[0] for login in logins}
    clients = {runtime.variables.get("DATABASE_USER") for runtime in deployed(name).runtimes()} - {None}
    assert "ingestion" in clients
    assert users == clients


@pytest.mark.parametrize("name", PROXIED)
def test_clients_may_log_in_to_the_proxy_and_migrations_to_the_database(name: str) -> None:
    case = synthesized(name)
    output = "DatabaseProxyId"
    (id_,) = (key for key in case.templates["Data"]["Outputs"] if key.startswith(output))
    assert case.templates["Data"]["Outputs"][id_]["Value"]["Fn::Select"][0] in (6, "6")
    proxy = case.linked.text(case.templates["Data"]["Outputs"][id_]["Value"], "Data")
    for runtime in deployed(name).runtimes():
        if user := runtime.variables.get("DATABASE_USER"):
            (login,) = (right.resource for right in runtime.allowed if right.action == "rds-db:connect")
            assert login.endswith(f":dbuser:{proxy}/{user}"), (
                f"{user} logs in to {proxy}, and its policy allows {login}"
            )
    (login,) = _logins(case, "Pipeline", "SchemaMigration")
    assert id_ not in login
    assert "/administrator" in login


@pytest.mark.parametrize("name", PROXIED)
def test_clients_get_the_address_of_the_proxy_and_migrations_that_of_the_database(name: str) -> None:
    for runtime in deployed(name).runtimes():
        if "DATABASE_HOST" in runtime.variables:
            through = runtime.package != "schema_migration"
            assert ("DatabaseProxy" in runtime.variables["DATABASE_HOST"]) is through, runtime.package
            assert (runtime.variables["DATABASE_PORT"] == "5432") is through, runtime.package


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxy_registers_its_target_after_its_rules_and_policies_exist(name: str) -> None:
    """CloudFormation may wait until the target is available, which needs the rules and policies."""
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
    early = {*rules, *policies} - set(targets["DependsOn"])
    assert not early, f"the proxy's targets do not depend on {early}"
