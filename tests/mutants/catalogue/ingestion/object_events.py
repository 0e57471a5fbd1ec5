"""How events get from the landing bucket to the function."""

from tests.mutants.mutant import Mutant

INGESTION = "tests/stacks/ingestion/test_ingestion.py"
OBJECT_EVENTS = "tests/stacks/ingestion/test_object_events.py"

MUTANTS = (
    Mutant(
        name="any EventBridge rule may send to the queue",
        file="components/ingestion/object_events.py",
        old='                    conditions={"ArnEquals": {"aws:SourceArn": arns}},\n',
        new="",
        test=f"{INGESTION}::test_only_the_rules_send_to_the_queue_and_only_over_tls[prod]",
        says="aws:SourceArn",
    ),
    Mutant(
        name="undeliverable events are lost",
        file="components/ingestion/object_events.py",
        old="dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._undelivered.queue_arn),\n",
        new="",
        test=f"{INGESTION}::test_events_of_the_landing_prefix_reach_the_queue[prod]",
        says="DeadLetterConfig",
    ),
    Mutant(
        name="the events of a dataset's files reach the queue twice",
        file="components/ingestion/object_events.py",
        old='{"anything-but": {"prefix": list(folders.values())}}',
        new='{"prefix": incoming}',
        test=f"{INGESTION}::"
        "test_the_event_of_every_file_reaches_the_queue_once_in_the_group_of_its_dataset"
        "[prod-incoming/orders/2026/a file.csv-orders]",
        says="orders",
    ),
    Mutant(
        name="a backlog of one dataset delays the others",
        file="components/ingestion/object_events.py",
        old=", group=name)",
        new=")",
        test=f"{INGESTION}::"
        "test_the_event_of_every_file_reaches_the_queue_once_in_the_group_of_its_dataset"
        "[prod-incoming/orders/2026/a file.csv-orders]",
        says="orders",
    ),
    Mutant(
        name="files of every bucket are loaded",
        file="components/ingestion/object_events.py",
        old='"detail": {"bucket": {"name": [self._bucket.bucket_name]}, ',
        new='"detail": {',
        test=f"{INGESTION}::test_events_of_the_landing_prefix_reach_the_queue[prod]",
        says="bucket",
    ),
    Mutant(
        name="deletions of files are ignored",
        file="components/ingestion/object_events.py",
        old='["Object Created", "Object Deleted"]',
        new='["Object Created"]',
        test=f"{INGESTION}::test_events_of_the_landing_prefix_reach_the_queue[prod]",
        says="Object Deleted",
    ),
    Mutant(
        name="archived events never expire",
        file="components/ingestion/object_events.py",
        old="            retention_days=days,\n",
        new="",
        test=f"{INGESTION}::test_events_are_archived_encrypted_for_a_replay[prod]",
        says="RetentionDays",
    ),
    Mutant(
        name="archived events are encrypted with AWS's key instead of ours",
        file="components/ingestion/object_events.py",
        old="            kms_key_identifier=key.key_arn,\n",
        new="",
        test=f"{INGESTION}::test_events_are_archived_encrypted_for_a_replay[prod]",
        says="KmsKeyIdentifier",
    ),
    Mutant(
        name="the rule is disabled",
        file="components/ingestion/object_events.py",
        old='description="Files that landed or were deleted",',
        new='description="Files that landed or were deleted",\n            state="DISABLED",',
        test=f"{INGESTION}::test_the_rules_and_the_event_source_mapping_are_enabled[prod]",
        says="DISABLED",
    ),
    Mutant(
        name="EventBridge may not send undeliverable events to their queue",
        file="components/ingestion/object_events.py",
        old="self._allow_rules_to_send(queue, undelivered)",
        new="self._allow_rules_to_send(queue)",
        test=f"{OBJECT_EVENTS}::test_the_rules_may_send_to_their_target_and_their_dead_letter_queue[prod]",
        says="DeadLetterConfig",
    ),
    Mutant(
        name="EventBridge does not retry deliveries",
        file="components/ingestion/object_events.py",
        old="dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._undelivered.queue_arn)",
        new="dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._undelivered.queue_arn),\n"
        "                    retry_policy=events.CfnRule.RetryPolicyProperty(maximum_retry_attempts=0)",
        test=f"{OBJECT_EVENTS}::test_eventbridge_tries_again_for_hours[prod]",
        says="MaximumRetryAttempts",
    ),
    Mutant(
        name="the function receives only a part of the event",
        file="components/ingestion/object_events.py",
        old='id="Queue"',
        new='id="Queue",\n                    input_path="$.detail"',
        test=f"{OBJECT_EVENTS}::test_every_event_reaches_the_function_unchanged_and_without_delay[prod]",
        says="InputPath",
    ),
    Mutant(
        name="the rule is on another event bus",
        file="components/ingestion/object_events.py",
        old="            event_pattern=self._pattern(key),\n            targets",
        new='            event_bus_name="orders",\n            event_pattern=self._pattern(key),\n            targets',
        test=f"{OBJECT_EVENTS}::test_every_event_reaches_the_function_unchanged_and_without_delay[prod]",
        says="EventBusName",
    ),
    Mutant(
        name="Lambda filters out events of deleted files",
        file="components/ingestion/ingestion.py",
        old="report_batch_item_failures=True",
        new="report_batch_item_failures=True,\n"
        '            filters=[lambda_.FilterCriteria.filter({"body": {"detail-type": ["Object Created"]}})]',
        test=f"{OBJECT_EVENTS}::test_every_event_reaches_the_function_unchanged_and_without_delay[prod]",
        says="FilterCriteria",
    ),
    Mutant(
        name="the batching window delays each file by five minutes",
        file="components/ingestion/ingestion.py",
        old="report_batch_item_failures=True",
        new="report_batch_item_failures=True,\n            max_batching_window=Duration.minutes(5)",
        test=f"{OBJECT_EVENTS}::test_every_event_reaches_the_function_unchanged_and_without_delay[prod]",
        says="MaximumBatchingWindowInSeconds",
    ),
    Mutant(
        name="the event source mapping of a queue has a setting for streams",
        file="components/ingestion/ingestion.py",
        old="report_batch_item_failures=True",
        new="report_batch_item_failures=True,\n            retry_attempts=0",
        test=f"{OBJECT_EVENTS}::test_the_event_source_mapping_has_no_property_that_is_only_for_streams[prod]",
        says="MaximumRetryAttempts",
    ),
    Mutant(
        name="the queue is polled before the function may receive messages",
        file="components/ingestion/ingestion.py",
        old="        source.node.add_dependency(self.function.role)\n",
        new="",
        test=f"{OBJECT_EVENTS}::test_the_event_source_mapping_is_created_after_the_functions_policies[prod]",
        says="IngestionFunctionIdentityPolicy",
    ),
)
