"""The dead-letter queue of asynchronous invocations, and its alarm."""

from tests.mutants.mutant import Mutant

ALARMS = "tests/stacks/test_alarms.py"
FOUNDATION = "tests/stacks/foundation/test_foundation.py"
FUNCTIONS = "tests/stacks/test_functions.py"

MUTANTS = (
    Mutant(
        name="the dead-letter queue of asynchronous invocations accepts plain HTTP",
        file="components/common/queue.py",
        old="            enforce_ssl=True,\n",
        new="",
        test=f"{FOUNDATION}::test_failed_invocations_are_kept_encrypted_for_14_days[prod]",
        says="aws:SecureTransport",
    ),
    Mutant(
        name="failed asynchronous invocations expire after a day",
        file="components/common/queue.py",
        old="Duration.days(DEAD_LETTER_DAYS)",
        new="Duration.days(1)",
        test=f"{FOUNDATION}::test_failed_invocations_are_kept_encrypted_for_14_days[prod]",
        says="MessageRetentionPeriod",
    ),
    Mutant(
        name="the alarm ignores the first hundred failed invocations",
        file="components/foundation/async_dead_letter_queue.py",
        old='            capability="foundation",\n',
        new='            capability="foundation",\n            threshold=100,\n',
        test=f"{FUNCTIONS}::test_invocations_that_exhausted_their_retries_are_kept_and_reported[prod]",
        says="Threshold",
    ),
    Mutant(
        name="the alarm of failed invocations has a period of one day",
        file="components/foundation/async_dead_letter_queue.py",
        old="metric_approximate_number_of_messages_visible()",
        new='metric_approximate_number_of_messages_visible(period=__import__("aws_cdk").Duration.days(1))',
        test=f"{ALARMS}::test_an_alarm_starts_within_the_hour[prod]",
        says="AsyncDeadLetterMessages",
    ),
    Mutant(
        name="the alarm of failed invocations counts deleted messages",
        file="components/foundation/async_dead_letter_queue.py",
        old="metric_approximate_number_of_messages_visible(",
        new="metric_number_of_messages_deleted(",
        test=f"{FUNCTIONS}::test_invocations_that_exhausted_their_retries_are_kept_and_reported[prod]",
        says="MetricName",
    ),
    Mutant(
        name="the alarm of failed invocations starts after an hour",
        file="components/foundation/async_dead_letter_queue.py",
        old='            capability="foundation",\n',
        new='            capability="foundation",\n            evaluation_periods=12,\n',
        test=f"{FUNCTIONS}::test_invocations_that_exhausted_their_retries_are_kept_and_reported[prod]",
        says="EvaluationPeriods",
    ),
)
