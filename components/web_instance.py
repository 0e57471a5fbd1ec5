"""What an instance of the web tier does when it boots."""

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3_assets as assets

from components import ports

NAME = "shop-web"
HEALTH_PATH = "/healthz"
HEALTHY_WITHIN_SECONDS = 120


def user_data(*, python: str, app: assets.Asset, environment: dict[str, str]) -> ec2.UserData:
    """The boot script: `python` from Amazon Linux's repository, the app from its asset, systemd to run it.

    Between the two markers stands all that makes the app; the local cloud runs that part as it is, under a ROOT of
    its own. A step that fails ends the script, and the signal that the Auto Scaling group waits for says no.
    """
    script = ec2.UserData.for_linux()
    script.add_commands(
        "set -euo pipefail",
        f"dnf install --assumeyes --quiet aws-cfn-bootstrap {python}",
        "# --- app: begin",
        'ROOT="${ROOT:-}"',
        f'mkdir -p "$ROOT/opt/{NAME}" "$ROOT/etc/systemd/system"',
        f'aws s3 cp --only-show-errors --region {Aws.REGION} {app.s3_object_url} "$ROOT/opt/{NAME}.zip"',
        f'{python} -m zipfile -e "$ROOT/opt/{NAME}.zip" "$ROOT/opt/{NAME}"',
        f'cat > "$ROOT/etc/{NAME}.env" <<"END"',
        *(f"{name}={value}" for name, value in environment.items()),
        "END",
        f'cat > "$ROOT/etc/systemd/system/{NAME}.service" <<"END"',
        _unit(python),
        "END",
        "# --- app: end",
        f"useradd --system --no-create-home --shell /sbin/nologin {NAME}",
        "systemctl daemon-reload",
        f"systemctl enable --now {NAME}",
        f"curl --silent --show-error --fail --retry {HEALTHY_WITHIN_SECONDS} --retry-delay 1 --retry-all-errors "
        f"--output /dev/null http://localhost:{ports.WEB_APP}{HEALTH_PATH}",
    )
    return script


def _unit(python: str) -> str:
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
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target"""
