"""What people see."""

from constructs import Construct

from components.web.load_balancer import PublicLoadBalancer
from components.web.web import Web
from config.model import Environment
from stacks.base import PlatformStack
from stacks.data import DataStack
from stacks.foundation import FoundationStack
from stacks.network import NetworkStack


class WebStack(PlatformStack):
    """Shows what was loaded."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Environment,
        foundation: FoundationStack,
        network: NetworkStack,
        data: DataStack,
    ) -> None:
        super().__init__(scope, id_, config=config, description="Load balancer and web app")
        self.web_tier = Web(
            self,
            "Web",
            config=config.web,
            platform=config.runtime,
            network=network.network,
            landing_bucket=data.landing_bucket,
            database=data.database,
            alerts=foundation.alerts,
            log_bucket=foundation.log_bucket.bucket,
            logs_key=foundation.keys.logs,
            max_file_mb=config.ingestion.max_file_mb,
            namespace=f"{config.project}-{config.name}",
            removal=self.removal,
        )
        entrance = self.web_tier.entrance
        self.output("Url", entrance.url, "Where the app answers")
        if isinstance(entrance, PublicLoadBalancer):
            self.output("UserPoolId", entrance.sign_in.pool.user_pool_id, "Who may sign in (make invite)")
        self.output("LoadBalancerName", self.web_tier.load_balancer.load_balancer_name, "The load balancer")
        self.output("TargetGroupArn", self.web_tier.target_group.target_group_arn, "The instances behind it")
        template = self.web_tier.instances.launch_template.launch_template_id or ""
        self.output("LaunchTemplateId", template, "How they start")
        self.output("InstanceRoleName", self.web_tier.role.role.role_name, "What they may do")
