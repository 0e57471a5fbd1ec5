"""Checks that the web pages answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import Request, urlopen

from config.environments import named
from config.web import Internal
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment

_SECONDS = 20.0
_LOCAL_URL = "WEB_URL"  # of .local/env.sh


def instances_are_healthy(environment: DeployedEnvironment) -> Iterator[str]:
    """Every instance answers the load balancer's health check, and there is at least one."""
    _require_web(environment)
    web = environment.outputs("web")
    load_balancing = environment.session.client("elbv2")
    answer = load_balancing.describe_target_health(TargetGroupArn=web["TargetGroupArn"])
    states = [(each["Target"]["Id"], each["TargetHealth"]["State"]) for each in answer["TargetHealthDescriptions"]]
    if not states:
        yield "no instance is registered with the load balancer: docs/runbook/web.md says what to do"
    for instance, state in states:
        if state not in ("healthy", "initial", "draining"):
            yield f"the instance {instance} is {state}: docs/runbook/web.md says what to do"


def pages_answer(environment: DeployedEnvironment) -> Iterator[str]:
    """The first page of public pages answers with the sign-in page, and that of local pages with the page itself."""
    _require_web(environment)
    web = environment.outputs("web")
    config = named(environment.name).web
    if environment.is_local:
        url = os.environ.get(_LOCAL_URL, "")
        if not url:
            raise SkippedError(f"the variable {_LOCAL_URL} is not set: source .local/env.sh")
    elif config is not None and isinstance(config.exposure, Internal):
        raise SkippedError(
            f"the pages are internal: `make tunnel ENV={environment.name}` opens them, and the load balancer's health "
            "check asks the app"
        )
    else:
        url = web["Url"]
    try:
        with urlopen(Request(url), timeout=_SECONDS):  # noqa: S310 - the address of our own pages
            return
    except URLError as error:
        yield f"{url} does not answer ({error}): docs/runbook/web.md says what to do"


def _require_web(environment: DeployedEnvironment) -> None:
    if named(environment.name).web is None:
        raise SkippedError(f"{environment.name} has no web pages")


CHECKS = (
    Check(name="the web instances are healthy", problems=instances_are_healthy),
    Check(name="the web pages answer", problems=pages_answer),
)
