"""Prices of files, messages and events."""

from collections.abc import Iterator

from checks.cost.subject import Charge, Subject

REQUESTS_PER_MESSAGE = 3  # send, receive, delete
EVENT_GB = 1 / 1024**2  # an event has about a KB


def bucket(subject: Subject) -> Iterator[Charge]:
    """Objects land in buckets that send events, and stay in the class Standard. Logs in other buckets don't count."""
    if "EventBridgeConfiguration" in subject.properties.get("NotificationConfiguration", {}):
        load = subject.load
        yield Charge("s3-gb", load.object_gb * load.months_kept)
        yield Charge("s3-thousand-puts", load.objects / 1000)


def queue(subject: Subject) -> Iterator[Charge]:
    """A queue that a function reads gets a message for each object. The others keep what failed."""
    if subject.referring("AWS::Lambda::EventSourceMapping"):
        yield Charge("sqs-million-requests", subject.load.objects * REQUESTS_PER_MESSAGE / 1e6)


def rule(subject: Subject) -> Iterator[Charge]:
    """Events of objects are billed like custom events."""
    yield Charge("eventbridge-million-events", subject.share(subject.load.objects) / 1e6)


def archive(subject: Subject) -> Iterator[Charge]:
    """What it takes in; keeping a KB for each object costs nothing that could be seen."""
    yield Charge("eventbridge-archived-gb", subject.share(subject.load.objects) * EVENT_GB)
