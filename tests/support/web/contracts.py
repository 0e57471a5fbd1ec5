"""The web app on its instances, for the contract tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from checks.templates import ResourceId
from config.web import Public
from tests.support.contracts.rights import ANY, ARN, ENCRYPT, LOGS, arn, key_of_bucket, landed_objects, via
from tests.support.contracts.runtimes import Contribution, Right, Runtime
from tests.support.web.variants import web_of

if TYPE_CHECKING:
    from tests.support.contracts.deployed import Deployed

APP = Path("web_src")
# For the agent that is part of Amazon Linux (AWS Systems Manager User Guide, "Verify or add instance permissions for
# Session Manager").
SESSION_MANAGER = {
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
# The agent looks up the existing streams (Amazon CloudWatch User Guide, "Create IAM roles and users for use with the
# CloudWatch agent").
AGENT_LOGS = LOGS | {"logs:DescribeLogStreams"}
# Session Manager's agent looks up whether the log group of shells is encrypted (AWS Systems Manager User Guide, "Create
# an IAM role with permissions for Session Manager and Amazon S3 and CloudWatch Logs").
SHELL_LOG = "logs:DescribeLogGroups"
SIGN_IN = ("SIGN_IN_LOAD_BALANCER_ARN", "SIGN_IN_CLIENT_ID", "SIGN_IN_ISSUER", "SIGN_IN_LOGOUT_URL")


@dataclass(frozen=True, kw_only=True)
class WebApp(Runtime):
    """The app, which the boot script of a launch template starts."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {
        **Runtime.EXAMPLES,
        "SIGN_IN_LOAD_BALANCER_ARN": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/orders/5",
    }
    WITH_DEFAULT: ClassVar[frozenset[str]] = frozenset({"PORT", "MAX_FILE_BYTES"})
    IN_VPC: ClassVar[bool] = True

    script: str
    public: bool

    @property
    def node(self) -> str:
        """Its name in `checks.reachability`."""
        return "instances"

    @property
    def left_to_default(self) -> Mapping[str, str]:
        """Variables that the code reads and the templates don't set, with the reason."""
        reasons = {
            **super().left_to_default,
            "DATASETS": "the declarations are in the asset, where the code finds them by default",
            "HOST": "an instance listens on all of its addresses",
            "UPLOAD_ENDPOINT_URL": "for the local cloud only",
        }
        return reasons if self.public else reasons | dict.fromkeys(SIGN_IN, "for public apps only")

    def agent(self) -> Any:
        """The configuration of the CloudWatch agent."""
        return json.loads(self.script.partition("/etc/web.json <<'END'\n")[2].partition("\nEND\n")[0])

    def rights_beyond_calls(self, platform: Deployed) -> Iterator[Right]:
        """For the boot script and the agents that it starts. cfn-signal needs no rights: it signs in another way."""
        assert set(re.findall(r"(?<![\w/.-])aws +(\S+ +\S+)", self.script)) == {"s3 cp"}
        ((bucket, key),) = re.findall(r" s3://([^/\s]+)/(\S+) ", self.script)
        yield Right("s3:GetObject", f"{ARN}s3:::{bucket}/{key}")
        yield from (Right(action, ANY) for action in SESSION_MANAGER)
        agent = self.agent()
        files = agent["logs"]["logs_collected"]["files"]["collect_list"]
        shells = (document["Content"].get("inputs") for _, _, document in platform.resources("AWS::SSM::Document"))
        (shell_log,) = (platform.text(inputs["cloudWatchLogGroupName"], "Web") for inputs in shells if inputs)
        yield Right(SHELL_LOG, ANY)
        for group in {shell_log, *(file["log_group_name"] for file in files)}:
            yield from (Right(action, arn(group)) for action in AGENT_LOGS)
        condition = json.dumps({"StringEquals": {"cloudwatch:namespace": agent["metrics"]["namespace"]}})
        yield Right("cloudwatch:PutMetricData", ANY, condition)


def web_app(platform: Deployed) -> WebApp:
    """The app of a platform that has one."""
    ((stack, id_, properties),) = platform.resources("AWS::EC2::LaunchTemplate")
    data = properties["LaunchTemplateData"]
    script = platform.text(data["UserData"]["Fn::Base64"], stack)
    lines = script.partition('web.env" <<"END"\n')[2].partition("\nEND\n")[0].splitlines()
    ((_, profile),) = [platform.find(platform.text(each, stack)) for each in data["IamInstanceProfile"].values()]
    (role,) = profile["Roles"]
    allowed, denied = platform.rights(platform.place(platform.text(role, stack)))
    return WebApp(
        folder=APP,
        resource=ResourceId(stack=stack, logical_id=id_),
        variables=dict(line.split("=", 1) for line in lines),
        allowed=allowed,
        denied=denied,
        properties=data,
        script=script,
        public=isinstance(web_of(platform.synthesized).exposure, Public),
    )


def _runtimes(platform: Deployed) -> Iterator[Runtime]:
    if platform.synthesized.environment.web:
        yield web_app(platform)


def _writing_objects(platform: Deployed, runtime: Runtime) -> Iterator[Right]:
    yield Right("s3:PutObject", landed_objects(runtime))
    yield from (Right(each, key_of_bucket(platform, runtime), via("s3")) for each in ENCRYPT)


CONTRIBUTION = Contribution(
    runtimes=_runtimes,
    rights_of_calls={"s3:PutObject": _writing_objects},
    dimensions={
        # The CDK extracts a load balancer's name from its listener's ARN.
        ("AWS/ApplicationELB", "LoadBalancer"): frozenset(
            {"AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"}
        ),
        ("AWS/ApplicationELB", "TargetGroup"): frozenset({"AWS::ElasticLoadBalancingV2::TargetGroup"}),
    },
)
