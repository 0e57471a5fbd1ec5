"""Gateway and interface endpoints."""

from tests.mutants.mutant import Mutant

REACHABILITY = "tests/architecture/test_reachability.py"
ENDPOINTS = "tests/stacks/network/test_endpoints.py"

MUTANTS = (
    Mutant(
        name="functions may call any address although the prefix list is known",
        file="components/network/network.py",
        old="if self._s3_prefix_list is None:",
        new="if not self._s3_prefix_list or self.vpc:",
        test=f"{REACHABILITY}::test_with_the_prefix_list_functions_reach_only_s3_and_endpoints[dev, prefix list]",
        says="internet",
    ),
    Mutant(
        name="the S3 gateway endpoint allows buckets of every account",
        file="components/network/endpoints.py",
        old='S3_ACTIONS, account_key="aws:ResourceAccount"',
        new="S3_ACTIONS",
        test=f"{ENDPOINTS}::test_gateway_endpoints_serve_the_app_and_data_tiers_and_only_this_account[prod]",
        says="Condition",
    ),
    Mutant(
        name="data subnets have no route to the gateway endpoints",
        file="components/network/network.py",
        old="add_gateways([self.app_subnets, self.data_subnets])",
        new="add_gateways([self.app_subnets])",
        test=f"{ENDPOINTS}::test_gateway_endpoints_serve_the_app_and_data_tiers_and_only_this_account[prod]",
        says="Data",
    ),
    Mutant(
        name="interface endpoints admit the whole VPC",
        file="components/network/endpoints.py",
        old="open=False",
        new="open=True",
        test=f"{ENDPOINTS}::test_interface_endpoints_have_private_dns_and_allow_only_the_vpc",
        says="CidrBlock",
    ),
    Mutant(
        name="interface endpoints serve callers of other accounts",
        file="components/network/endpoints.py",
        old='INTERFACE_ACTIONS[service], account_key="aws:PrincipalAccount"',
        new="INTERFACE_ACTIONS[service]",
        test=f"{ENDPOINTS}::test_interface_endpoints_have_private_dns_and_allow_only_the_vpc",
        says="Condition",
    ),
    Mutant(
        name="interface endpoints have no private DNS names",
        file="components/network/endpoints.py",
        old="private_dns_enabled=True",
        new="private_dns_enabled=False",
        test=f"{ENDPOINTS}::test_interface_endpoints_have_private_dns_and_allow_only_the_vpc",
        says="PrivateDnsEnabled",
    ),
    Mutant(
        name="without NAT the schema migration cannot read the master password",
        file="config/network.py",
        old='frozenset({"logs", "secretsmanager", "sqs", "xray"})',
        new='frozenset({"logs", "sqs", "xray"})',
        test=f"{ENDPOINTS}::test_without_nat_every_service_that_workloads_call_has_an_endpoint[prod]",
        says="secretsmanager",
    ),
    Mutant(
        name="interface endpoints are in subnets that their callers cannot reach",
        file="components/network/network.py",
        old="interface_endpoints, subnets=self.app_subnets",
        new="interface_endpoints, subnets=self.data_subnets",
        test=f"{ENDPOINTS}::test_interface_endpoints_have_private_dns_and_allow_only_the_vpc",
        says="VpcDataSubnet",
    ),
)
