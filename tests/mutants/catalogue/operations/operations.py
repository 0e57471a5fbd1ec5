"""Code, memory and timeout of the operations function, and the role of the one that erases and withdraws."""

from tests.mutants.mutant import Mutant

DEADLINES = "tests/architecture/contracts/test_deadlines.py"
FUNCTIONS = "tests/stacks/test_functions.py"
OPERATIONS = "tests/stacks/operations/test_operations.py"
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
    Mutant(
        name="the function that withdraws files connects as the role that only reads",
        file="components/operations/erasure.py",
        old='DATABASE_USER = "operations_erasure"',
        new='DATABASE_USER = "operations"',
        test=f"{OPERATIONS}::test_each_function_may_only_connect_to_the_database_as_its_own_role[prod]",
        says="/operations_erasure",
    ),
    Mutant(
        name="the function that withdraws files times out before it has deleted the rows of a large one",
        file="components/operations/erasure.py",
        old="timeout=Duration.minutes(15)",
        new="timeout=Duration.minutes(1)",
        test=f"{DEADLINES}::test_functions_may_run_longer_than_the_statements_of_their_roles[prod]",
        says="Timeout",
    ),
)
