"""A load balancer on the internet: TLS, redirects and sign-in."""

from tests.mutants.mutant import Mutant

PUBLIC_WEB = "tests/stacks/web/test_public_web.py"

MUTANTS = (
    Mutant(
        name="the load balancer serves pages over plain HTTP",
        file="components/web/load_balancer.py",
        old="elbv2.ListenerAction.redirect(\n"
        '                protocol="HTTPS", port=str(ports.HTTPS), host=self._domain, permanent=True\n'
        "            )",
        new="app",
        test=f"{PUBLIC_WEB}::test_http_redirects_to_https_on_the_domain",
        says="forward",
    ),
    Mutant(
        name="the redirect repeats the host name of the request",
        file="components/web/load_balancer.py",
        old="host=self._domain, ",
        new="",
        test=f"{PUBLIC_WEB}::test_http_redirects_to_https_on_the_domain",
        says="Host",
    ),
    Mutant(
        name="pages need no sign-in",
        file="components/web/load_balancer.py",
        old="default_action=self.sign_in.require(app)",
        new="default_action=app",
        test=f"{PUBLIC_WEB}::test_no_request_is_forwarded_without_sign_in",
        says="authenticate-cognito",
    ),
    Mutant(
        name="unauthenticated API requests get the sign-in page",
        file="components/web/load_balancer.py",
        old="action=self.sign_in.require(app, otherwise=elbv2.UnauthenticatedAction.DENY)",
        new="action=self.sign_in.require(app)",
        test=f"{PUBLIC_WEB}::test_unauthenticated_api_requests_are_denied",
        says="OnUnauthenticatedRequest",
    ),
    Mutant(
        name="the readiness endpoint is reachable from the internet",
        file="components/web/load_balancer.py",
        old='HEALTH_PATHS = ["/healthz", "/readyz"]',
        new='HEALTH_PATHS = ["/healthz"]',
        test=f"{PUBLIC_WEB}::test_health_checks_are_not_answered_outside",
        says="/readyz",
    ),
    Mutant(
        name="the load balancer accepts TLS 1.0",
        file="components/web/load_balancer.py",
        old="elbv2.SslPolicy.TLS13_12_RES_PQ",
        new="elbv2.SslPolicy.LEGACY",
        test=f"{PUBLIC_WEB}::test_tls_is_1_2_or_1_3_with_a_certificate_that_renews_itself",
        says="TLS-1-0",
    ),
    Mutant(
        name="the certificate is validated by email",
        file="components/web/load_balancer.py",
        old="acm.CertificateValidation.from_dns(self._zone)",
        new="acm.CertificateValidation.from_email()",
        test=f"{PUBLIC_WEB}::test_tls_is_1_2_or_1_3_with_a_certificate_that_renews_itself",
        says="EMAIL",
    ),
    Mutant(
        name="a public load balancer is in the app subnets",
        file="components/web/load_balancer.py",
        old="subnets=network.public_subnets",
        new="subnets=network.app_subnets",
        test=f"{PUBLIC_WEB}::test_a_public_load_balancer_is_in_the_public_subnets",
        says="VpcAppSubnet",
    ),
    Mutant(
        name="a public load balancer admits visitors on the app's port",
        file="components/web/load_balancer.py",
        old='(ports.HTTP, "Visitors, who are sent to HTTPS")',
        new='(ports.HTTP, "Visitors, who are sent to HTTPS"), (8080, "Visitors")',
        test=f"{PUBLIC_WEB}::test_a_public_load_balancer_admits_only_ports_443_and_80",
        says="8080",
    ),
)
