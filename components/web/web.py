"""The web app on an Auto Scaling group behind an Application Load Balancer."""

from functools import partial
from pathlib import Path

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, acknowledge, by
from components.common.alarm import RunbookAlarm
from components.common.packaging import bundle
from components.common.workload_role import WorkloadRole
from components.database.database import Database
from components.foundation.alerts import Alerts
from components.foundation.log_bucket import LogBucket
from components.ingestion.landing_bucket import LandingBucket
from components.network.network import Network
from components.web.instance_monitoring import InstanceMonitoring
from components.web.instances import WebInstances
from components.web.load_balancer import InternalLoadBalancer, LoadBalancer, PublicLoadBalancer
from components.web.sessions import Sessions
from components.web.user_data import APP_PORT, BOOT_LOG_FILE, HEALTH_PATH, LOG_FILE, user_data
from config.datasets import declarations
from config.model import RuntimeConfig
from config.web import Public, WebConfig

SOURCE = Path("web_src")
DATABASE_USER = "web"
MEBIBYTE = 1024 * 1024
HEALTH_CHECK_INTERVAL = Duration.seconds(15)
HEALTHY_THRESHOLD_COUNT = 2
DEREGISTRATION_DELAY = Duration.seconds(30)  # longer than any page takes; the app ends running requests within 20 s
SLOW_START = Duration.seconds(30)  # the minimum: time for connections to the database and for caches
SLOW_SECONDS = 2
FAILURES = 5


class Web(Construct):
    """Shows the loaded rows. Only the load balancer, and operators through Session Manager, can reach an instance."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: WebConfig,
        runtime: RuntimeConfig,
        network: Network,
        landing_bucket: LandingBucket,
        database: Database,
        alerts: Alerts,
        log_bucket: LogBucket,
        logs_key: kms.IKey,
        max_file_mb: int,
        namespace: str,
        removal: RemovalPolicy,
    ) -> None:
        """`max_file_mb` is the largest upload; `namespace` is that of the instances' metrics."""
        super().__init__(scope, id_)
        network.allow_instance_packages()
        self._app = assets.Asset(self, "App", **bundle(SOURCE, runtime, data=declarations()))
        self.load_balancer: LoadBalancer
        if isinstance(config.exposure, Public):
            self.load_balancer = PublicLoadBalancer(
                self,
                "PublicLoadBalancer",
                exposure=config.exposure,
                config=config,
                network=network,
                log_bucket=log_bucket,
                namespace=namespace,
                logs_key=logs_key,
                removal=removal,
            )
        else:
            self.load_balancer = InternalLoadBalancer(
                self,
                "InternalLoadBalancer",
                exposure=config.exposure,
                config=config,
                network=network,
                log_bucket=log_bucket,
            )
        self.role = self._role()
        monitoring = InstanceMonitoring(
            self,
            "Monitoring",
            role=self.role,
            namespace=namespace,
            key=logs_key,
            days=config.log_days,
            removal=removal,
        )
        self.sessions = Sessions(
            self,
            "Sessions",
            role=self.role,
            app_port=APP_PORT,
            key=logs_key,
            days=config.log_days,
            removal=removal,
        )
        self.instances = WebInstances(
            self,
            "Instances",
            config=config,
            runtime=runtime,
            network=network,
            role=self.role,
            user_data=user_data(
                python=f"python{runtime.python}",
                app=self._app,
                environment=self._environment(landing_bucket, database, max_file_mb),
                monitoring=monitoring.commands({"app": LOG_FILE, "boot": BOOT_LOG_FILE}),
                seen_healthy_after_seconds=int(HEALTH_CHECK_INTERVAL.to_seconds()) * HEALTHY_THRESHOLD_COUNT,
            ),
            alerts=alerts,
        )
        self.target_group = self._target_group(network)
        self.load_balancer.serve(self.target_group)
        self.instances.scale_on_load(config.requests_per_minute)
        database.grant_connect(self.instances.group, self.role, user=DATABASE_USER)
        landing_bucket.grant_upload(self.role, origins=config.exposure.origins)
        self._alarms(alerts)

    def _environment(self, landing_bucket: LandingBucket, database: Database, max_file_mb: int) -> dict[str, str]:
        """The variables that the app reads (web_src/settings.py)."""
        return {
            **database.environment(DATABASE_USER),
            **self.load_balancer.environment,
            "AWS_REGION": Aws.REGION,
            "LANDING_BUCKET": landing_bucket.bucket.bucket_name,
            "INCOMING_PREFIX": landing_bucket.incoming_prefix,
            "MAX_FILE_BYTES": str(max_file_mb * MEBIBYTE),
            "PORT": str(APP_PORT),
        }

    def _role(self) -> WorkloadRole:
        role = WorkloadRole(self, "Identity", service="ec2.amazonaws.com", description="The web app's instances")
        role.allow("s3:GetObject", resources=[self._app.bucket.arn_for_objects(self._app.s3_object_key)])
        # The minimum for Session Manager. These actions have no resource-level permissions (AWS Systems Manager User
        # Guide, "Verify or add instance permissions for Session Manager").
        role.allow(
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
            resources=["*"],
        )
        acknowledge(
            role.policy,
            *by(AWS_SOLUTIONS, rule="IAM5[Resource::*]"),
            reason="Session Manager, CloudWatch metrics and the list of log groups have no resource-level permissions; "
            "a condition limits the metrics to one namespace",
            would_change="if AWS offered resource-level permissions",
        )
        return role

    def _target_group(self, network: Network) -> elbv2.ApplicationTargetGroup:
        return elbv2.ApplicationTargetGroup(
            self,
            # A listener that is replaced with its load balancer can't have a target group that the old one still has.
            f"{self.load_balancer.node.id}TargetGroup",
            vpc=network.vpc,
            target_type=elbv2.TargetType.INSTANCE,
            protocol=elbv2.ApplicationProtocol.HTTP,
            port=APP_PORT,
            targets=[self.instances.group],
            deregistration_delay=DEREGISTRATION_DELAY,
            slow_start=SLOW_START,
            health_check=elbv2.HealthCheck(
                path=HEALTH_PATH, interval=HEALTH_CHECK_INTERVAL, healthy_threshold_count=HEALTHY_THRESHOLD_COUNT
            ),
        )

    def _alarms(self, alerts: Alerts) -> None:
        """Adds alarms for problems that visitors notice. High load has no alarm, because the group grows."""
        alarm = partial(RunbookAlarm, self, capability="web", alerts=alerts)
        alarm(
            "Target5xx",
            metric=self.target_group.metrics.http_code_target(
                elbv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic=cloudwatch.Stats.SUM
            ),
            comparison=">=",
            threshold=FAILURES,
            description="The web app answered requests with server errors.",
            first_step="Read the app's log streams in the log group of the web stack.",
        )
        alarm(
            "LoadBalancer5xx",
            metric=self.load_balancer.resource.metrics.http_code_elb(
                elbv2.HttpCodeElb.ELB_5XX_COUNT, statistic=cloudwatch.Stats.SUM
            ),
            comparison=">=",
            threshold=FAILURES,
            description="The load balancer answered requests with server errors of its own.",
            first_step="Check the health of the targets, then elb_status_code in the load balancer's log.",
        )
        alarm(
            "UnhealthyHosts",
            metric=self.target_group.metrics.unhealthy_host_count(
                statistic=cloudwatch.Stats.MAXIMUM, period=Duration.minutes(1)
            ),
            comparison=">=",
            threshold=1,
            evaluation_periods=20,  # twice the time an instance has to boot, so a replacement should be healthy by then
            description="An instance has been unhealthy for longer than its replacement takes.",
            first_step="Read the boot log streams in the log group of the web stack.",
        )
        alarm(
            "TargetResponseTime",
            metric=self.target_group.metrics.target_response_time(statistic=cloudwatch.Stats.percentile(99)),
            comparison=">=",
            threshold=SLOW_SECONDS,
            evaluation_periods=3,  # at night one slow response is enough for the slowest 1 % of one period
            description=f"The slowest 1 % of responses took {SLOW_SECONDS} seconds or longer.",
            first_step="Check the database's load and its log of slow statements.",
        )
