"""Who waits for something waits longer than it takes: functions, queues, the load balancer, CloudFormation."""

import importlib
import re
from typing import Any

import common.cloudformation
import ingestion.deadline
import ingestion.messages
import ingestion.settings
import web_src.database
import web_src.server
from config import ingestion as pipeline
from config.ingestion import QUEUE_DAYS, SECONDS_A_DAY
from config.web import DATABASE_POOL
from tests.support.contracts.deployed import FUNCTIONS, Deployed, Properties

# AWS Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping".
TIMEOUTS_IN_A_VISIBILITY = 6
ROLES = FUNCTIONS / "schema_migration" / "roles"
LONGEST_VISIBILITY = 12 * 3600  # (Amazon SQS API Reference, "ChangeMessageVisibility")


def _timeout(platform: Deployed, package: str) -> int:
    return int(platform.runtime(package).properties["Timeout"])


def _custom_resource(platform: Deployed, type_: str) -> Properties:
    ((_, _, properties),) = platform.resources(type_)
    return properties


def test_a_message_stays_hidden_for_longer_than_its_function_may_run(platform: Deployed) -> None:
    timeout = _timeout(platform, "ingestion")
    _, queue = platform.find(platform.runtime("ingestion").variables["QUEUE_URL"])
    assert queue["VisibilityTimeout"] >= TIMEOUTS_IN_A_VISIBILITY * timeout
    assert queue["MessageRetentionPeriod"] == QUEUE_DAYS * SECONDS_A_DAY


def test_the_file_intake_waits_as_the_configuration_reckons() -> None:
    assert ingestion.messages.LONGEST_WAIT_SECONDS == pipeline.MAX_BACKOFF_SECONDS
    assert ingestion.settings.MAX_BACKOFF_SECONDS == pipeline.MAX_BACKOFF_SECONDS
    assert pipeline.MAX_BACKOFF_SECONDS <= LONGEST_VISIBILITY


def test_the_file_intake_stops_in_time_and_keeps_the_larger_part_for_the_work(platform: Deployed) -> None:
    timeout = _timeout(platform, "ingestion")
    left = ingestion.deadline.Deadline(timeout).milliseconds_left() / 1000
    assert timeout * 2 / 3 - 1 < left < timeout - 1


def test_cloudformation_waits_for_longer_than_the_migration_may_run(platform: Deployed) -> None:
    timeout = _timeout(platform, "schema_migration")
    handler: Any = importlib.import_module("schema_migration.handler")
    assert int(_custom_resource(platform, "Custom::SchemaMigration")["ServiceTimeout"]) > timeout
    assert timeout / 2 > handler._CONNECT_SECONDS + handler._RESPONSE_SECONDS
    assert handler._RESPONSE_SECONDS > common.cloudformation._TIMEOUT_SECONDS, "for one attempt that hangs"


def test_functions_outlive_the_statements_that_their_roles_may_run(platform: Deployed) -> None:
    """Otherwise Lambda ends them in the middle, and nobody learns which statement took so long."""
    statements = "".join(file.read_text() for file in ROLES.glob("*.sql"))
    limits = dict(re.findall(r"^ALTER ROLE (\w+) SET statement_timeout = '?(\d+)s?'?;", statements, re.M))
    assert set(limits) == {file.stem for file in ROLES.glob("*.sql")}
    for runtime in platform.runtimes():
        limit = int(limits.get(runtime.variables.get("DATABASE_USER", ""), 0))
        timeout = runtime.properties.get("Timeout")  # an instance has none
        assert timeout is None or timeout > limit, (
            f"{runtime.package}: Timeout is {timeout} s, a statement takes {limit}"
        )


def test_cloudformation_waits_for_longer_than_the_default_group_takes(platform: Deployed) -> None:
    timeout = _timeout(platform, "default_security_group")
    assert int(_custom_resource(platform, "Custom::EmptyDefaultSecurityGroup")["ServiceTimeout"]) > timeout
    assert timeout / 2 > common.cloudformation._TIMEOUT_SECONDS


def test_the_load_balancer_hangs_up_first_and_drains_for_longer_than_the_app_needs(platform: Deployed) -> None:
    ((_, _, balancer),) = platform.resources("AWS::ElasticLoadBalancingV2::LoadBalancer")
    idle = int(_attributes(balancer["LoadBalancerAttributes"])["idle_timeout.timeout_seconds"])
    assert idle < web_src.server.KEEP_ALIVE_SECONDS
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    drain = int(_attributes(targets["TargetGroupAttributes"])["deregistration_delay.timeout_seconds"])
    assert drain > web_src.server.SHUTDOWN_SECONDS
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", platform.runtime("web_src").script, re.M)
    assert int(stop) > web_src.server.SHUTDOWN_SECONDS
    assert idle > web_src.database.WAIT_SECONDS, "the page that says so reaches the visitor"


def test_auto_scaling_waits_for_longer_than_the_boot_script_does(platform: Deployed) -> None:
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    script = platform.runtime("web_src").script
    (sleep,) = re.findall(r"^sleep (\d+)$", script, re.M)
    assert int(sleep) == targets["HealthCheckIntervalSeconds"] * targets["HealthyThresholdCount"]
    (retry,) = re.findall(r"--retry-max-time (\d+)", script)
    ((stack, id_, group),) = platform.resources("AWS::AutoScaling::AutoScalingGroup")
    policy = platform.synthesized.templates[stack]["Resources"][id_]["CreationPolicy"]
    (minutes,) = re.findall(r"^PT(\d+)M$", policy["ResourceSignal"]["Timeout"])
    assert (int(retry) + int(sleep)) * 2 <= int(minutes) * 60 == group["HealthCheckGracePeriod"]


def test_the_configuration_counts_the_web_apps_connections_as_they_are() -> None:
    assert web_src.database.MAX_CONNECTIONS == DATABASE_POOL


def _attributes(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}
