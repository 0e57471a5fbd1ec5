"""The boot script of the web app's instances."""

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
# From Amazon Linux's own repository, which is on S3 in the region.
PACKAGES = ("amazon-cloudwatch-agent", "aws-cfn-bootstrap", "logrotate")


def user_data(
    *,
    python: str,
    app: assets.Asset,
    environment: dict[str, str],
    monitoring: Sequence[str],
    seen_healthy_after_seconds: int,
) -> ec2.UserData:
    """Installs `python` from Amazon Linux's repository and the app from its asset, and runs the app with systemd.

    The lines between the two markers install the app; the local cloud runs them unchanged, below a ROOT of its own. A
    step that fails ends the script, and the Auto Scaling group gets a failure signal. `monitoring` comes first, so that
    the log has the failure after the instance is terminated. At the end the script waits until the load balancer has
    seen the app healthy, because a rolling update then replaces the next instance.
    """
    script = ec2.UserData.for_linux()
    script.add_commands(
        "set -euo pipefail",
        RETRY,
        f"retry dnf install --assumeyes --quiet {' '.join(PACKAGES)} {python}",
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


# The SSM agent updates itself when an instance boots. It calls rpm directly, whose lock dnf does not wait for
# (amazonlinux/amazon-linux-2023, issue 397). Packages that dnf already downloaded may be gone after that.
RETRY = """\
retry() {
    local attempt
    for attempt in $(seq 1 12); do
        for _ in $(seq 1 30); do pgrep -x rpm >/dev/null || break; sleep 2; done
        "$@" && return
        echo "attempt $attempt of 12 failed: $*" >&2
        dnf clean packages --quiet || true
        sleep 10
    done
    return 1
}"""

# systemd keeps the file open, so the file is copied and truncated instead of renamed.
LOG_ROTATION = f"""\
{LOG_FILE} {{
    daily
    maxsize 50M
    rotate 2
    missingok
    copytruncate
}}"""


def _unit(python: str) -> str:
    """The systemd unit. systemd opens the log as root; the app runs as a user who can write only to a private /tmp.

    No MemoryDenyWriteExecute: Python's ctypes, which libraries use, would fail with it. A system call that isn't
    allowed fails instead of ending the process, because libraries probe what the kernel supports.
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
