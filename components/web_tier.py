"""The web app on an Auto Scaling group behind an Application Load Balancer."""

from pathlib import Path

from aws_cdk import Aws, Duration
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from components import ports
from components.acknowledgement import acknowledge
from components.alerts import Alerts
from components.database import Database
from components.landing_zone import LandingZone
from components.log_bucket import LOAD_BALANCER_LOGS
from components.network import Network
from components.packaging import bundle
from components.web_instance import HEALTH_PATH, user_data
from components.workload_role import WorkloadRole
from config import model

SOURCE = Path("web_src")
DATABASE_USER = "web"
LISTENER_PORT = 80
BOOT = Duration.minutes(10)  # packages, asset and first health check, on the smallest instance type
CPU_TYPES = {"arm64": ec2.AmazonLinuxCpuType.ARM_64, "x86_64": ec2.AmazonLinuxCpuType.X86_64}


class WebTier(Construct):
    """Shows what was loaded. Nothing reaches an instance but the load balancer, and operators through SSM."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: model.WebTier,
        platform: model.Platform,
        network: Network,
        landing_zone: LandingZone,
        database: Database,
        alerts: Alerts,
        log_bucket: s3.IBucket,
    ) -> None:
        super().__init__(scope, id_)
        self._network = network
        self._app = assets.Asset(self, "App", **bundle(SOURCE, platform))
        self.role = self._role()
        self.user_data = user_data(
            python=f"python{platform.python}",
            app=self._app,
            environment=database.environment(DATABASE_USER)
            | {
                "AWS_REGION": Aws.REGION,
                "LANDING_BUCKET": landing_zone.bucket.bucket_name,
                "INCOMING_PREFIX": landing_zone.incoming_prefix,
                "PORT": str(ports.WEB_APP),
            },
        )
        self.launch_template = self._launch_template(config, platform)
        self.group = self._group(config, alerts)
        self.user_data.add_signal_on_exit_command(self.group)
        self.load_balancer = self._load_balancer(config, log_bucket)
        self.target_group = self._target_group()
        database.allow_client(self.group, self.role, user=DATABASE_USER)

    def _role(self) -> WorkloadRole:
        role = WorkloadRole(self, "Identity", service="ec2.amazonaws.com", description="The web app's instances")
        role.allow("s3:GetObject", on=[self._app.bucket.arn_for_objects(self._app.s3_object_key)])
        # What Session Manager needs at least; it offers none of it on single resources (AWS Systems Manager User
        # Guide, "Verify or add instance permissions for Session Manager").
        role.allow(
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
            on=["*"],
        )
        acknowledge(
            role.policy,
            "AwsSolutions-IAM5[Resource::*]",
            reason="Session Manager, the only way to an instance's shell, offers its channels on all resources only; "
            "would change if AWS offered resource-level permissions",
        )
        return role

    def _launch_template(self, config: model.WebTier, platform: model.Platform) -> ec2.LaunchTemplate:
        security_group = ec2.SecurityGroup(
            self,
            "InstanceSecurityGroup",
            vpc=self._network.vpc,
            description="Instances of the web app",
            allow_all_outbound=False,
        )
        self._network.allow_https_out(security_group)
        return ec2.LaunchTemplate(
            self,
            "LaunchTemplate",
            instance_type=ec2.InstanceType(config.instance_type),
            # Resolved when an instance starts, so that one replaced for its age comes up with the newest patches.
            machine_image=ec2.MachineImage.resolve_ssm_parameter_at_launch(
                ec2.AmazonLinux2023ImageSsmParameter.ssm_parameter_name(cpu_type=CPU_TYPES[platform.architecture])
            ),
            role=self.role.sealed,
            user_data=self.user_data,
            security_group=security_group,
            associate_public_ip_address=None,  # the app subnets give none
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            detailed_monitoring=True,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    # The account's own EBS key: a customer's would need a grant to the Auto Scaling service, and
                    # nothing but the operating system and the app lies here.
                    volume=ec2.BlockDeviceVolume.ebs(16, volume_type=ec2.EbsDeviceVolumeType.GP3, encrypted=True),
                )
            ],
        )

    def _group(self, config: model.WebTier, alerts: Alerts) -> autoscaling.AutoScalingGroup:
        group = autoscaling.AutoScalingGroup(
            self,
            "Group",
            vpc=self._network.vpc,
            vpc_subnets=self._network.app_subnets,
            launch_template=self.launch_template,
            min_capacity=config.min_instances,
            max_capacity=config.max_instances,
            # A new version counts as good when its instances say so; else the deployment rolls back by itself.
            signals=autoscaling.Signals.wait_for_min_capacity(timeout=BOOT),
            update_policy=autoscaling.UpdatePolicy.rolling_update(
                min_instances_in_service=config.min_instances,
                max_batch_size=1,
                pause_time=BOOT,
            ),
            health_checks=autoscaling.HealthChecks.with_additional_checks(
                additional_types=[autoscaling.AdditionalHealthCheckType.ELB], grace_period=BOOT
            ),
            max_instance_lifetime=Duration.days(30),
            group_metrics=[autoscaling.GroupMetrics.all()],
            notifications=[
                autoscaling.NotificationConfiguration(topic=alerts.topic, scaling_events=autoscaling.ScalingEvents.ALL)
            ],
        )
        group.scale_on_cpu_utilization("Cpu", target_utilization_percent=50)
        # The role's policy is complete before the first instance asks for anything.
        group.node.add_dependency(self.role)
        return group

    def _load_balancer(self, config: model.WebTier, log_bucket: s3.IBucket) -> elbv2.ApplicationLoadBalancer:
        security_group = ec2.SecurityGroup(
            self,
            "LoadBalancerSecurityGroup",
            vpc=self._network.vpc,
            description="Load balancer of the web app",
            allow_all_outbound=False,
        )
        security_group.add_ingress_rule(
            self._network.tier("app"), ec2.Port.tcp(LISTENER_PORT), "Callers inside the app subnets"
        )
        balancer = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=self._network.vpc,
            vpc_subnets=self._network.app_subnets,
            internet_facing=False,
            security_group=security_group,
            deletion_protection=config.deletion_protection,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
        )
        # As attributes: the construct's own method must know the region to look up an account that AWS no longer uses.
        balancer.set_attribute("access_logs.s3.enabled", "true")
        balancer.set_attribute("access_logs.s3.bucket", log_bucket.bucket_name)
        balancer.set_attribute("access_logs.s3.prefix", LOAD_BALANCER_LOGS)
        return balancer

    def _target_group(self) -> elbv2.ApplicationTargetGroup:
        group = elbv2.ApplicationTargetGroup(
            self,
            "Targets",
            vpc=self._network.vpc,
            target_type=elbv2.TargetType.INSTANCE,
            protocol=elbv2.ApplicationProtocol.HTTP,
            port=ports.WEB_APP,
            targets=[self.group],
            deregistration_delay=Duration.seconds(30),
            health_check=elbv2.HealthCheck(path=HEALTH_PATH, interval=Duration.seconds(15), healthy_threshold_count=2),
        )
        self.load_balancer.add_listener(
            "Http",
            port=LISTENER_PORT,
            protocol=elbv2.ApplicationProtocol.HTTP,
            open=False,
            default_target_groups=[group],
        )
        return group
