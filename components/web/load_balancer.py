"""Where people come in: the load balancer before the web app, and what stands before that."""

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
from config.web import Public, WebConfig

# Below the 75 s for which the app keeps idle connections: the side that sends must be the one that hangs up first
# (User Guide for Application Load Balancers, "Connection idle timeout").
IDLE = Duration.seconds(60)
ACCESS_LOGS = "alb"  # the prefix in the log bucket; Elastic Load Balancing adds the slash itself
# Liveness and readiness endpoints, reachable only from inside the VPC.
INSIDE_PATHS = ["/healthz", "/readyz"]


class _LoadBalancer(Construct):
    """The load balancer, as every exposure has it.

    `url` is where the app answers; `environment` the variables by which it knows what stands before it.
    """

    url: str
    environment: dict[str, str]

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        network: Network,
        subnets: ec2.SubnetSelection,
        internet_facing: bool,
        deletion_protection: bool,
        log_bucket: LogBucket,
    ) -> None:
        super().__init__(scope, id_)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=network.vpc,
            description="Load balancer of the web app",
            allow_all_outbound=False,
        )
        dual_stack = internet_facing and network.dual_stack
        self.resource = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=network.vpc,
            vpc_subnets=subnets,
            internet_facing=internet_facing,
            ip_address_type=elbv2.IpAddressType.DUAL_STACK if dual_stack else elbv2.IpAddressType.IPV4,
            security_group=self.security_group,
            deletion_protection=deletion_protection,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
            idle_timeout=IDLE,
        )
        # As attributes: the construct's own methods must know the region to look up an account that AWS no longer uses,
        # or write into the bucket's policy, several stacks earlier, which lets both in already.
        log_bucket.allow_load_balancer_logs(ACCESS_LOGS)
        for kind in ("access_logs", "connection_logs"):
            self.resource.set_attribute(f"{kind}.s3.enabled", "true")
            self.resource.set_attribute(f"{kind}.s3.bucket", log_bucket.bucket.bucket_name)
            self.resource.set_attribute(f"{kind}.s3.prefix", ACCESS_LOGS)
        if not deletion_protection:
            acknowledge(
                self.resource,
                *by(NIST, HIPAA, rule="ELBDeletionProtectionEnabled"),
                reason="This environment is made to be thrown away, its load balancer with it",
                would_change="with web.deletion_protection",
            )


class InternalLoadBalancer(_LoadBalancer):
    """Open to who is in the app subnets already, and to nobody else."""

    def __init__(
        self, scope: Construct, id_: str, *, network: Network, deletion_protection: bool, log_bucket: LogBucket
    ) -> None:
        super().__init__(
            scope,
            id_,
            network=network,
            subnets=network.app_subnets,
            internet_facing=False,
            deletion_protection=deletion_protection,
            log_bucket=log_bucket,
        )
        self.security_group.add_ingress_rule(
            network.tier("app"), ec2.Port.tcp(ports.HTTP), "Callers inside the app subnets"
        )
        acknowledge(
            self,
            *by(NIST, PCI, rule="ALBWAFEnabled"),
            *by(NIST, HIPAA, PCI, rule="ALBHttpToHttpsRedirection"),
            *by(NIST, HIPAA, PCI, rule="ELBv2ACMCertificateRequired"),
            reason="An internal load balancer has no address on the internet, its callers are named by its security "
            "group and stand beside it in the app subnets, and nobody certifies its name",
            would_change="with web.exposure = Public(...)",
        )
        self.url = f"http://{self.resource.load_balancer_dns_name}"
        self.environment = {}

    def serve(self, targets: elbv2.ApplicationTargetGroup) -> None:
        """Passes everything on."""
        self.resource.add_listener(
            "Http",
            port=ports.HTTP,
            protocol=elbv2.ApplicationProtocol.HTTP,
            open=False,
            default_target_groups=[targets],
        )


class PublicLoadBalancer(_LoadBalancer):
    """Open to the internet, over TLS alone; a firewall looks at each request, and a sign-in stands before each page."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Public,
        network: Network,
        deletion_protection: bool,
        log_bucket: LogBucket,
        namespace: str,
        logs_key: kms.IKey,
        log_days: int,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(
            scope,
            id_,
            network=network,
            subnets=network.public_subnets,
            internet_facing=True,
            deletion_protection=deletion_protection,
            log_bucket=log_bucket,
        )
        self._config = config
        self._admit_visitors(network)
        network.allow_visitors_from_internet()
        # To Cognito, whose addresses change: the load balancer itself asks it who signed in.
        network.allow_https_out(self.security_group)
        self._zone = route53.HostedZone.from_hosted_zone_id(self, "Zone", config.hosted_zone_id)
        self._certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=config.domain,
            validation=acm.CertificateValidation.from_dns(self._zone),
        )
        self.sign_in = SignIn(self, "SignIn", config=config, deletion_protection=deletion_protection, removal=removal)
        WebAcl(
            self,
            "Firewall",
            load_balancer=self.resource,
            requests_per_five_minutes=config.requests_per_five_minutes,
            namespace=namespace,
            logs_key=logs_key,
            log_days=log_days,
            removal=removal,
        )
        self._point_the_domain_here(network)
        self.url = f"https://{config.domain}"
        self.environment = self.sign_in.environment(self.resource)

    def serve(self, targets: elbv2.ApplicationTargetGroup) -> None:
        """Passes on what signed-in people ask for; programs are told that they aren't, instead of shown a page."""
        app = elbv2.ListenerAction.forward([targets])
        listener = self.resource.add_listener(
            "Https",
            port=ports.HTTPS,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            open=False,
            certificates=[elbv2.ListenerCertificate.from_certificate_manager(self._certificate)],
            # TLS 1.3 and 1.2 with forward secrecy and authenticated ciphers only, and keys that tomorrow's computers
            # can't find out (User Guide for Application Load Balancers, "Security policies").
            ssl_policy=elbv2.SslPolicy.TLS13_12_RES_PQ,
            default_action=self.sign_in.require(app),
        )
        listener.add_action(
            "Inside",
            priority=10,
            conditions=[elbv2.ListenerCondition.path_patterns(INSIDE_PATHS)],
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
            # To our name, whatever name was asked for: a redirect that repeats it could be made to lead elsewhere.
            default_action=elbv2.ListenerAction.redirect(
                protocol="HTTPS", port=str(ports.HTTPS), host=self._config.domain, permanent=True
            ),
        )
        acknowledge(
            redirect,
            *by(NIST, HIPAA, PCI, rule="ELBv2ACMCertificateRequired"),
            reason="This listener does nothing but send visitors to the one with the certificate",
            would_change="if browsers asked for HTTPS first everywhere",
        )

    def _admit_visitors(self, network: Network) -> None:
        for peer in [ec2.Peer.any_ipv4(), *([ec2.Peer.any_ipv6()] if network.dual_stack else [])]:
            for port, what in ((ports.HTTPS, "Visitors"), (ports.HTTP, "Visitors, who are sent to HTTPS")):
                self.security_group.add_ingress_rule(peer, ec2.Port.tcp(port), what)
        acknowledge(
            self.security_group,
            *by(AWS_SOLUTIONS, rule="EC23"),
            reason="A public web page is for the internet: a firewall and a sign-in decide behind these two ports",
            would_change="with web.exposure = Internal()",
        )

    def _point_the_domain_here(self, network: Network) -> None:
        target = route53.RecordTarget.from_alias(route53_targets.LoadBalancerTarget(self.resource))
        name = f"{self._config.domain}."  # absolute: of the zone only the id is known
        route53.ARecord(self, "Ipv4Name", zone=self._zone, record_name=name, target=target)
        if network.dual_stack:
            route53.AaaaRecord(self, "Ipv6Name", zone=self._zone, record_name=name, target=target)


LoadBalancer = InternalLoadBalancer | PublicLoadBalancer


def load_balancer_for(
    scope: Construct,
    id_: str,
    *,
    config: WebConfig,
    network: Network,
    log_bucket: LogBucket,
    namespace: str,
    logs_key: kms.IKey,
    removal: RemovalPolicy,
) -> LoadBalancer:
    """What the configuration's exposure asks for."""
    if isinstance(config.exposure, Public):
        return PublicLoadBalancer(
            scope,
            id_,
            config=config.exposure,
            network=network,
            deletion_protection=config.deletion_protection,
            log_bucket=log_bucket,
            namespace=namespace,
            logs_key=logs_key,
            log_days=config.log_days,
            removal=removal,
        )
    return InternalLoadBalancer(
        scope, id_, network=network, deletion_protection=config.deletion_protection, log_bucket=log_bucket
    )
