"""The network ACL of each tier."""

from tests.mutants.mutant import Mutant

NETWORK_ACLS = "tests/stacks/network/test_network_acls.py"
REACHABILITY = "tests/architecture/test_reachability.py"

MUTANTS = (
    Mutant(
        name="the data tier's ACL admits every address to the database port",
        file="components/network/network_acl.py",
        old='"data": (*NO_LOGINS, Rule("app", DATABASE_PORTS),',
        new='"data": (*NO_LOGINS, Rule("anywhere", DATABASE_PORTS),',
        test=f"{NETWORK_ACLS}::test_the_data_tiers_network_acl_admits_only_the_app_and_data_tiers[prod-in]",
        says="0.0.0.0/0",
    ),
    Mutant(
        name="the data tier's ACL allows outbound traffic to every address",
        file="components/network/network_acl.py",
        old='"data": (Rule("app", ports.EPHEMERAL),',
        new='"data": (Rule("anywhere", ports.EPHEMERAL),',
        test=f"{NETWORK_ACLS}::test_the_data_tiers_network_acl_admits_only_the_app_and_data_tiers[prod-out]",
        says="0.0.0.0/0",
    ),
    Mutant(
        name="the app tier's ACL admits every address on every port",
        file="components/network/network_acl.py",
        old='"app": (*NO_LOGINS, Rule("app", ALL), REPLIES)',
        new='"app": (*NO_LOGINS, Rule("anywhere", ALL), REPLIES)',
        test=f"{NETWORK_ACLS}::test_the_app_tiers_network_acl_admits_only_replies_from_anywhere[prod]",
        says="(0, 65535)",
    ),
    Mutant(
        name="the app tier's ACL omits replies from the internet",
        file="components/network/network_acl.py",
        old='Rule("app", ALL), REPLIES),',
        new='Rule("app", ALL)),',
        test=f"{REACHABILITY}::test_functions_and_instances_reach_aws[prod, NAT per zone]",
        says="AppNetworkAcl",
    ),
    Mutant(
        name="network ACLs deny logins after a rule that allows them",
        file="components/network/network_acl.py",
        old='"app": (*NO_LOGINS, Rule("app", ALL), REPLIES)',
        new='"app": (Rule("app", ALL), REPLIES, *NO_LOGINS)',
        test=f"{NETWORK_ACLS}::test_every_network_acl_denies_ssh_and_rdp_first[prod]",
        says="AppNetworkAcl",
    ),
    Mutant(
        name="network ACLs allow SSH",
        file="components/network/network_acl.py",
        old='Rule("anywhere", SSH, deny=True)',
        new='Rule("anywhere", SSH)',
        test=f"{NETWORK_ACLS}::test_every_network_acl_denies_ssh_and_rdp_first[prod]",
        says="allow",
    ),
    Mutant(
        name="network ACLs are associated with no subnet",
        file="components/network/network_acl.py",
        old="vpc=vpc, subnet_selection=subnets)",
        new="vpc=vpc)",
        test=f"{NETWORK_ACLS}::test_every_subnet_has_its_tiers_network_acl[prod]",
        says="Subnet",
    ),
    Mutant(
        name="the public tier's ACL admits every address although nothing is public",
        file="components/network/network_acl.py",
        old='"public": (*NO_LOGINS, Rule("app", HTTPS), REPLIES)',
        new='"public": (*NO_LOGINS, Rule("anywhere", HTTPS), REPLIES)',
        test=f"{NETWORK_ACLS}::test_the_public_tiers_network_acl_admits_only_replies_when_nothing_is_public[prod]",
        says="(443, 443)",
    ),
    Mutant(
        name="the app tier's ACL blocks path MTU discovery",
        file="components/network/network_acl.py",
        old='frozenset({"public", "app"})',
        new='frozenset({"public"})',
        test=f"{NETWORK_ACLS}::test_network_acls_allow_path_mtu_discovery[addressing0]",
        says="App",
    ),
    Mutant(
        name="network ACLs allow the ICMP code for closed ports instead of large packets",
        file="components/network/network_acl.py",
        old="ec2.AclTraffic.icmp(type=3, code=4)",
        new="ec2.AclTraffic.icmp(type=3, code=3)",
        test=f"{NETWORK_ACLS}::test_network_acls_allow_path_mtu_discovery[addressing1]",
        says="(True, 1, 3, 4)",
    ),
)
