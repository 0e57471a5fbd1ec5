"""The flow log and the DNS query log."""

from tests.mutants.mutant import Mutant

DAYS = "tests/stacks/test_days.py"
EVERY_STACK = "tests/stacks/test_every_stack.py"
NETWORK = "tests/stacks/network/test_network.py"

MUTANTS = (
    Mutant(
        name="the flow log omits accepted traffic",
        file="components/network/flow_logs.py",
        old="ec2.FlowLogTrafficType.ALL",
        new="ec2.FlowLogTrafficType.REJECT",
        test=f"{NETWORK}::test_flow_logs_record_all_traffic_with_its_addresses_and_path[prod]",
        says="TrafficType",
    ),
    Mutant(
        name="the flow log uses a prefix that AWS may not write to",
        file="components/network/flow_logs.py",
        old="to_s3(imported, FLOW_LOGS)",
        new='to_s3(imported, "vpc")',
        test=f"{NETWORK}::test_a_flow_log_in_s3_has_the_prefix_under_which_aws_may_write",
        says="/vpc",
    ),
    Mutant(
        name="prod's DNS query log expires after a week",
        file="config/environments.py",
        old="dns_log_days=90",
        new="dns_log_days=7",
        test=f"{EVERY_STACK}::test_staging_and_prod_keep_logs_for_months[prod]",
        says="RetentionInDays",
    ),
    Mutant(
        name="the DNS query log is kept for 90 days whatever is configured",
        file="components/network/flow_logs.py",
        old="days=settings.dns_log_days",
        new="days=90",
        test=f"{DAYS}::test_each_log_is_kept_for_its_configured_days",
        says="NetworkFlowLogsDnsQueryLogGroup",
    ),
    Mutant(
        name="the flow log omits the default fields",
        file="components/network/flow_logs.py",
        old="    ec2.LogFormat.ALL_DEFAULT_FIELDS,\n",
        new="",
        test=f"{NETWORK}::test_flow_logs_record_all_traffic_with_its_addresses_and_path[prod]",
        says="${action}",
    ),
    Mutant(
        name="the flow log aggregates over ten minutes",
        file="components/network/flow_logs.py",
        old="FlowLogMaxAggregationInterval.ONE_MINUTE",
        new="FlowLogMaxAggregationInterval.TEN_MINUTES",
        test=f"{NETWORK}::test_flow_logs_record_all_traffic_with_its_addresses_and_path[prod]",
        says="MaxAggregationInterval",
    ),
    Mutant(
        name="the flow log's role may not write log events",
        file="components/network/flow_logs.py",
        old='"logs:CreateLogStream", "logs:PutLogEvents", ',
        new='"logs:CreateLogStream", ',
        test=f"{NETWORK}::test_a_flow_log_in_cloudwatch_has_a_role_that_can_write_it[dev]",
        says="logs:PutLogEvents",
    ),
)
