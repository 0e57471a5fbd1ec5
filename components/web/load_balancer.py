"""The load balancer of the web app: internal, or public with a certificate, a web ACL and sign-in."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from constructs import Construct

from components.common import ports
from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, PCI, acknowledge, by
from components.foundation.log_bucket import LogBucket
from components.network.network import Network
from components.web.sign_in import SignIn
from components.web.web_acl import WebAcl
from config.web import Internal, Public, WebConfig

# Below the 75 s for which the app keeps idle connections: the load balancer must close an idle connection first (User
# Guide for Application Load Balancers, "Connection idle timeout").
IDLE_TIMEOUT = Duration.seconds(60)
ACCESS_LOGS = "alb"  # the prefix in the log bucket; Elastic Load Balancing adds the slash itself
# Liveness and readiness endpoints, reachable only from inside the VPC.
HEALTH_PATHS = ["/healthz", "/readyz"]


class _LoadBalancer(Construct):
    """The base class of both kinds of load balancer.

    `url` is the app's address. `environment` holds the variables that tell the app about the load balancer.
    """

    url: str
    environment: dict[str, str]

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: WebConfig,
        network: Network,
        internet_facing: bool,
        log_bucket: LogBucket,
    ) -> None:
        super().__init__(scope, id_)
        self.security_group = network.security_group(self, "Load balancer of the web app")
        dual_stack = internet_facing and network.dual_stack
        self.resource = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=network.vpc,
            vpc_subnets=network.public_subnets if internet_facing else network.app_subnets,
            internet_facing=internet_facing,
            ip_address_type=elbv2.IpAddressType.DUAL_STACK if dual_stack else elbv2.IpAddressType.IPV4,
            security_group=self.security_group,
            deletion_protection=config.deletion_protection,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
            idle_timeout=IDLE_TIMEOUT,
        )
        # As attributes, because the construct's own methods need a known region, and would change the bucket's policy,
        # which is in an earlier stack and allows both already.
        log_bucket.allow_load_balancer_logs(ACCESS_LOGS)
        for kind in ("access_logs", "connection_logs"):
            self.resource.set_attribute(f"{kind}.s3.enabled", "true")
            self.resource.set_attribute(f"{kind}.s3.bucket", log_bucket.bucket.bucket_name)
            self.resource.set_attribute(f"{kind}.s3.prefix", ACCESS_LOGS)
        if not config.deletion_protection:
            acknowledge(
                self.resource,
                *by(NIST, HIPAA, rule="ELBDeletionProtectionEnabled"),
                reason="This environment is disposable, and so is its load balancer",
                would_change="with web.deletion_protection",
            )


class InternalLoadBalancer(_LoadBalancer):
    """Accepts HTTP from the app subnets only."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        exposure: Internal,
        config: WebConfig,
        network: Network,
        log_bucket: LogBucket,
    ) -> None:
        super().__init__(scope, id_, config=config, network=network, internet_facing=False, log_bucket=log_bucket)
        self.security_group.add_ingress_rule(
            network.tier("app"), ec2.Port.tcp(ports.HTTP), "Callers inside the app subnets"
        )
        acknowledge(
            self,
            *by(NIST, PCI, rule="ALBWAFEnabled"),
            *by(NIST, HIPAA, PCI, rule="ALBHttpToHttpsRedirection"),
            *by(NIST, HIPAA, PCI, rule="ELBv2ACMCertificateRequired"),
            reason="An internal load balancer has no public address, its security group admits only the app subnets, "
            "and no public certificate authority signs its name",
            would_change="with web.exposure = Public(...)",
        )
        self.url = f"http://{self.resource.load_balancer_dns_name}"
        # The load balancer passes on the name that the client called.
        names = (self.resource.load_balancer_dns_name, *exposure.hosts)
        self.environment = {"ALLOWED_HOSTS": ",".join(names)}

    def serve(self, targets: elbv2.ApplicationTargetGroup) -> None:
        """Forwards every request to `targets`."""
        self.resource.add_listener(
            "Http",
            port=ports.HTTP,
            protocol=elbv2.ApplicationProtocol.HTTP,
            open=False,
            default_target_groups=[targets],
        )


class PublicLoadBalancer(_LoadBalancer):
    """Accepts TLS from the internet. A web ACL filters each request, and each page requires a sign-in."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        exposure: Public,
        config: WebConfig,
        network: Network,
        log_bucket: LogBucket,
        namespace: str,
        logs_key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_, config=config, network=network, internet_facing=True, log_bucket=log_bucket)
        self._domain = exposure.domain
        self._admit_visitors(network)
        network.allow_visitors_from_internet()
        # The load balancer calls Cognito, whose addresses change.
        network.allow_https_out(self.security_group)
        self._zone = route53.HostedZone.from_hosted_zone_id(self, "HostedZone", exposure.hosted_zone_id)
        self._certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=exposure.domain,
            validation=acm.CertificateValidation.from_dns(self._zone),
        )
        self.sign_in = SignIn(
            self, "SignIn", config=exposure, deletion_protection=config.deletion_protection, removal=removal
        )
        WebAcl(
            self,
            "WebAcl",
            load_balancer=self.resource,
            user_pool=self.sign_in.pool,
            requests_per_five_minutes=exposure.requests_per_five_minutes,
            namespace=namespace,
            logs_key=logs_key,
            log_days=config.log_days,
            removal=removal,
        )
        self._add_dns_records(network)
        self.url = f"https://{exposure.domain}"
        # Not the load balancer's own name: its certificate and the sign-in are for the domain.
        self.environment = {"ALLOWED_HOSTS": exposure.domain, **self.sign_in.environment(self.resource)}

    def serve(self, targets: elbv2.ApplicationTargetGroup) -> None:
        """Forwards requests of signed-in users. Others get the sign-in page, or status 401 below `/api/`."""
        app = elbv2.ListenerAction.forward([targets])
        listener = self.resource.add_listener(
            "Https",
            port=ports.HTTPS,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            open=False,
            certificates=[elbv2.ListenerCertificate.from_certificate_manager(self._certificate)],
            # TLS 1.3 and 1.2 with forward secrecy, authenticated ciphers and post-quantum key exchange (User Guide for
            # Application Load Balancers, "Security policies").
            ssl_policy=elbv2.SslPolicy.TLS13_12_RES_PQ,
            default_action=self.sign_in.require(app),
        )
        listener.add_action(
            "HealthEndpoints",
            priority=10,
            conditions=[elbv2.ListenerCondition.path_patterns(HEALTH_PATHS)],
            action=elbv2.ListenerAction.fixed_response(404),
        )
        listener.add_action(
            "Api",
            priority=20,
            conditions=[elbv2.ListenerCondition.path_patterns(["/api/*"])],
            action=self.sign_in.require(app, otherwise=elbv2.UnauthenticatedAction.DENY),
        )
        redirect = self.resource.add_listener(
            "Http",
            port=ports.HTTP,
            protocol=elbv2.ApplicationProtocol.HTTP,
            open=False,
            # Always to our own domain: a redirect to the requested host name could be abused to lead elsewhere.
            default_action=elbv2.ListenerAction.redirect(
                protocol="HTTPS", port=str(ports.HTTPS), host=self._domain, permanent=True
            ),
        )
        acknowledge(
            redirect,
            *by(NIST, HIPAA, PCI, rule="ELBv2ACMCertificateRequired"),
            reason="This listener only redirects to the listener that has the certificate",
            would_change="if every browser tried HTTPS first",
        )

    def _admit_visitors(self, network: Network) -> None:
        for peer in network.anywhere:
            for port, what in ((ports.HTTPS, "Visitors"), (ports.HTTP, "Visitors, who are sent to HTTPS")):
                self.security_group.add_ingress_rule(peer, ec2.Port.tcp(port), what)
        acknowledge(
            self.security_group,
            *by(AWS_SOLUTIONS, rule="EC23"),
            reason="A public web page must accept connections from the internet; a web ACL and a sign-in follow",
            would_change="with web.exposure = Internal()",
        )

    def _add_dns_records(self, network: Network) -> None:
        target = route53.RecordTarget.from_alias(route53_targets.LoadBalancerTarget(self.resource))
        name = f"{self._domain}."  # absolute, because only the id of the zone is known
        route53.ARecord(self, "ARecord", zone=self._zone, record_name=name, target=target)
        if network.dual_stack:
            route53.AaaaRecord(self, "AaaaRecord", zone=self._zone, record_name=name, target=target)


LoadBalancer = InternalLoadBalancer | PublicLoadBalancer
