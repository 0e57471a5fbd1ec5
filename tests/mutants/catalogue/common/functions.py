"""Network, logs, retries and concurrency of every function."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"
FUNCTIONS = "tests/stacks/test_functions.py"
REACHABILITY = "tests/architecture/test_reachability.py"

MUTANTS = (
    Mutant(
        name="security groups allow all outbound traffic",
        file="components/network/network.py",
        old="allow_all_outbound=False",
        new="allow_all_outbound=True",
        test=f"{EVERY_STACK}::test_security_groups_allow_egress_only_to_named_peers_or_https[prod]",
        says="allows -1",
    ),
    Mutant(
        name="functions use only IPv4 in a dual-stack VPC",
        file="components/common/python_function.py",
        old="ipv6_allowed_for_dual_stack=network.dual_stack if network else None",
        new="ipv6_allowed_for_dual_stack=None",
        test=f"{REACHABILITY}::test_dual_stack_allows_ipv6_egress_from_app_and_none_from_data",
        says="IPv6",
    ),
    Mutant(
        name="functions run in the data subnets",
        file="components/common/python_function.py",
        old="vpc_subnets=network.app_subnets",
        new="vpc_subnets=network.data_subnets",
        test=f"{FUNCTIONS}::test_functions_run_in_the_app_subnets[prod]",
        says="VpcDataSubnet",
    ),
    Mutant(
        name="Lambda creates the functions' log groups itself",
        file="components/common/python_function.py",
        old="            log_group=self.log_group,\n",
        new="",
        test=f"{FUNCTIONS}::test_functions_log_as_json_including_lambdas_own_reports[prod]",
        says="LogGroup",
    ),
    Mutant(
        name="functions are not traced",
        file="components/common/python_function.py",
        old="lambda_.Tracing.ACTIVE if defaults.traced else lambda_.Tracing.DISABLED",
        new="lambda_.Tracing.DISABLED",
        test=f"{FUNCTIONS}::test_functions_are_traced[prod]",
        says="TracingConfig",
    ),
    Mutant(
        name="asynchronous invocations that fail are lost",
        file="components/common/python_function.py",
        old="            dead_letter_queue=defaults.async_dead_letter_queue.queue,\n",
        new="",
        test=f"{FUNCTIONS}::test_invocations_that_exhausted_their_retries_are_kept_and_reported[prod]",
        says="DeadLetterConfig",
    ),
    Mutant(
        name="prod's functions reserve no concurrency",
        file="config/environments.py",
        old="reserve_concurrency=True",
        new="reserve_concurrency=False",
        test=f"{FUNCTIONS}::test_every_function_of_prod_reserves_concurrency",
        says="ReservedConcurrentExecutions",
    ),
    Mutant(
        name="a function's own code may change network interfaces",
        file="components/common/function_defaults.py",
        old="effect=iam.Effect.DENY",
        new="effect=iam.Effect.ALLOW",
        test=f"{FUNCTIONS}::test_function_code_cannot_manage_network_interfaces[prod]",
        says="Deny",
    ),
    Mutant(
        name="constructs may add inline policies to roles",
        file="components/common/python_function.py",
        old="role=self.role.sealed",
        new="role=self.role.role",
        test=f"{EVERY_STACK}::test_no_policy_is_inline[prod]",
        says="IdentityRoleDefaultPolicy",
    ),
    Mutant(
        name="functions cannot call AWS",
        file="components/common/python_function.py",
        old="        network.allow_calls(group)\n",
        new="",
        test=f"{REACHABILITY}::test_functions_and_instances_reach_aws[prod, NAT per zone]",
        says="security groups",
    ),
    Mutant(
        name="asynchronous invocations are not retried",
        file="components/common/python_function.py",
        old="            memory_size=memory_mb,",
        new="            memory_size=memory_mb,\n            retry_attempts=0,",
        test=f"{FUNCTIONS}::test_failed_asynchronous_invocations_are_retried[prod]",
        says="MaximumRetryAttempts",
    ),
    Mutant(
        name="asynchronous invocations expire after a minute",
        file="components/common/python_function.py",
        old="            memory_size=memory_mb,",
        new="            memory_size=memory_mb,\n            max_event_age=Duration.minutes(1),",
        test=f"{FUNCTIONS}::test_failed_asynchronous_invocations_are_retried[prod]",
        says="MaximumEventAgeInSeconds",
    ),
)
