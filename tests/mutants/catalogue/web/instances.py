"""Network, disks and metadata of instances."""

from tests.mutants.mutant import Mutant

ENDPOINTS = "tests/stacks/web/test_endpoints.py"
EVERY_STACK = "tests/stacks/test_every_stack.py"
WEB = "tests/stacks/web/test_web.py"
WEB_GROUP = "tests/stacks/web/test_web_group.py"

MUTANTS = (
    Mutant(
        name="SSH is open to the internet",
        file="components/web/instances.py",
        old="            self._network.allow_calls(security_group)\n",
        new="            self._network.allow_calls(security_group)\n"
        '            security_group.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.SSH, "Administrators")\n',
        test=f"{EVERY_STACK}::test_no_security_group_is_open_to_the_internet[prod]",
        says="InstancesSecurityGroup",
    ),
    Mutant(
        name="SSH is open to the app subnets",
        file="components/web/instances.py",
        old="            self._network.allow_calls(security_group)\n",
        new="            self._network.allow_calls(security_group)\n"
        '            security_group.add_ingress_rule(self._network.tier("app"), ec2.Port.SSH, "Administrators")\n',
        test=f"{WEB}::test_only_the_load_balancer_reaches_the_instances[prod]",
        says="22",
    ),
    Mutant(
        name="instances have an SSH key",
        file="components/web/instances.py",
        old="            require_imdsv2=True,\n",
        new='            require_imdsv2=True,\n            key_pair=ec2.KeyPair(self, "Login"),\n',
        test=f"{WEB}::test_instances_have_no_key_no_public_address_and_imdsv2[prod]",
        says="KeyName",
    ),
    Mutant(
        name="instances accept IMDSv1",
        file="components/web/instances.py",
        old="require_imdsv2=True",
        new="require_imdsv2=False",
        test=f"{WEB}::test_instances_have_no_key_no_public_address_and_imdsv2[prod]",
        says="HttpTokens",
    ),
    Mutant(
        name="containers on an instance can get its credentials",
        file="components/web/instances.py",
        old="http_put_response_hop_limit=1",
        new="http_put_response_hop_limit=2",
        test=f"{WEB}::test_instances_have_no_key_no_public_address_and_imdsv2[prod]",
        says="HttpPutResponseHopLimit",
    ),
    Mutant(
        name="instances have public addresses",
        file="components/web/instances.py",
        old="associate_public_ip_address=None",
        new="associate_public_ip_address=True",
        test=f"{WEB}::test_instances_have_no_key_no_public_address_and_imdsv2[prod]",
        says="NetworkInterfaces",
    ),
    Mutant(
        name="disks of instances are not encrypted",
        file="components/web/instances.py",
        old="encrypted=True",
        new="encrypted=False",
        test=f"{WEB}::test_instances_have_no_key_no_public_address_and_imdsv2[prod]",
        says="Encrypted",
    ),
    Mutant(
        name="instances are in the public subnets",
        file="components/web/instances.py",
        old="vpc_subnets=self._network.app_subnets",
        new="vpc_subnets=self._network.public_subnets",
        test=f"{WEB}::test_instances_run_in_the_app_subnets_of_all_zones[prod]",
        says="VpcPublicSubnet",
    ),
    Mutant(
        name="prod runs on one instance",
        file="config/environments.py",
        old="min_instances=3",
        new="min_instances=1",
        test=f"{WEB}::test_staging_and_prod_have_at_least_two_instances[prod]",
        says="MinSize",
    ),
    Mutant(
        name="the S3 gateway endpoint's exception for Amazon Linux allows every bucket",
        file="components/network/endpoints.py",
        old='f"al2023-repos-{Aws.REGION}-de612dc2"',
        new='"*"',
        test=f"{ENDPOINTS}::test_the_s3_gateway_endpoint_also_allows_exactly_what_booting_needs[prod]",
        says="'*'",
    ),
    Mutant(
        name="without NAT instances cannot signal that they started",
        file="config/web.py",
        old='{"cloudformation", "logs", "monitoring", "ssm", "ssmmessages"}',
        new='{"logs", "monitoring", "ssm", "ssmmessages"}',
        test=f"{ENDPOINTS}::test_without_nat_instances_signal_through_an_endpoint",
        says="cloudformation",
    ),
    Mutant(
        name="a second disk is encrypted instead of the root disk",
        file="components/web/instances.py",
        old='"/dev/xvda"',
        new='"/dev/sda1"',
        test=f"{WEB_GROUP}::test_the_root_disk_is_encrypted_large_enough_and_deleted_with_its_instance[prod]",
        says="DeviceName",
    ),
    Mutant(
        name="disks remain after their instances are terminated",
        file="components/web/instances.py",
        old="encrypted=True)",
        new="encrypted=True, delete_on_termination=False)",
        test=f"{WEB_GROUP}::test_the_root_disk_is_encrypted_large_enough_and_deleted_with_its_instance[prod]",
        says="DeleteOnTermination",
    ),
    Mutant(
        name="the disk is smaller than the image",
        file="components/web/instances.py",
        old="ebs(16,",
        new="ebs(4,",
        test=f"{WEB_GROUP}::test_the_root_disk_is_encrypted_large_enough_and_deleted_with_its_instance[prod]",
        says="VolumeSize",
    ),
    Mutant(
        name="instances cannot reach their metadata",
        file="components/web/instances.py",
        old="http_put_response_hop_limit=1",
        new="http_put_response_hop_limit=1,\n            http_endpoint=False",
        test=f"{WEB_GROUP}::test_the_metadata_service_of_instances_is_enabled[prod]",
        says="HttpEndpoint",
    ),
)
