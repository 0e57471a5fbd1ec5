"""Code is started where it stands, and listens and connects where the network lets it."""

import ast
import re
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3_assets as assets

from checks.reachability import Reachability
from components.common.packaging import bundle
from config.model import RuntimeConfig
from tests.support.contracts.deployed import CASES, WEB_APP, Deployed, Runtime, deployed
from tests.support.synthesis import CONTEXT
from web_src import settings as web_settings

# Network ACLs deny this port to RDP, and with it to clients (tests/architecture/test_reachability.py).
RDP = (3389,)
# Where PostgreSQL listens, by what a host variable points to; RDS Proxy has one port and no property for it (Amazon RDS
# User Guide, "Quotas and limitations for RDS Proxy").
ADDRESSES = {"AWS::RDS::DBInstance": "Endpoint.Address", "AWS::RDS::DBCluster": "Endpoint.Address"}
PROXY_PORT = 5432


def _asset(folder: Path, platform: RuntimeConfig) -> str:
    """The name of the asset that is made of a folder."""
    stack = Stack(App(context=CONTEXT, analytics_reporting=False))
    return f"{assets.Asset(stack, 'Asset', **bundle(folder, platform)).asset_hash}.zip"


def _parameters(file: Path, function: str) -> int:
    """How many parameters the function has that the module defines under that name."""
    defined = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    (found,) = (node for node in defined if node.name == function)
    return len(found.args.args)


@pytest.mark.parametrize("case", ["local", "dev", "web-public"])
def test_each_handler_is_a_function_of_the_bundled_folder(case: str) -> None:
    platform = deployed(case).synthesized.environment.runtime
    for runtime in deployed(case).runtimes():
        if runtime.folder == WEB_APP:
            continue
        package, module, function = runtime.properties["Handler"].split(".")
        assert package == runtime.package
        assert _parameters(runtime.folder / f"{module}.py", function) == 2, "Lambda hands over an event and a context"
        assert runtime.properties["Code"]["S3Key"] == _asset(runtime.folder, platform), runtime.package


@pytest.mark.parametrize("case", ["local", "dev", "web-public"])
def test_instances_start_the_app_of_the_asset_that_they_fetched(case: str) -> None:
    web = deployed(case).runtime(WEB_APP.name)
    (key,) = re.findall(r"s3://[^/\s]+/(\S+) ", web.script)
    assert key == _asset(WEB_APP, deployed(case).synthesized.environment.runtime)
    ((python, module),) = re.findall(r"^ExecStart=/usr/bin/(\S+) -m (\S+)$", web.script, re.M)
    assert (Path(module) / "__main__.py").exists()
    assert module == WEB_APP.name
    installed = re.findall(r"^dnf install .* (\S+)$", web.script, re.M)
    unpacked = re.findall(r"^(\S+) -m zipfile ", web.script, re.M)
    assert installed == unpacked == [python]
    (folder,) = re.findall(r"^WorkingDirectory=(\S+)$", web.script, re.M)
    assert f'"$ROOT{folder}"\n' in web.script, "where it is unpacked"


def _port_of_the_database(platform: Deployed, runtime: Runtime) -> int:
    """The port that the runtime is told, which must be that of the very host that it is told."""
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
def test_clients_connect_where_the_database_listens_and_the_network_lets_them(case: str) -> None:
    platform = deployed(case)
    reach = Reachability.of(platform.synthesized.linked, ignored_client_ports=RDP)
    names = {"".join(word.capitalize() for word in name.split("_")): name for name in _clients(platform)}
    assert len(names) == 5
    for name, package in names.items():
        runtime = platform.runtime(package)
        source = "instances" if package == WEB_APP.name else name
        proxied = platform.find(runtime.variables["DATABASE_HOST"])[0] == "AWS::RDS::DBProxy"
        asked = (source, "proxy" if proxied else "database", _port_of_the_database(platform, runtime))
        assert reach.certain(*asked), reach.why(*asked, certain=True)


def _clients(platform: Deployed) -> list[str]:
    return [runtime.package for runtime in platform.runtimes() if "DATABASE_HOST" in runtime.variables]


def test_clients_ask_for_the_database_that_the_server_has(platform: Deployed) -> None:
    servers = [each for type_ in ADDRESSES for each in platform.resources(type_)]
    ((stack, id_, server),) = (each for each in servers if "MasterUsername" in each[2])
    name = server.get("DBName") or server.get("DatabaseName")
    assert {platform.runtime(package).variables["DATABASE_NAME"] for package in _clients(platform)} == {name}
    for _, _, targets in platform.resources("AWS::RDS::DBProxyTargetGroup"):
        behind = [*targets.get("DBInstanceIdentifiers", []), *targets.get("DBClusterIdentifiers", [])]
        assert [platform.text(each, stack) for each in behind] == [f"${{{stack}/{id_}}}"]


def test_migrations_go_straight_to_the_database(platform: Deployed) -> None:
    assert platform.find(platform.runtime("schema_migration").variables["DATABASE_HOST"])[0] in ADDRESSES


@pytest.mark.parametrize("case", CASES)
def test_the_app_listens_where_the_load_balancer_asks_and_reaches_it(case: str) -> None:
    platform = deployed(case)
    web = platform.runtime(WEB_APP.name)
    port = int(web.variables["PORT"])
    assert port == web_settings.DEFAULT_PORT, "people start the app by hand, too"
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    assert (targets["Port"], targets["Protocol"]) == (port, "HTTP")
    assert targets.get("HealthCheckPort", "traffic-port") == "traffic-port"
    assert re.findall(r"http://localhost:(\d+)/", web.script) == [str(port)], "the boot script waits for it there"
    reach = Reachability.of(platform.synthesized.linked, ignored_client_ports=RDP)
    asked = ("load balancer", "instances", port)
    assert reach.certain(*asked), reach.why(*asked, certain=True)
    assert reach.ports("load balancer", "instances") == ((port, port),)
