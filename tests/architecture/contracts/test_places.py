"""The configured handlers exist, and database clients can reach the address that their variables name."""

import ast
from pathlib import Path

import pytest

from tests.support.contracts.deployed import CASES, Deployed, deployed
from tests.support.contracts.functions import FUNCTIONS
from tests.support.contracts.runtimes import Runtime
from tests.support.network_reach import reachability
from tests.support.variants import EVERY

# The attribute that a host variable names, by type of resource. RDS Proxy has one port and no property for it (Amazon
# RDS User Guide, "Quotas and limitations for RDS Proxy").
ADDRESSES = {"AWS::RDS::DBInstance": "Endpoint.Address", "AWS::RDS::DBCluster": "Endpoint.Address"}
PROXY_PORT = 5432
ROLES = FUNCTIONS / "schema_migration" / "roles"


def _parameters(file: Path, function: str) -> int:
    """How many parameters the function has that the module defines under that name."""
    defined = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    (found,) = (node for node in defined if node.name == function)
    return len(found.args.args)


@pytest.mark.parametrize("case", EVERY)
def test_each_handler_is_a_function_of_the_bundled_folder(case: str) -> None:
    for function in deployed(case).functions():
        package, module, name = function.properties["Handler"].split(".")
        assert package == function.package
        assert _parameters(function.folder / f"{module}.py", name) == 2, "a handler must take an event and a context"
        assert function.properties["Code"]["S3Key"] == deployed(case).asset(function.folder), function.package


def _port_of_the_database(platform: Deployed, runtime: Runtime) -> int:
    """The port in the runtime's variables, which must be that of the host in its variables."""
    host, port = runtime.variables["DATABASE_HOST"], runtime.variables["DATABASE_PORT"]
    type_, properties = platform.find(host)
    if type_ == "AWS::RDS::DBProxy":
        assert host.endswith(".Endpoint}")
        assert port == str(PROXY_PORT)
        return PROXY_PORT
    assert host.endswith(f".{ADDRESSES[type_]}}}")
    assert port == host.replace(ADDRESSES[type_], "Endpoint.Port")
    return int(properties["Port"])


@pytest.mark.parametrize("case", CASES)
def test_clients_connect_to_a_port_that_the_database_listens_on_and_the_network_allows(case: str) -> None:
    platform, reach = deployed(case), reachability(CASES[case])
    for client in _clients(platform):
        proxied = platform.find(client.variables["DATABASE_HOST"])[0] == "AWS::RDS::DBProxy"
        asked = (client.node, "proxy" if proxied else "database", _port_of_the_database(platform, client))
        assert reach.certain(*asked), reach.why(*asked, certain=True)


def test_each_database_role_has_exactly_one_client(platform: Deployed) -> None:
    """The migration connects as the master user."""
    users = [client.variables.get("DATABASE_USER", client.package) for client in _clients(platform)]
    roles = {file.stem for file in ROLES.glob("*.sql")} - platform.absent_capabilities
    assert sorted(users) == sorted(roles | {"schema_migration"})


def _clients(platform: Deployed) -> list[Runtime]:
    return [runtime for runtime in platform.runtimes() if "DATABASE_HOST" in runtime.variables]


def test_clients_use_the_database_name_of_the_server(platform: Deployed) -> None:
    servers = [each for type_ in ADDRESSES for each in platform.resources(type_)]
    ((stack, id_, server),) = (each for each in servers if "MasterUsername" in each[2])
    name = server.get("DBName") or server.get("DatabaseName")
    assert {client.variables["DATABASE_NAME"] for client in _clients(platform)} == {name}
    for _, _, targets in platform.resources("AWS::RDS::DBProxyTargetGroup"):
        behind = [*targets.get("DBInstanceIdentifiers", []), *targets.get("DBClusterIdentifiers", [])]
        assert [platform.text(each, stack) for each in behind] == [f"${{{stack}/{id_}}}"]


def test_migrations_connect_to_the_database_without_the_proxy(platform: Deployed) -> None:
    assert platform.find(platform.runtime("schema_migration").variables["DATABASE_HOST"])[0] in ADDRESSES
