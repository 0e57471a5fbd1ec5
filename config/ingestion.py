"""The words in which the way of a file is described: where it lands, and how it becomes rows."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from config.checks import ConfigSection, require, require_log_days

LAMBDA_MAX_TIMEOUT_SECONDS = 900
LOADING_SHARE = 0.8  # of the timeout
LOADED_MB_PER_SECOND = 4  # of the slowest kind of file, one whose every order is there already (make bench), and less
# Lambda Developer Guide, "Configure Lambda function memory". Loading keeps one CPU busy, and no more.
MEMORY_MB_OF_ONE_CPU = 1_769
LAMBDA_MEMORY_MB = range(128, 10_241)
# A mapping's maximum concurrency (Lambda Developer Guide, "Configuring maximum concurrency for SQS event sources").
EVENT_SOURCE_CONCURRENCY = range(2, 1001)
# Fewer would spend a message on a few throttles (Lambda Developer Guide, "Creating and configuring an Amazon SQS event
# source mapping"); SQS takes no more (Amazon SQS API Reference, "SetQueueAttributes").
MAX_RECEIVE_COUNTS = range(5, 1001)
VISIBILITY_IN_TIMEOUTS = 6  # what AWS asks of a queue behind a function (the same page)
MAX_BACKOFF_SECONDS = 900  # where the function's growing waits end (lambda_src/ingestion/messages.py)
QUEUE_DAYS = 4
DEAD_LETTER_DAYS = 14  # the longest SQS keeps anything
SECONDS_A_DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class StorageClass(ConfigSection):
    """A cheaper class, to which S3 moves a file that landed `after_days` ago.

    S3 leaves files below 128 KB where they are: moving them would cost more than it saves.
    """

    PATH = "landing_bucket.storage."
    COLDNESS: ClassVar[int]  # S3 moves files from warm to cold only
    BILLED_DAYS: ClassVar[int]  # at least, once a file is there

    after_days: int

    def check(self) -> None:
        require(
            self.after_days >= 0,
            "landing_bucket.storage",
            "0 days or more",
            self.after_days,
            "S3 counts from the landing",
        )


@dataclass(frozen=True, kw_only=True)
class StandardIa(StorageClass):
    """Half the price to keep, a price on each read: for files that are hardly read again."""

    COLDNESS = 1
    BILLED_DAYS = 30

    def check(self) -> None:
        require(
            self.after_days >= 30,
            "landing_bucket.storage",
            "StandardIa from 30 days on",
            self.after_days,
            "S3 wants files to be 30 days old for it",
        )


@dataclass(frozen=True, kw_only=True)
class IntelligentTiering(StorageClass):
    """S3 watches each file, for a fee, and moves it by itself: where nobody knows what is read again."""

    COLDNESS = 1
    BILLED_DAYS = 0


@dataclass(frozen=True, kw_only=True)
class GlacierInstantRetrieval(StorageClass):
    """An archive that answers at once and dearly."""

    COLDNESS = 2
    BILLED_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class DeepArchive(StorageClass):
    """The cheapest: a file must be restored before it can be read, which takes half a day to two."""

    COLDNESS = 3
    BILLED_DAYS = 180


CheaperStorage = StandardIa | IntelligentTiering | GlacierInstantRetrieval | DeepArchive


@dataclass(frozen=True, kw_only=True)
class LandingBucketConfig(ConfigSection):
    """The bucket in which partners drop files.

    Replaced and deleted versions stay for `noncurrent_days`. A file grows old through the classes of `storage`, if any,
    and is deleted after `expire_days`, if set.
    """

    PATH = "landing_bucket."

    noncurrent_days: int
    storage: tuple[CheaperStorage, ...] = ()
    expire_days: int | None = None

    @property
    def readable_days(self) -> int:
        """For how many days every version can be read without asking S3 to restore it, replaced ones among them."""
        ends = [step.after_days for step in self.storage if isinstance(step, DeepArchive)]
        ends += [self.expire_days] if self.expire_days is not None else []
        return min([self.noncurrent_days, *ends])

    def check(self) -> None:
        require(
            self.noncurrent_days >= 1,
            "landing_bucket.noncurrent_days",
            "at least 1",
            self.noncurrent_days,
            "S3 counts whole days",
        )
        for earlier, later in pairwise(self.storage):
            require(
                later.COLDNESS > earlier.COLDNESS,
                "landing_bucket.storage",
                "ever colder (StandardIa or IntelligentTiering, then GlacierInstantRetrieval, then DeepArchive)",
                tuple(type(step).__name__ for step in self.storage),
                "S3 moves files one way only; take each class once",
            )
            soonest = earlier.after_days + max(earlier.BILLED_DAYS, 1)
            require(
                later.after_days >= soonest,
                "landing_bucket.storage",
                f"{type(later).__name__} from {soonest} days on, after {type(earlier).__name__}",
                later.after_days,
                f"S3 bills {earlier.BILLED_DAYS} days of {type(earlier).__name__} in any case, and may refuse the rule",
            )
        if self.expire_days is not None:
            soonest = max([1, *(step.after_days + max(step.BILLED_DAYS, 1) for step in self.storage)])
            require(
                self.expire_days >= soonest,
                "landing_bucket.expire_days",
                f"{soonest} or more, or left open",
                self.expire_days,
                "what is deleted sooner is paid for all the same, and S3 refuses it before the last move",
            )
        require(
            self.readable_days > DEAD_LETTER_DAYS,
            "landing",
            f"readable for more than {DEAD_LETTER_DAYS} days",
            self.readable_days,
            "a file may be tried again as long as its event waits in the dead-letter queue; "
            "let landing_bucket.noncurrent_days, DeepArchive and landing_bucket.expire_days come later",
        )


@dataclass(frozen=True)
class OnDemand:
    """A new execution starts when it is needed: a file may wait a second or two for it, and nothing idles."""


@dataclass(frozen=True, kw_only=True)
class ProvisionedConcurrency(ConfigSection):
    """So many executions are kept ready, billed by the hour, used or not."""

    PATH = "ingestion.start."

    executions: int

    def check(self) -> None:
        require(self.executions >= 1, "ingestion.start.executions", "1 or more", self.executions, "none is OnDemand()")


@dataclass(frozen=True)
class SnapStart:
    """A new execution starts from a snapshot of one that had started; snapshots and restores are billed."""


Start = OnDemand | ProvisionedConcurrency | SnapStart


@dataclass(frozen=True, kw_only=True)
class IngestionConfig(ConfigSection):
    """The function that turns each landed file into rows, and the queue before it.

    A message is received up to `max_receive_count` times; the back-off between starts at `initial_backoff_seconds` and
    doubles. Events stay in the archive for `archive_days`, to be replayed. A file with more than `max_rejected_percent`
    bad rows is refused.
    """

    PATH = "ingestion."

    memory_mb: int
    timeout_seconds: int
    max_concurrency: int
    max_file_mb: int
    archive_days: int
    log_days: int
    max_rejected_percent: int = 20
    max_receive_count: int = 10
    initial_backoff_seconds: int = 30
    start: Start = OnDemand()

    @property
    def visibility_seconds(self) -> int:
        """How long a received message stays hidden, unless the function says otherwise."""
        return self.timeout_seconds * VISIBILITY_IN_TIMEOUTS

    @property
    def longest_trying_seconds(self) -> int:
        """From a message's first receive to its last wait: a function that was killed shortened none of them."""
        waits = (min(self.initial_backoff_seconds * 2**n, MAX_BACKOFF_SECONDS) for n in range(self.max_receive_count))
        return sum(max(self.visibility_seconds, self.timeout_seconds + wait) for wait in waits)

    def check(self) -> None:
        self._require_what_lambda_takes()
        self._require_an_end_of_trying()
        cpus = min(1.0, self.memory_mb / MEMORY_MB_OF_ONE_CPU)
        longest = int(self.timeout_seconds * LOADING_SHARE * LOADED_MB_PER_SECOND * cpus)
        require(
            1 <= self.max_file_mb <= longest,
            "ingestion.max_file_mb",
            f"1 to {longest} with a timeout of {self.timeout_seconds} s",
            self.max_file_mb,
            "a file must load within 80 % of the timeout; take smaller files or a longer timeout",
        )
        require(
            1 <= self.max_rejected_percent <= 100,
            "ingestion.max_rejected_percent",
            "1 to 100",
            self.max_rejected_percent,
            "it is the share of bad rows above which a file is refused; 100 refuses none for its rows",
        )
        require(
            self.archive_days >= 1,
            "ingestion.archive_days",
            "at least 1",
            self.archive_days,
            "use at least one day: an archive that never expires would keep file names forever",
        )
        require_log_days("ingestion.log_days", self.log_days)

    def _require_what_lambda_takes(self) -> None:
        require(
            self.memory_mb in LAMBDA_MEMORY_MB,
            "ingestion.memory_mb",
            "128 to 10,240",
            self.memory_mb,
            "AWS Lambda accepts no other memory size",
        )
        require(
            30 <= self.timeout_seconds <= LAMBDA_MAX_TIMEOUT_SECONDS,
            "ingestion.timeout_seconds",
            f"30 to {LAMBDA_MAX_TIMEOUT_SECONDS}",
            self.timeout_seconds,
            "AWS Lambda stops a function after 15 minutes, and a cold start beside a busy database needs half a minute",
        )
        require(
            self.max_concurrency in EVENT_SOURCE_CONCURRENCY,
            "ingestion.max_concurrency",
            "2 to 1000",
            self.max_concurrency,
            "an SQS event source mapping accepts no other limit",
        )
        ready = self.start.executions if isinstance(self.start, ProvisionedConcurrency) else 0
        require(
            ready <= self.max_concurrency,
            "ingestion.start.executions",
            f"at most ingestion.max_concurrency ({self.max_concurrency})",
            ready,
            "no more than that ever run at once",
        )

    def _require_an_end_of_trying(self) -> None:
        require(
            self.max_receive_count in MAX_RECEIVE_COUNTS,
            "ingestion.max_receive_count",
            f"{MAX_RECEIVE_COUNTS.start} to {MAX_RECEIVE_COUNTS.stop - 1}",
            self.max_receive_count,
            "fewer would give a file up for a few throttles, and SQS takes no more",
        )
        require(
            1 <= self.initial_backoff_seconds <= MAX_BACKOFF_SECONDS,
            "ingestion.initial_backoff_seconds",
            f"1 to {MAX_BACKOFF_SECONDS}",
            self.initial_backoff_seconds,
            "each wait is twice the one before, up to a quarter of an hour",
        )
        require(
            self.longest_trying_seconds < QUEUE_DAYS * SECONDS_A_DAY,
            "ingestion.max_receive_count",
            f"so few that they end before the queue forgets a message ({QUEUE_DAYS} days)",
            self.max_receive_count,
            f"with a timeout of {self.timeout_seconds} s they could take {self.longest_trying_seconds} s, and what the "
            "queue forgets never reaches the dead-letter queue; take fewer, or a shorter timeout",
        )
