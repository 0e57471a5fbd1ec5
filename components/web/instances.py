"""The launch template and the Auto Scaling group of the web app."""

from aws_cdk import Duration
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, acknowledge, by
from components.common.workload_role import WorkloadRole
from components.foundation.alerts import Alerts
from components.network.network import Network
from config.model import RuntimeConfig
from config.web import REPLACED_PERCENT, Capacity, OnDemandInstances, Public, WebConfig, WithSpotInstances

BOOT_TIMEOUT = Duration.minutes(10)  # packages, asset and first health check, on the smallest instance type
WARM_UP = Duration.minutes(2)  # before the metrics of a new instance count
MAX_INSTANCE_LIFETIME = Duration.days(30)
# The app is one process: on an instance with two processors it uses half of the CPU at most, with four a quarter. The
# group usually scales on requests before it scales on CPU.
TARGET_CPU_PERCENT = 20
CPU_TYPES = {"arm64": ec2.AmazonLinuxCpuType.ARM_64, "x86_64": ec2.AmazonLinuxCpuType.X86_64}


class WebInstances(Construct):
    """Keeps as many instances as the load needs, in all zones. Replaces unhealthy and outdated ones."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: WebConfig,
        runtime: RuntimeConfig,
        network: Network,
        role: WorkloadRole,
        user_data: ec2.UserData,
        alerts: Alerts,
    ) -> None:
        super().__init__(scope, id_)
        self._network = network
        self.launch_template = self._launch_template(config, runtime, role, user_data)
        self.group = self._group(config, alerts)
        # The first instance must not start before the role's policy is complete.
        self.group.node.add_dependency(role)
        user_data.add_signal_on_exit_command(self.group)
        if config.warm_instances:
            # Equal numbers keep the pool at that size (Amazon EC2 Auto Scaling User Guide, "Create a warm pool").
            self.group.add_warm_pool(min_size=config.warm_instances, max_group_prepared_capacity=config.warm_instances)

    def scale_on_load(self, requests_per_minute: int) -> None:
        """Adds instances when their CPU is busy or each gets more requests. Call it when the group has a listener."""
        self.group.scale_on_cpu_utilization("Cpu", target_utilization_percent=TARGET_CPU_PERCENT)
        self.group.scale_on_request_count("Requests", target_requests_per_minute=requests_per_minute)

    def _launch_template(
        self, config: WebConfig, runtime: RuntimeConfig, role: WorkloadRole, user_data: ec2.UserData
    ) -> ec2.LaunchTemplate:
        security_group = self._network.security_group(self, "Instances of the web app")
        if isinstance(config.exposure, Public):
            # The app verifies each sign-in with public keys from the internet.
            self._network.allow_https_out(security_group)
        else:
            self._network.allow_calls(security_group)
        return ec2.LaunchTemplate(
            self,
            "LaunchTemplate",
            instance_type=ec2.InstanceType(config.capacity.types[0]),
            # Resolved when an instance starts, so that a replacement has the newest patches.
            machine_image=ec2.MachineImage.resolve_ssm_parameter_at_launch(
                ec2.AmazonLinux2023ImageSsmParameter.ssm_parameter_name(cpu_type=CPU_TYPES[runtime.architecture])
            ),
            role=role.sealed,
            user_data=user_data,
            security_group=security_group,
            associate_public_ip_address=None,  # the app subnets assign none
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            detailed_monitoring=True,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    # With the account's EBS key, not ours (docs/decisions/web/0011).
                    volume=ec2.BlockDeviceVolume.ebs(16, volume_type=ec2.EbsDeviceVolumeType.GP3, encrypted=True),
                )
            ],
        )

    def _group(self, config: WebConfig, alerts: Alerts) -> autoscaling.AutoScalingGroup:
        # Auto Scaling publishes its notifications with its service-linked role.
        alerts.allow_service_linked_role("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling")
        mixed = _mixed(config.capacity, self.launch_template)
        group = autoscaling.AutoScalingGroup(
            self,
            "AutoScalingGroup",
            vpc=self._network.vpc,
            vpc_subnets=self._network.app_subnets,
            launch_template=None if mixed else self.launch_template,
            mixed_instances_policy=mixed,
            capacity_rebalance=isinstance(config.capacity, WithSpotInstances),
            # No desired capacity: every deployment would reset the group to it, whatever the load.
            min_capacity=config.min_instances,
            max_capacity=config.max_instances,
            # The deployment rolls back unless the new instances signal success.
            signals=autoscaling.Signals.wait_for_min_capacity(timeout=BOOT_TIMEOUT),
            update_policy=_update_policy(config),
            health_checks=autoscaling.HealthChecks.with_additional_checks(
                additional_types=[autoscaling.AdditionalHealthCheckType.ELB], grace_period=BOOT_TIMEOUT
            ),
            default_instance_warmup=WARM_UP,
            # Launches replacements before it terminates unhealthy or expired instances.
            min_healthy_percentage=100,
            max_healthy_percentage=100 + REPLACED_PERCENT,
            max_instance_lifetime=MAX_INSTANCE_LIFETIME,
            group_metrics=[autoscaling.GroupMetrics.all()],
            notifications=[
                autoscaling.NotificationConfiguration(topic=alerts.topic, scaling_events=autoscaling.ScalingEvents.ALL)
            ],
        )
        if mixed:
            acknowledge(
                group,
                *by(AWS_SOLUTIONS, rule="EC26"),
                *by(NIST, HIPAA, rule="EC2IMDSv2Enabled"),
                reason="cdk-nag cannot evaluate this rule for a group with mixed instances; tests check the launch "
                "template",
                would_change="if cdk-nag could evaluate such groups",
            )
        return group


def _mixed(capacity: Capacity, template: ec2.LaunchTemplate) -> autoscaling.MixedInstancesPolicy | None:
    """The policy for several instance types or spot instances; None for one on-demand type."""
    match capacity:
        case OnDemandInstances(types=(_,)):
            return None
        case OnDemandInstances():
            distribution = autoscaling.InstancesDistribution(
                on_demand_allocation_strategy=autoscaling.OnDemandAllocationStrategy.PRIORITIZED,
                on_demand_percentage_above_base_capacity=100,
            )
        case WithSpotInstances():
            distribution = autoscaling.InstancesDistribution(
                on_demand_allocation_strategy=autoscaling.OnDemandAllocationStrategy.PRIORITIZED,
                on_demand_base_capacity=capacity.on_demand_base,
                on_demand_percentage_above_base_capacity=100 - capacity.spot_percent,
                spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
            )
    return autoscaling.MixedInstancesPolicy(
        launch_template=template,
        instances_distribution=distribution,
        launch_template_overrides=[
            autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType(each)) for each in capacity.types
        ],
    )


def _update_policy(config: WebConfig) -> autoscaling.UpdatePolicy:
    if config.warm_instances:
        # A new group replaces the old one. A rolling update would take instances from the warm pool, which have the old
        # release and don't run the boot script, with its signal, again.
        return autoscaling.UpdatePolicy.replacing_update()
    return autoscaling.UpdatePolicy.rolling_update(
        min_instances_in_service=config.min_instances, max_batch_size=1, pause_time=BOOT_TIMEOUT
    )
