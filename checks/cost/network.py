"""Prices of gateways, addresses, endpoints, load balancers and flow logs."""

from collections.abc import Iterator

from checks.cost.load import HOURS
from checks.cost.subject import Charge, Subject


def nat_gateway(subject: Subject) -> Iterator[Charge]:
    """A regional gateway costs as much as one in each zone, addresses included; others have addresses of their own."""
    zones = 1
    if subject.properties.get("AvailabilityMode") == "regional":
        zones = max(len(_zones(subject)), 1)
        yield Charge("public-ipv4-hour", HOURS * zones)
    yield Charge("nat-gateway-hour", HOURS * zones)
    yield Charge("nat-gateway-gb", subject.share(subject.load.nat_gb))
    yield Charge("internet-out-gb", subject.share(subject.load.nat_gb))


def _zones(subject: Subject) -> set[str]:
    subnets = subject.templates.resources("AWS::EC2::Subnet").values()
    return {str(subnet["Properties"].get("AvailabilityZone")) for subnet in subnets}


def elastic_ip(_: Subject) -> Iterator[Charge]:
    """Every public IPv4 address costs the same, in use or not."""
    yield Charge("public-ipv4-hour", HOURS)


def vpc_endpoint(subject: Subject) -> Iterator[Charge]:
    """Gateway endpoints are free. An interface endpoint costs in each zone; its traffic is too little to count."""
    if subject.properties.get("VpcEndpointType") == "Interface":
        yield Charge("interface-endpoint-hour", HOURS * len(subject.properties["SubnetIds"]))


def load_balancer(subject: Subject) -> Iterator[Charge]:
    """A capacity unit handles a GB an hour, or 25 new connections a second. An internet-facing one has addresses."""
    load = subject.load
    yield Charge("load-balancer-hour", HOURS)
    yield Charge("load-balancer-capacity-unit-hour", subject.share(max(load.request_gb, load.requests / (25 * 3600))))
    if subject.properties.get("Scheme") == "internet-facing":
        yield Charge("public-ipv4-hour", HOURS * len(subject.properties["Subnets"]))
        yield Charge("internet-out-gb", subject.share(load.request_gb))


def flow_log(subject: Subject) -> Iterator[Charge]:
    """Its records, delivered to S3 or to CloudWatch Logs."""
    amount = subject.share(subject.load.flow_log_gb)
    yield Charge("log-to-s3-gb" if subject.properties.get("LogDestinationType") == "s3" else "log-gb", amount)
