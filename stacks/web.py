"""What people see."""

from constructs import Construct

from components.web_entrance import PublicEntrance
from components.web_tier import WebTier
from config.model import Environment
from stacks.base import PlatformStack
from stacks.data import Data
from stacks.foundation import Foundation
from stacks.network import Network


class Web(PlatformStack):
    """Shows what was loaded."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Environment,
        foundation: Foundation,
        network: Network,
        data: Data,
    ) -> None:
        super().__init__(scope, id_, config=config, description="Load balancer and web app")
        self.web_tier = WebTier(
            self,
            "WebTier",
            config=config.web,
            platform=config.platform,
            network=network.network,
            landing_zone=data.landing_zone,
            database=data.database,
            alerts=foundation.alerts,
            log_bucket=foundation.log_bucket.bucket,
            logs_key=foundation.keys.logs,
            max_file_mb=config.intake.max_file_mb,
            namespace=f"{config.project}-{config.name}",
            removal=self.removal,
        )
        entrance = self.web_tier.entrance
        self.output("Url", entrance.url, "Where the app answers")
        if isinstance(entrance, PublicEntrance):
            self.output("UserPoolId", entrance.sign_in.pool.user_pool_id, "Who may sign in (make invite)")
        self.output("LoadBalancerName", self.web_tier.load_balancer.load_balancer_name, "The load balancer")
        self.output("TargetGroupArn", self.web_tier.target_group.target_group_arn, "The instances behind it")
        template = self.web_tier.instances.launch_template.launch_template_id or ""
        self.output("LaunchTemplateId", template, "How they start")
        self.output("InstanceRoleName", self.web_tier.role.role.role_name, "What they may do")
