"""`make tunnel` and `make invite`: the right calls to AWS, and clear words where something is missing."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops.web import __main__ as command_line
from ops.web.invite import invite
from ops.web.tunnel import open_tunnel
from ops.web.web_stack import WebAccessError, WebStack, find

GROUP = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef"
INTERNAL = WebStack(environment="dev", url="http://internal.example.com", target_group_arn=GROUP, user_pool_id=None)
PUBLIC = WebStack(
    environment="prod", url="https://orders.example.com", target_group_arn=GROUP, user_pool_id="eu-central-1_Abc"
)
PERSON = {"UserPoolId": "eu-central-1_Abc", "Username": "ada@example.com"}
INVITATION = {
    **PERSON,
    "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}],
    "DesiredDeliveryMediums": ["EMAIL"],
}


class Session:
    """A session whose clients answer what a test says, and refuse every other call."""

    region_name, profile_name = "eu-central-1", "default"

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, tuple[Any, Stubber]] = {}
        self._real: Any = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=self.region_name
        )

    def client(self, service: str) -> Any:
        return self._stubbed(service)[0]

    def expect(self, service: str, method: str, answer: dict[str, Any], asked: dict[str, Any]) -> None:
        self._stubbed(service)[1].add_response(method, answer, asked)

    def refuse(self, service: str, method: str, code: str, message: str = "") -> None:
        self._stubbed(service)[1].add_client_error(method, code, message)

    def _stubbed(self, service: str) -> tuple[Any, Stubber]:
        if service not in self._stubs:
            client = self._real.client(service)
            self._stubs[service] = client, self._stack.enter_context(Stubber(client))
        return self._stubs[service]

    def assert_all_was_asked(self) -> None:
        for _, stub in self._stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def session() -> Iterator[Session]:
    with ExitStack() as stack:
        session = Session(stack)
        yield session
        session.assert_all_was_asked()


def _health(**states: str) -> dict[str, Any]:
    return {
        "TargetHealthDescriptions": [
            {"Target": {"Id": name.replace("_", "-"), "Port": 8080}, "TargetHealth": {"State": state}}
            for name, state in states.items()
        ]
    }


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session-manager-plugin that notes its arguments and what it was told in private, and ends with 3."""
    path, noted = tmp_path / "session-manager-plugin", tmp_path / "noted"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "$AWS_SSM_START_SESSION_RESPONSE" > {noted}\nexit 3\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return noted


def test_a_tunnel_leads_to_an_instance_that_serves(
    session: Session, plugin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = {
        "Target": "i-2",
        "DocumentName": "AWS-StartPortForwardingSession",
        "Parameters": {"portNumber": ["8080"], "localPortNumber": ["9000"]},
    }
    session.expect("elbv2", "describe_target_health", _health(i_1="initial", i_2="healthy"), {"TargetGroupArn": GROUP})
    token = {"SessionId": "ada-1", "TokenValue": "secret", "StreamUrl": "wss://example.com"}
    session.expect("ssm", "start_session", token, request)
    assert open_tunnel(session, INTERNAL, port=9000) == 3
    assert "http://localhost:9000/ shows dev" in capsys.readouterr().out
    *arguments, private = plugin.read_text().splitlines()
    assert arguments[:4] == ["AWS_SSM_START_SESSION_RESPONSE", "eu-central-1", "StartSession", ""]
    assert json.loads(arguments[4]) == request
    assert json.loads(private) == token
    assert not [argument for argument in arguments if "secret" in argument], "every user sees a process's arguments"


def test_a_tunnel_to_no_healthy_instance_says_how_they_are(session: Session, plugin: Path) -> None:
    session.expect("elbv2", "describe_target_health", _health(i_1="unhealthy"), {"TargetGroupArn": GROUP})
    with pytest.raises(WebAccessError, match=r"no instance of dev is healthy \(i-1 is unhealthy\)"):
        open_tunnel(session, INTERNAL, port=8080)


def test_a_tunnel_without_the_plugin_names_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(WebAccessError, match="session-manager-plugin is not on the PATH: install it"):
        open_tunnel(session, INTERNAL, port=8080)


def test_a_public_page_needs_no_tunnel(session: Session) -> None:
    with pytest.raises(WebAccessError, match=r"open https://orders\.example\.com"):
        open_tunnel(session, PUBLIC, port=8080)


def test_who_is_invited_gets_an_email(session: Session) -> None:
    session.expect("cognito-idp", "admin_create_user", {}, INVITATION)
    assert invite(session, PUBLIC, email="ada@example.com").startswith("ada@example.com is invited to https://orders")


def test_who_never_came_is_invited_again(session: Session) -> None:
    session.refuse("cognito-idp", "admin_create_user", "UsernameExistsException")
    found = {"Username": "ada", "UserStatus": "FORCE_CHANGE_PASSWORD"}
    session.expect("cognito-idp", "admin_get_user", found, PERSON)
    again = {**PERSON, "MessageAction": "RESEND", "DesiredDeliveryMediums": ["EMAIL"]}
    session.expect("cognito-idp", "admin_create_user", {}, again)
    assert "is again" in invite(session, PUBLIC, email="ada@example.com")


def test_who_signs_in_already_gets_nothing(session: Session) -> None:
    session.refuse("cognito-idp", "admin_create_user", "UsernameExistsException")
    session.expect("cognito-idp", "admin_get_user", {"Username": "ada", "UserStatus": "CONFIRMED"}, PERSON)
    assert "nothing was sent" in invite(session, PUBLIC, email="ada@example.com")


@pytest.mark.parametrize("email", ["", "ada", "ada@example", "a b@example.com"])
def test_an_address_that_is_none_is_shown_with_an_example(session: Session, email: str) -> None:
    with pytest.raises(
        WebAccessError, match=r"EMAIL must be an address .* make invite ENV=prod EMAIL=ada@example\.com"
    ):
        invite(session, PUBLIC, email=email)


def test_an_internal_page_invites_nobody(session: Session) -> None:
    with pytest.raises(WebAccessError, match="make tunnel ENV=dev"):
        invite(session, INTERNAL, email="ada@example.com")


def test_the_web_stack_is_found_by_its_outputs(session: Session) -> None:
    outputs = {"Url": PUBLIC.url, "TargetGroupArn": GROUP, "UserPoolId": PUBLIC.user_pool_id}
    stack = {
        "StackName": "shop-prod-web",
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": 0,
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    session.expect("cloudformation", "describe_stacks", {"Stacks": [stack]}, {"StackName": "shop-prod-web"})
    assert find(session, project="shop", environment="prod") == PUBLIC


def test_a_stack_that_is_not_there_says_how_to_deploy_it(session: Session) -> None:
    session.refuse("cloudformation", "describe_stacks", "ValidationError", "Stack with id x does not exist")
    with pytest.raises(WebAccessError, match="shop-dev-web is not deployed in eu-central-1: make deploy ENV=dev"):
        find(session, project="shop", environment="dev")


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that knows nothing of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "local", "tunnel"], "tunnel: local is on this machine: make status"),
        (["--env", "qa", "invite"], "invite: env must be one of local, dev, staging, prod, got 'qa'"),
        (["--env", "dev", "tunnel", "--port", "http"], "tunnel: WEB_PORT must be a port"),
        (["--env", "dev", "tunnel"], "tunnel: no AWS region: REGION=eu-central-1"),
        (["--env", "dev", "--region", "eu-central-1", "tunnel"], "tunnel: no AWS credentials in this shell"),
    ],
)
def test_what_is_missing_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


@pytest.mark.usefixtures("bare_shell")
def test_the_shells_region_is_taken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert command_line.main(["--env", "dev", "tunnel"]) == 1
    assert capsys.readouterr().err.startswith("tunnel: no AWS credentials")
