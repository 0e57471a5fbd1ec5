"""How events of landed files reach the function: all of them, whole, and at once."""

from tests.support.promises import has
from tests.support.synthesis import Synthesized

LARGEST_EVENT = 256 * 1024  # bytes (Amazon EventBridge User Guide, "Amazon EventBridge quotas")

HOUR = 3600


def test_every_event_reaches_the_function_as_it_is_and_at_once(every_environment: Synthesized) -> None:
    """Whatever is left out or cut off on the way is a file that nobody loads."""
    rule = every_environment.only("Pipeline", "AWS::Events::Rule")
    has("the rule", {"EventBusName": "default"} | rule, {"EventBusName": "default"})  # where S3 sends its events
    (target,) = rule["Targets"]
    changed = {"Input", "InputPath", "InputTransformer"} & set(target)
    assert not changed, f"the rule's target has {changed}: the function would not know the event"
    mapping = every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping")
    assert "FilterCriteria" not in mapping, f"Lambda deletes what misses FilterCriteria {mapping['FilterCriteria']}"
    waits = mapping.get("MaximumBatchingWindowInSeconds", 0)
    assert waits == 0, f"MaximumBatchingWindowInSeconds is {waits}: a batch of one would wait for nothing"
    for id_, resource in every_environment.resources("Pipeline", "AWS::SQS::Queue").items():
        has(id_, {"DelaySeconds": 0} | resource["Properties"], {"DelaySeconds": 0})
        largest = resource["Properties"].get("MaximumMessageSize", LARGEST_EVENT)
        assert largest >= LARGEST_EVENT, f"{id_}: MaximumMessageSize is {largest}, an event may have {LARGEST_EVENT}"


# A queue's own redrive policy says these of its messages (AWS Lambda API Reference, "CreateEventSourceMapping").
OF_STREAMS = {
    *("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "DestinationConfig"),
    *("ParallelizationFactor", "StartingPosition", "TumblingWindowInSeconds"),
}


def test_the_mapping_asks_nothing_that_lambda_refuses_of_a_queue(every_environment: Synthesized) -> None:
    asked = OF_STREAMS & set(every_environment.only("Pipeline", "AWS::Lambda::EventSourceMapping"))
    assert not asked, f"the queue's mapping to the function has {asked}, which are for streams"


def test_eventbridge_tries_for_hours_before_it_gives_an_event_up(every_environment: Synthesized) -> None:
    """A key or a policy that is wrong for an hour costs a wait, and no redrive."""
    (target,) = every_environment.only("Pipeline", "AWS::Events::Rule")["Targets"]
    retries = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 24 * HOUR} | target.get("RetryPolicy", {})
    for name, least in (("MaximumRetryAttempts", 100), ("MaximumEventAgeInSeconds", 6 * HOUR)):
        assert retries[name] >= least, f"the rule's target: {name} is {retries[name]}, must be {least} or more"


def test_the_rule_may_send_wherever_it_is_told_to(every_environment: Synthesized) -> None:
    """What EventBridge may put neither into the queue nor beside it is gone, and no alarm watches that."""
    (target,) = every_environment.only("Pipeline", "AWS::Events::Rule")["Targets"]
    open_to_it = [
        statement["Resource"]
        for policy in every_environment.resources("Pipeline", "AWS::SQS::QueuePolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and statement["Action"] == "sqs:SendMessage"
    ]
    for what, queue in (("Arn", target["Arn"]), ("DeadLetterConfig", target["DeadLetterConfig"]["Arn"])):
        assert queue in open_to_it, f"the rule may not send to its target's {what} {queue}, only to {open_to_it}"


def test_the_queue_is_polled_only_once_the_function_may_receive(every_environment: Synthesized) -> None:
    """Lambda asks when it makes a mapping, and refuses one whose function may not."""
    (source,) = every_environment.resources("Pipeline", "AWS::Lambda::EventSourceMapping").values()
    policies = [id_ for id_ in every_environment.resources("Pipeline", "AWS::IAM::ManagedPolicy") if "Ingestion" in id_]
    early = set(policies) - set(source.get("DependsOn", []))
    assert policies
    assert not early, f"the queue's mapping to the function does not wait for {early}"
