"""What an instance of the web tier does when it boots."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3_assets as assets

NAME = "web"
APP_PORT = 8080
HEALTH_PATH = "/healthz"
HEALTHY_WITHIN_SECONDS = 120
LOG_FILE = f"/var/log/{NAME}.log"
BOOT_LOG_FILE = "/var/log/cloud-init-output.log"
# All from Amazon Linux's own repository, which lies on S3 in the region.
PACKAGES = ("amazon-cloudwatch-agent", "aws-cfn-bootstrap", "logrotate")


def user_data(
    *,
    python: str,
    app: assets.Asset,
    environment: dict[str, str],
    monitoring: Sequence[str],
    seen_healthy_after_seconds: int,
) -> ec2.UserData:
    """The boot script: `python` from Amazon Linux's repository, the app from its asset, systemd to run it.

    Between the two markers stands all that makes the app; the local cloud runs that part as it is, under a ROOT of
    its own. A step that fails ends the script, and the signal that the Auto Scaling group waits for says no; the
    `monitoring` comes first, so that what failed is in the log when the instance is gone. In the end it waits until
    the load balancer has seen the app as well: the next old instance goes only then.
    """
    script = ec2.UserData.for_linux()
    script.add_commands(
        "set -euo pipefail",
        f"dnf install --assumeyes --quiet {' '.join(PACKAGES)} {python}",
        *monitoring,
        "# --- app: begin",
        'ROOT="${ROOT:-}"',
        f'mkdir -p "$ROOT/opt/{NAME}" "$ROOT/etc/systemd/system" "$ROOT/etc/logrotate.d"',
        f'aws s3 cp --only-show-errors --region {Aws.REGION} {app.s3_object_url} "$ROOT/opt/{NAME}.zip"',
        f'{python} -m zipfile -e "$ROOT/opt/{NAME}.zip" "$ROOT/opt/{NAME}"',
        f'cat > "$ROOT/etc/{NAME}.env" <<"END"',
        *(f"{name}={value}" for name, value in environment.items()),
        "END",
        f'cat > "$ROOT/etc/systemd/system/{NAME}.service" <<"END"',
        _unit(python),
        "END",
        f'cat > "$ROOT/etc/logrotate.d/{NAME}" <<"END"',
        LOG_ROTATION,
        "END",
        "# --- app: end",
        f"useradd --system --no-create-home --shell /sbin/nologin {NAME}",
        "systemctl daemon-reload",
        f"systemctl enable --now {NAME}",
        f"curl --silent --show-error --fail --max-time 5 --retry {HEALTHY_WITHIN_SECONDS} --retry-delay 1 "
        f"--retry-all-errors --retry-max-time {HEALTHY_WITHIN_SECONDS} "
        f"--output /dev/null http://localhost:{APP_PORT}{HEALTH_PATH}",
        f"sleep {seen_healthy_after_seconds}",
    )
    return script


# systemd keeps the file open, so that it is copied and emptied, not moved away.
LOG_ROTATION = f"""\
{LOG_FILE} {{
    daily
    maxsize 50M
    rotate 2
    missingok
    copytruncate
}}"""


def _unit(python: str) -> str:
    """The service. It opens its log as root, before it becomes the user who can write nowhere but in a /tmp of its own.

    No MemoryDenyWriteExecute: Python's ctypes, on which libraries build, would fail with it. A system call that isn't
    allowed fails instead of ending the process, as libraries try what the kernel can do.
    """
    return f"""\
[Unit]
Description=The web app
After=network-online.target
Wants=network-online.target

[Service]
User={NAME}
WorkingDirectory=/opt/{NAME}
EnvironmentFile=/etc/{NAME}.env
ExecStart=/usr/bin/{python} -m web_src
Restart=always
RestartSec=2
TimeoutStopSec=30
MemoryMax=75%
StandardOutput=append:{LOG_FILE}
StandardError=append:{LOG_FILE}
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target"""
