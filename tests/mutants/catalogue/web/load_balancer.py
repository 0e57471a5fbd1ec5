"""The load balancer of any exposure, and an internal one."""

from tests.mutants.mutant import Mutant

WEB = "tests/stacks/web/test_web.py"

MUTANTS = (
    Mutant(
        name="an internal load balancer has public addresses",
        file="components/web/load_balancer.py",
        old="internet_facing=False",
        new="internet_facing=True",
        test=f"{WEB}::test_an_internal_load_balancer_has_no_public_address[prod]",
        says="internet-facing",
    ),
    Mutant(
        name="an internal load balancer admits every address",
        file="components/web/load_balancer.py",
        old='network.tier("app"), ec2.Port.tcp(ports.HTTP)',
        new="ec2.Peer.any_ipv4(), ec2.Port.tcp(ports.HTTP)",
        test=f"{WEB}::test_an_internal_load_balancer_is_reached_from_the_app_subnets_only[prod]",
        says="0.0.0.0/0",
    ),
    Mutant(
        name="the load balancer forwards malformed headers",
        file="components/web/load_balancer.py",
        old="drop_invalid_header_fields=True",
        new="drop_invalid_header_fields=False",
        test=f"{WEB}::test_the_load_balancer_drops_invalid_headers_and_logs_requests[prod]",
        says="drop_invalid_header_fields",
    ),
    Mutant(
        name="the load balancer forwards ambiguous requests",
        file="components/web/load_balancer.py",
        old="DesyncMitigationMode.STRICTEST",
        new="DesyncMitigationMode.MONITOR",
        test=f"{WEB}::test_the_load_balancer_drops_invalid_headers_and_logs_requests[prod]",
        says="desync_mitigation_mode",
    ),
    Mutant(
        name="the load balancer writes no access log",
        file="components/web/load_balancer.py",
        old='("access_logs", "connection_logs")',
        new='("connection_logs",)',
        test=f"{WEB}::test_the_load_balancer_drops_invalid_headers_and_logs_requests[prod]",
        says="access_logs.s3.enabled",
    ),
    Mutant(
        name="the load balancer has no deletion protection",
        file="components/web/load_balancer.py",
        old="deletion_protection=config.deletion_protection,\n            drop",
        new="deletion_protection=False,\n            drop",
        test=f"{WEB}::test_the_load_balancer_drops_invalid_headers_and_logs_requests[prod]",
        says="deletion_protection.enabled",
    ),
    Mutant(
        name="prod's load balancer is configured without deletion protection",
        file="config/environments.py",
        old="max_instances=9,\n    deletion_protection=True",
        new="max_instances=9,\n    deletion_protection=False",
        test=f"{WEB}::test_load_balancers_of_staging_and_prod_have_deletion_protection[prod]",
        says="deletion_protection.enabled",
    ),
    Mutant(
        name="the load balancer reuses connections that the app has closed",
        file="components/web/load_balancer.py",
        old="IDLE_TIMEOUT = Duration.seconds(60)",
        new="IDLE_TIMEOUT = Duration.seconds(120)",
        test=f"{WEB}::test_the_load_balancer_closes_idle_connections_before_the_app_does[prod]",
        says="idle_timeout",
    ),
    Mutant(
        name="the listener admits every address",
        file="components/web/load_balancer.py",
        old="open=False,\n            default_target_groups",
        new="open=True,\n            default_target_groups",
        test=f"{WEB}::test_an_internal_load_balancer_is_reached_from_the_app_subnets_only[prod]",
        says="0.0.0.0/0",
    ),
)
