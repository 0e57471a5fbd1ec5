"""The web app."""

from constructs import Construct

from components.database.database import Database
from components.ingestion.landing_bucket import LandingBucket
from components.network.network import Network
from components.web.load_balancer import PublicLoadBalancer
from components.web.web import Web
from config.model import Environment
from config.web import WebConfig
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class WebStack(PlatformStack):
    """Shows the rows to users, and accepts uploads."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        config: WebConfig,
        foundation: FoundationStack,
        network: Network,
        landing_bucket: LandingBucket,
        database: Database,
    ) -> None:
        super().__init__(scope, id_, environment=environment, description="Load balancer and web app")
        web = Web(
            self,
            "Web",
            config=config,
            runtime=environment.runtime,
            network=network,
            landing_bucket=landing_bucket,
            database=database,
            alerts=foundation.alerts,
            log_bucket=foundation.log_bucket,
            logs_key=foundation.keys.logs,
            max_file_mb=environment.ingestion.max_file_mb,
            namespace=f"{environment.project}-{environment.name}",
            removal=self.removal,
        )
        load_balancer = web.load_balancer
        self.output("Url", load_balancer.url, "The app's address")
        if isinstance(load_balancer, PublicLoadBalancer):
            self.output("UserPoolId", load_balancer.sign_in.pool.user_pool_id, "The user pool (make invite)")
        self.output("LoadBalancerName", load_balancer.resource.load_balancer_name, "The load balancer")
        self.output("TargetGroupArn", web.target_group.target_group_arn, "The instances behind the load balancer")
        template = web.instances.launch_template.launch_template_id or ""
        self.output("LaunchTemplateId", template, "How the instances start")
        self.output("ShellDocument", web.sessions.shell.ref, "Sessions with a logged shell (make shell)")
        self.output("TunnelDocument", web.sessions.tunnel.ref, "Sessions that lead to the app's port (make tunnel)")
        self.output("InstanceRoleName", web.role.role.role_name, "The instances' role")
