"""Encryption, permissions and delays of every queue."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"
INGESTION = "tests/stacks/ingestion/test_ingestion.py"
OBJECT_EVENTS = "tests/stacks/ingestion/test_object_events.py"

MUTANTS = (
    Mutant(
        name="queues are encrypted with SQS's key instead of ours",
        file="components/common/queue.py",
        old="encryption=sqs.QueueEncryption.KMS,\n"
        "            encryption_master_key=key,\n"
        "            data_key_reuse=Duration.hours(1)",
        new="encryption=sqs.QueueEncryption.SQS_MANAGED",
        test=f"{INGESTION}::test_every_queue_is_encrypted_with_the_messages_key[prod]",
        says="KmsMasterKeyId",
    ),
    Mutant(
        name="queues accept plain HTTP",
        file="components/common/queue.py",
        old="enforce_ssl=True",
        new="enforce_ssl=False",
        test=f"{INGESTION}::test_only_the_rules_send_to_the_queue_and_only_over_tls[prod]",
        says="aws:SecureTransport",
    ),
    Mutant(
        name="consumers may do anything with a queue",
        file="components/common/queue.py",
        old='"sqs:ReceiveMessage", "sqs:DeleteMessage"',
        new='"sqs:*", "sqs:DeleteMessage"',
        test=f"{EVERY_STACK}::test_no_statement_allows_a_wildcard_action[prod]",
        says="sqs:*",
    ),
    Mutant(
        name="consumers may read every queue of the account",
        file="components/common/queue.py",
        old='"sqs:GetQueueAttributes", resources=[self.queue_arn]',
        new='"sqs:GetQueueAttributes", resources=["*"]',
        test=f"{EVERY_STACK}::test_only_actions_that_aws_cannot_limit_are_allowed_on_all_resources[prod]",
        says="sqs:ReceiveMessage",
    ),
    Mutant(
        name="consumers may decrypt everything under the messages key",
        file="components/common/queue.py",
        old='role.allow("kms:Decrypt", resources=[self._key.key_arn], conditions=THROUGH_SQS)',
        new='role.allow("kms:Decrypt", resources=[self._key.key_arn])',
        test=f"{EVERY_STACK}::test_workloads_use_keys_through_one_service_or_for_one_secret[prod]",
        says="Ingestion",
    ),
    Mutant(
        name="queues delay each message by 15 minutes",
        file="components/common/queue.py",
        old="        self._key = key",
        new='        self.node.default_child.add_property_override("DelaySeconds", 900)\n        self._key = key',
        test=f"{OBJECT_EVENTS}::test_every_event_reaches_the_function_unchanged_and_without_delay[prod]",
        says="DelaySeconds",
    ),
    Mutant(
        name="queues refuse events with long keys",
        file="components/common/queue.py",
        old="            enforce_ssl=True,",
        new="            enforce_ssl=True,\n            max_message_size_bytes=1024,",
        test=f"{OBJECT_EVENTS}::test_every_event_reaches_the_function_unchanged_and_without_delay[prod]",
        says="MaximumMessageSize",
    ),
)
