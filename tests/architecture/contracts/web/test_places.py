"""Instances start the app that they fetched, and it listens where the load balancer connects."""

import re
from pathlib import Path

from tests.support.contracts.deployed import Deployed
from tests.support.network_reach import reachability
from tests.support.web.contracts import APP, WebApp
from web_src import settings as web_settings


def test_instances_start_the_app_of_the_asset_that_they_fetched(platform: Deployed, web: WebApp) -> None:
    (key,) = re.findall(r"s3://[^/\s]+/(\S+) ", web.script)
    assert key == platform.asset(APP)
    ((python, module),) = re.findall(r"^ExecStart=/usr/bin/(\S+) -m (\S+)$", web.script, re.M)
    assert (Path(module) / "__main__.py").exists()
    assert module == APP.name
    installed = re.findall(r"^retry dnf install .* (\S+)$", web.script, re.M)
    unpacked = re.findall(r"^(\S+) -m zipfile ", web.script, re.M)
    assert installed == unpacked == [python]
    (folder,) = re.findall(r"^WorkingDirectory=(\S+)$", web.script, re.M)
    assert f'"$ROOT{folder}"\n' in web.script, "the service does not start in the folder of the unpacked app"


def test_the_load_balancer_reaches_the_app_on_the_port_where_it_listens(platform: Deployed, web: WebApp) -> None:
    port = int(web.variables["PORT"])
    assert port == web_settings.DEFAULT_PORT, "the app's default port differs from that of the load balancer"
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    assert (targets["Port"], targets["Protocol"]) == (port, "HTTP")
    assert targets.get("HealthCheckPort", "traffic-port") == "traffic-port"
    assert re.findall(r"http://localhost:(\d+)/", web.script) == [str(port)], (
        "the boot script waits for the app on another port"
    )
    reach = reachability(platform.synthesized.environment)
    asked = ("load balancer", "instances", port)
    assert reach.certain(*asked), reach.why(*asked, certain=True)
    assert reach.ports("load balancer", "instances") == ((port, port),)
