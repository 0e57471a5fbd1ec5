"""Budget, anomalies and the permission to publish."""

from tests.mutants.mutant import Mutant

COMPONENT = "components/cost_guard/cost_guard.py"
TESTS = "tests/stacks/cost_guard/test_cost_guard.py"

MUTANTS = (
    Mutant(
        name="credits hide what the account uses",
        file=COMPONENT,
        old="include_credit=False",
        new="include_credit=True",
        test=f"{TESTS}::test_a_budget_counts_what_the_account_uses_in_a_month",
        says="IncludeCredit",
    ),
    Mutant(
        name="the budget has a fixed name",
        file=COMPONENT,
        old='budget_type="COST",',
        new='budget_name="costs",\n                budget_type="COST",',
        test=f"{TESTS}::test_a_budget_can_be_replaced_when_its_alerts_change",
        says="BudgetName",
    ),
    Mutant(
        name="anomalies are summed up once a day",
        file=COMPONENT,
        old='frequency="IMMEDIATE"',
        new='frequency="DAILY"',
        test=f"{TESTS}::test_anomalies_are_reported_at_once",
        says="Frequency",
    ),
    Mutant(
        name="the monitor has tags, whose change would replace it",
        file=COMPONENT,
        old="        _remove_tags(monitor)\n",
        new="",
        test=f"{TESTS}::test_no_change_of_values_or_tags_replaces_a_monitor",
        says="ResourceTags",
    ),
    Mutant(
        name="budgets may not publish to the alerts topic",
        file=COMPONENT,
        old='            alerts.allow_publisher("budgets.amazonaws.com")\n',
        new="",
        test=f"{TESTS}::test_aws_may_publish_to_the_encrypted_topic_for_this_account_only[cost guard]",
        says="budgets.amazonaws.com",
    ),
)
