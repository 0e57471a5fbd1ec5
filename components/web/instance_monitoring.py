"""The logs and the memory and disk metrics that instances send to CloudWatch."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.common.log_group import log_group
from components.common.workload_role import WorkloadRole

AGENT = "/opt/aws/amazon-cloudwatch-agent"
TIER = {"Tier": "web"}  # the only dimension: instances come and go, and the maximum shows the fullest one


class InstanceMonitoring(Construct):
    """Lets instances write to one log group and one namespace of metrics."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        role: WorkloadRole,
        namespace: str,
        key: kms.IKey,
        days: int,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self._namespace = namespace
        self.log = log_group(self, "LogGroup", key=key, days=days, removal=removal)
        role.allow(
            "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", resources=[self.log.log_group_arn]
        )
        # Metrics have no ARN, only a namespace (Service Authorization Reference, "Amazon CloudWatch").
        role.allow(
            "cloudwatch:PutMetricData",
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
        )

    def commands(self, files: dict[str, str]) -> list[str]:
        """Shell commands that start the CloudWatch agent. `files` maps names of log streams to paths of log files."""
        return [
            f"cat > {AGENT}/etc/web.json <<'END'",
            json.dumps(self._agent(files), indent=1),
            "END",
            f"{AGENT}/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:{AGENT}/etc/web.json",
        ]

    def _agent(self, files: dict[str, str]) -> dict[str, object]:
        """Source: Amazon CloudWatch User Guide, "Manually create or edit the CloudWatch agent configuration file"."""
        return {
            "agent": {"metrics_collection_interval": 60, "omit_hostname": True},
            "logs": {
                "logs_collected": {
                    "files": {
                        "collect_list": [
                            {
                                "file_path": path,
                                "log_group_name": self.log.log_group_name,
                                "log_stream_name": f"{{instance_id}}/{name}",
                            }
                            for name, path in files.items()
                        ]
                    }
                }
            },
            "metrics": {
                "namespace": self._namespace,
                "metrics_collected": {
                    "mem": {"measurement": ["mem_used_percent"], "append_dimensions": TIER},
                    "disk": {
                        "measurement": ["used_percent"],
                        "resources": ["/"],
                        "drop_device": True,
                        "append_dimensions": TIER,
                    },
                },
            },
        }
