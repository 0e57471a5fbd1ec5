"""Every time limit is longer than what it waits for: of functions, queues, statements and CloudFormation."""

import importlib
import re
from typing import Any

import common.cloudformation
import ingestion.deadline
import ingestion.messages
import ingestion.settings
from config import ingestion as pipeline
from config.ingestion import QUEUE_DAYS, SECONDS_A_DAY
from tests.support.contracts.deployed import Deployed
from tests.support.contracts.functions import FUNCTIONS
from tests.support.contracts.runtimes import Properties

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
    queues = {queue: function for function in platform.functions() for queue in platform.event_sources(function)}
    assert len(queues) == len(list(platform.resources("AWS::Lambda::EventSourceMapping"))) > 0
    for queue, function in queues.items():
        assert platform.find(queue)[1]["VisibilityTimeout"] >= TIMEOUTS_IN_A_VISIBILITY * function.timeout


def test_the_queue_of_landed_files_keeps_messages_as_the_configuration_assumes(platform: Deployed) -> None:
    _, queue = platform.find(platform.runtime("ingestion").variables["QUEUE_URL"])
    assert queue["MessageRetentionPeriod"] == QUEUE_DAYS * SECONDS_A_DAY


def test_the_longest_backoff_is_the_one_that_the_configuration_assumes() -> None:
    assert ingestion.settings.MAX_BACKOFF_SECONDS == pipeline.MAX_BACKOFF_SECONDS
    assert pipeline.MAX_BACKOFF_SECONDS <= LONGEST_VISIBILITY


def test_ingestion_stops_before_its_timeout_and_keeps_two_thirds_of_it_for_the_work(platform: Deployed) -> None:
    timeout = _timeout(platform, "ingestion")
    left = ingestion.deadline.Deadline(timeout).milliseconds_left() / 1000
    assert timeout * 2 / 3 - 1 < left < timeout - 1


def test_cloudformation_waits_for_longer_than_the_migration_may_run(platform: Deployed) -> None:
    timeout = _timeout(platform, "schema_migration")
    handler: Any = importlib.import_module("schema_migration.handler")
    assert int(_custom_resource(platform, "Custom::SchemaMigration")["ServiceTimeout"]) > timeout
    assert timeout / 2 > handler._CONNECT_SECONDS + handler._RESPONSE_SECONDS
    assert handler._RESPONSE_SECONDS > common.cloudformation._TIMEOUT_SECONDS, "no time is left for a second attempt"


def test_functions_may_run_longer_than_the_statements_of_their_roles(platform: Deployed) -> None:
    """Otherwise Lambda ends the function first, and the log does not name the slow statement."""
    statements = "".join(file.read_text() for file in ROLES.glob("*.sql"))
    limits = dict(re.findall(r"^ALTER ROLE (\w+) SET statement_timeout = '?(\d+)s?'?;", statements, re.M))
    assert set(limits) == {file.stem for file in ROLES.glob("*.sql")}
    for function in platform.functions():
        limit = int(limits.get(function.variables.get("DATABASE_USER", ""), 0))
        assert function.timeout > limit, (
            f"{function.package}: Timeout is {function.timeout} s, a statement takes {limit}"
        )


def test_cloudformation_waits_for_longer_than_the_default_group_takes(platform: Deployed) -> None:
    timeout = _timeout(platform, "default_security_group")
    assert int(_custom_resource(platform, "Custom::EmptyDefaultSecurityGroup")["ServiceTimeout"]) > timeout
    assert timeout / 2 > common.cloudformation._TIMEOUT_SECONDS
