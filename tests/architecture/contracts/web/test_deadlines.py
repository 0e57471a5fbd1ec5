"""The time limits around the web app fit each other: of load balancer, app, boot script and Auto Scaling."""

import re

import web_src.database
import web_src.limits
import web_src.server
from config.web import DATABASE_POOL
from tests.support.contracts.deployed import Deployed
from tests.support.web.contracts import WebApp


def test_the_load_balancer_closes_connections_first_and_drains_for_longer_than_the_app_needs(
    platform: Deployed, web: WebApp
) -> None:
    ((_, _, balancer),) = platform.resources("AWS::ElasticLoadBalancingV2::LoadBalancer")
    idle = int(_attributes(balancer["LoadBalancerAttributes"])["idle_timeout.timeout_seconds"])
    assert idle < web_src.limits.KEEP_ALIVE_SECONDS
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    drain = int(_attributes(targets["TargetGroupAttributes"])["deregistration_delay.timeout_seconds"])
    assert drain > web_src.server.SHUTDOWN_SECONDS
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", web.script, re.M)
    assert int(stop) > web_src.server.SHUTDOWN_SECONDS
    assert idle > web_src.database.WAIT_SECONDS, (
        "the load balancer closes the connection before the app can answer with an error page"
    )


def test_auto_scaling_waits_for_longer_than_the_boot_script_does(platform: Deployed, web: WebApp) -> None:
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    (sleep,) = re.findall(r"^sleep (\d+)$", web.script, re.M)
    assert int(sleep) == targets["HealthCheckIntervalSeconds"] * targets["HealthyThresholdCount"]
    (retry,) = re.findall(r"--retry-max-time (\d+)", web.script)
    ((stack, id_, group),) = platform.resources("AWS::AutoScaling::AutoScalingGroup")
    policy = platform.synthesized.templates[stack]["Resources"][id_]["CreationPolicy"]
    (minutes,) = re.findall(r"^PT(\d+)M$", policy["ResourceSignal"]["Timeout"])
    assert (int(retry) + int(sleep)) * 2 <= int(minutes) * 60 == group["HealthCheckGracePeriod"]


def test_the_configuration_counts_the_connections_that_the_web_app_opens() -> None:
    assert web_src.database.MAX_CONNECTIONS == DATABASE_POOL


def _attributes(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}
