"""Infrastructure and runtime never import each other; here is where the two must agree."""

import inspect
from pathlib import Path
from typing import Any

import file_intake.messages
import file_intake.settings
import housekeeping.settings
import operations.settings
import schema_migration.settings
import web_src.database
import web_src.pages
import web_src.settings
from config import connections, pipeline
from tests.synthesis import Synthesized, public

# What Lambda sets for every function (AWS Lambda Developer Guide, "Defined runtime environment variables").
BY_LAMBDA = {"AWS_REGION": "eu-central-1"}
LOAD_BALANCER = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188"


def _variables(synthesized: Synthesized, function: str) -> dict[str, str]:
    (properties,) = (
        resource["Properties"]
        for id_, resource in synthesized.resources("Pipeline", "AWS::Lambda::Function").items()
        if id_.startswith(function)
    )
    return {name: _filled_in(name, value) for name, value in properties["Environment"]["Variables"].items()}


def _filled_in(name: str, value: Any) -> str:
    """A deployed value where the template refers to one."""
    return value if isinstance(value, str) else ("5433" if name == "DATABASE_PORT" else "deployed")


def _read_by(settings: object) -> set[str]:
    """The variables that a settings module names in capitals."""
    words = inspect.getsource(settings).replace('"', " ").split()  # type: ignore[arg-type]
    return {word for word in words if word.isupper() and "_" in word and word.isidentifier()}


def test_the_file_intake_finds_its_settings(every_environment: Synthesized) -> None:
    variables = _variables(every_environment, "FileIntake") | BY_LAMBDA
    settings = file_intake.settings.Settings.from_env(variables)
    assert settings.database_user == "file_intake"
    config = every_environment.environment.intake
    assert settings.max_file_bytes == config.max_file_mb * 1024 * 1024
    assert (settings.max_rejected_percent, settings.first_retry_seconds) == (
        config.max_rejected_percent,
        config.first_retry_seconds,
    )
    assert settings.metrics_namespace == f"shop-{every_environment.environment.name}"


def test_the_file_intake_waits_no_longer_than_the_configuration_reckons() -> None:
    assert file_intake.messages.LONGEST_WAIT_SECONDS == pipeline.LONGEST_RETRY_SECONDS


def test_alarms_watch_the_metrics_where_the_function_writes_them(every_environment: Synthesized) -> None:
    namespace = _variables(every_environment, "FileIntake")["METRICS_NAMESPACE"]
    alarms = [a["Properties"] for a in every_environment.resources("Pipeline", "AWS::CloudWatch::Alarm").values()]
    (ours,) = (alarm for alarm in alarms if alarm["MetricName"] == "FilesRefused")
    assert ours["Namespace"] == namespace
    assert ours["Dimensions"] == [{"Name": "service", "Value": file_intake.settings.__package__}]


def test_the_schema_migration_finds_its_settings(every_environment: Synthesized) -> None:
    settings = schema_migration.settings.Settings.from_env(_variables(every_environment, "SchemaMigration") | BY_LAMBDA)
    assert settings.database_name == "shop"


def test_operations_and_housekeeping_find_their_settings(every_environment: Synthesized) -> None:
    asked = operations.settings.Settings.from_env(_variables(every_environment, "Operations") | BY_LAMBDA)
    assert asked.database_user == "operations"
    nightly = housekeeping.settings.Settings.from_env(_variables(every_environment, "Housekeeping") | BY_LAMBDA)
    assert nightly.database_user == "housekeeping"
    assert nightly.reject_days == every_environment.environment.intake.reject_days


def _deployed(reference: dict[str, Any]) -> str:
    return LOAD_BALANCER if "LoadBalancer" in str(reference) else "5433"


def _variables_of_the_web_app(synthesized: Synthesized) -> dict[str, str]:
    template = synthesized.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    pieces = template["UserData"]["Fn::Base64"]["Fn::Join"][1]
    script = "".join(piece if isinstance(piece, str) else _deployed(piece) for piece in pieces)
    lines = script.partition('shop-web.env" <<"END"\n')[2].partition("\nEND\n")[0].splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_web_app_finds_its_settings(every_environment: Synthesized) -> None:
    variables = _variables_of_the_web_app(every_environment)
    assert set(variables) <= _read_by(web_src.settings) | {"PORT"}
    settings = web_src.settings.Settings.from_env(variables)
    assert settings.database_user == "web"
    assert settings.sign_in is None
    assert settings.max_file_bytes == every_environment.environment.intake.max_file_mb * 1024 * 1024
    (target,) = every_environment.resources("Web", "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    assert settings.port == target["Properties"]["Port"]


def test_a_public_web_app_is_told_whom_to_believe() -> None:
    variables = _variables_of_the_web_app(public())
    assert set(variables) <= _read_by(web_src.settings) | {"PORT"}
    assert web_src.settings.Settings.from_env(variables).sign_in is not None


def test_templates_set_no_variable_that_nobody_reads(every_environment: Synthesized) -> None:
    settings_of = {
        "FileIntake": file_intake.settings,
        "SchemaMigration": schema_migration.settings,
        "Operations": operations.settings,
        "Housekeeping": housekeeping.settings,
    }
    for function, settings in settings_of.items():
        assert set(_variables(every_environment, function)) <= _read_by(settings), function


def test_handlers_stand_where_the_templates_say(every_environment: Synthesized) -> None:
    for stack in ("Network", "Pipeline"):
        for function in every_environment.resources(stack, "AWS::Lambda::Function").values():
            package, module, name = function["Properties"]["Handler"].split(".")
            assert f"def {name}(" in Path(f"lambda_src/{package}/{module}.py").read_text()


def test_the_health_check_asks_for_a_path_that_the_app_has(prod: Synthesized) -> None:
    path = prod.only("Web", "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"]
    assert f'"{path}"' in inspect.getsource(web_src.pages)


def test_the_configuration_counts_the_web_apps_connections_as_they_are() -> None:
    assert web_src.database.MAX_CONNECTIONS == connections.WEB_POOL
