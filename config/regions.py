"""The differences between AWS regions. Synthesis reads them here, because synthesis never calls AWS.

Zones have letters, mostly a, b, c. Source: AWS Global Infrastructure, "Regions and Availability Zones".
"""

ZONE_LETTERS = {
    "us-east-1": "abcdef",
    "us-west-1": "ac",
    "us-west-2": "abcd",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "cn-north-1": "abd",
}
MOST_REGIONS = "abc"
# For a region that is left open, or too new to be listed.
UNKNOWN = "abcdef"
# Zones that lack a service, by their ids, which mean the same zone in every account. AWS documents neither: see
# hashicorp/terraform-provider-aws, issue 17781, and sysdiglabs/terraform-aws-secure-for-cloud, pull request 52.
ZONES_WITHOUT_DATABASE_PROXY = frozenset({"use1-az3"})
ZONES_WITHOUT_NAT = frozenset({"apne1-az3"})
KNOWN_REGIONS = frozenset(ZONE_LETTERS) | {
    *("us-east-2", "us-gov-east-1", "us-gov-west-1", "ca-west-1", "mx-central-1", "sa-east-1"),
    *("eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("ap-east-1", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3"),
    *("ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "af-south-1", "il-central-1", "me-central-1", "me-south-1"),
    "cn-northwest-1",
}


def zone_letters(region: str | None) -> str:
    """The letters of the region's zones, in the order in which the address plan takes them."""
    if region in KNOWN_REGIONS:
        return ZONE_LETTERS.get(region, MOST_REGIONS)
    return UNKNOWN


def has_snap_start(region: str | None) -> bool:
    """Whether Lambda SnapStart for Python is available there; assumed for a region that is left open.

    Sources: AWS Lambda Developer Guide, "Improving startup performance with Lambda SnapStart"; AWS GovCloud (US) User
    Guide, "AWS Lambda"; Getting Started with Amazon Web Services in China, "Amazon Lambda".
    """
    return not (_in_china(region) or _in_govcloud(region) or region in ("ap-southeast-6", "ap-east-2"))


def traces_functions(region: str | None) -> bool:
    """Whether X-Ray traces functions there; assumed for a region that is left open.

    Source: Getting Started with Amazon Web Services in China, "Amazon Lambda".
    """
    return not _in_china(region)


def counts_dropped_calls(region: str | None) -> bool:
    """Whether Lambda has the metric AsyncEventsDropped there (same source); assumed for a region that is left open."""
    return not _in_china(region)


def formats_function_logs(region: str | None) -> bool:
    """Whether Lambda writes logs as JSON there; assumed for a region that is left open.

    Source: AWS GovCloud (US) User Guide, "AWS Lambda in AWS GovCloud (US)".
    """
    return not _in_govcloud(region)


def has_regional_nat(region: str | None) -> bool:
    """Whether regional NAT gateways are available there; assumed for a region that is left open.

    AWS launched them in all regions except GovCloud and China (November 2025); no later document says otherwise.
    """
    return not (_in_china(region) or _in_govcloud(region))


def has_database_proxy(region: str | None) -> bool:
    """Whether RDS Proxy is available there; assumed for a region that is left open.

    Source: Amazon RDS User Guide, "Supported Regions and DB engines for Amazon RDS Proxy".
    """
    return region not in ("ap-southeast-6", "ap-east-2")


def _in_china(region: str | None) -> bool:
    return region is not None and region.startswith("cn-")


def _in_govcloud(region: str | None) -> bool:
    return region is not None and region.startswith("us-gov-")


def has_public_sign_in(region: str | None) -> bool:
    """Whether Cognito's sign-in pages are available there under their usual name; assumed if the region is left open.

    GovCloud's begins with auth-fips (AWS GovCloud (US) User Guide, "Amazon Cognito"); China has no user pools.
    """
    return not (_in_china(region) or _in_govcloud(region))
