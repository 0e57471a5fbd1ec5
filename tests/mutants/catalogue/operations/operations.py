"""Code, memory and timeout of the operations function."""

from tests.mutants.mutant import Mutant

DEADLINES = "tests/architecture/contracts/test_deadlines.py"
FUNCTIONS = "tests/stacks/test_functions.py"
OUTPUTS = "tests/architecture/contracts/operations/test_outputs.py"

MUTANTS = (
    Mutant(
        name="the operations function runs the code of the ingestion function",
        file="components/operations/operations.py",
        old='Path("lambda_src/operations")',
        new='Path("lambda_src/ingestion")',
        test=f"{OUTPUTS}::test_commands_invoke_the_operations_function[prod]",
        says="OperationsFunctionName",
    ),
    Mutant(
        name="the operations function has the smallest memory size",
        file="components/operations/operations.py",
        old="memory_mb=512",
        new="memory_mb=128",
        test=f"{FUNCTIONS}::test_functions_have_enough_memory_to_start_in_a_few_seconds[prod]",
        says="MemorySize",
    ),
    Mutant(
        name="the operations function times out before its database statement",
        file="components/operations/operations.py",
        old="timeout=Duration.minutes(1)",
        new="timeout=Duration.seconds(10)",
        test=f"{DEADLINES}::test_functions_may_run_longer_than_the_statements_of_their_roles[prod]",
        says="Timeout",
    ),
)
