"""Every event of a landed file reaches the function, unchanged and without delay."""

from typing import Any

from tests.support.promises import has
from tests.support.synthesis import Synthesized

LARGEST_EVENT = 256 * 1024  # bytes (Amazon EventBridge User Guide, "Amazon EventBridge quotas")

HOUR = 3600


def _rules(synthesized: Synthesized) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The properties of each rule, and its only target."""
    rules = [resource["Properties"] for resource in synthesized.resources("Pipeline", "AWS::Events::Rule").values()]
    assert rules
    return [(rule, target) for rule in rules for (target,) in [rule["Targets"]]]


def test_every_event_reaches_the_function_unchanged_and_without_delay(every_environment: Synthesized) -> None:
    """A file whose event is lost or cut off is never loaded."""
    for rule, target in _rules(every_environment):
        has("the rule", {"EventBusName": "default"} | rule, {"EventBusName": "default"})  # where S3 sends its events
        changed = {"Input", "InputPath", "InputTransformer"} & set(target)
        assert not changed, f"the rule's target has {changed}: the function could not read the event"
    mapping = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    assert "FilterCriteria" not in mapping, (
        f"Lambda deletes messages outside FilterCriteria {mapping['FilterCriteria']}"
    )
    waits = mapping.get("MaximumBatchingWindowInSeconds", 0)
    assert waits == 0, f"MaximumBatchingWindowInSeconds is {waits}: a batch of one message needs no wait"
    for id_, resource in every_environment.resources("Pipeline", "AWS::SQS::Queue").items():
        has(id_, {"DelaySeconds": 0} | resource["Properties"], {"DelaySeconds": 0})
        largest = resource["Properties"].get("MaximumMessageSize", LARGEST_EVENT)
        assert largest >= LARGEST_EVENT, f"{id_}: MaximumMessageSize is {largest}, an event may have {LARGEST_EVENT}"


# Only for streams; a queue has its redrive policy instead (AWS Lambda API Reference, "CreateEventSourceMapping").
OF_STREAMS = {
    *("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "DestinationConfig"),
    *("ParallelizationFactor", "StartingPosition", "TumblingWindowInSeconds"),
}


def test_the_event_source_mapping_has_no_property_that_is_only_for_streams(every_environment: Synthesized) -> None:
    found = OF_STREAMS & set(every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping"))
    assert not found, f"the queue's mapping to the function has {found}, which are for streams"


def test_eventbridge_tries_again_for_hours(every_environment: Synthesized) -> None:
    """A key or a policy that is wrong for an hour delays events, but needs no redrive."""
    for _, target in _rules(every_environment):
        retries = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 24 * HOUR} | target.get("RetryPolicy", {})
        for name, least in (("MaximumRetryAttempts", 100), ("MaximumEventAgeInSeconds", 6 * HOUR)):
            assert retries[name] >= least, f"the rule's target: {name} is {retries[name]}, must be {least} or more"


def test_the_rules_may_send_to_their_target_and_their_dead_letter_queue(every_environment: Synthesized) -> None:
    """An event that EventBridge may send to neither of the two queues is lost, and no alarm reports it."""
    open_to_them = [
        statement["Resource"]
        for policy in every_environment.resources("Pipeline", "AWS::SQS::QueuePolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and statement["Action"] == "sqs:SendMessage"
    ]
    for _, target in _rules(every_environment):
        for what, queue in (("Arn", target["Arn"]), ("DeadLetterConfig", target["DeadLetterConfig"]["Arn"])):
            assert queue in open_to_them, f"the rule may not send to its target's {what} {queue}: {open_to_them}"


def test_the_event_source_mapping_is_created_after_the_functions_policies(every_environment: Synthesized) -> None:
    """Lambda checks the function's permissions when it creates a mapping, and refuses it if they are missing."""
    (source,) = every_environment.resources("Pipeline", "AWS::Lambda::EventSourceMapping").values()
    policies = [id_ for id_ in every_environment.resources("Pipeline", "AWS::IAM::ManagedPolicy") if "Ingestion" in id_]
    early = set(policies) - set(source.get("DependsOn", []))
    assert policies
    assert not early, f"the queue's mapping to the function does not depend on {early}"
