"""Configuration of the landing bucket and of ingestion."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from config.checks import ConfigSection, require

LAMBDA_MAX_TIMEOUT_SECONDS = 900
LOADING_SHARE = 0.8  # of the timeout
LOADED_MB_PER_SECOND = 4  # below the slowest kind of file, one whose every order is known already (make bench)
# Lambda Developer Guide, "Configure Lambda function memory". Loading uses one CPU.
MEMORY_MB_OF_ONE_CPU = 1_769
LAMBDA_MEMORY_MB = (128, 10_240)
# A mapping's maximum concurrency (Lambda Developer Guide, "Configuring maximum concurrency for SQS event sources").
EVENT_SOURCE_CONCURRENCY = (2, 1000)
# Fewer would use up a message's receives on a few throttles (Lambda Developer Guide, "Creating and configuring an
# Amazon SQS event source mapping"); SQS accepts no more (Amazon SQS API Reference, "SetQueueAttributes").
MAX_RECEIVE_COUNTS = (5, 1000)
VISIBILITY_IN_TIMEOUTS = 6  # AWS's minimum for a queue behind a function (the same page)
MAX_BACKOFF_SECONDS = 900  # the longest back-off (lambda_src/ingestion/messages.py)
QUEUE_DAYS = 4
DEAD_LETTER_DAYS = 14  # SQS's maximum
SECONDS_A_DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class StorageClass(ConfigSection):
    """A cheaper storage class, to which S3 moves a file `after_days` after it landed.

    S3 does not move files below 128 KB: moving them would cost more than it saves.
    """

    PATH = "landing_bucket.storage."
    COLDNESS: ClassVar[int]  # S3 moves files from warm to cold only
    BILLED_DAYS: ClassVar[int]  # the minimum that S3 bills

    after_days: int

    def check(self) -> None:
        self.require_at_least("after_days", 0, "S3 counts from the landing")


@dataclass(frozen=True, kw_only=True)
class StandardIa(StorageClass):
    """Half the storage price and a price for each read: for files that are rarely read again."""

    COLDNESS = 1
    BILLED_DAYS = 30

    def check(self) -> None:
        self.require_at_least("after_days", 30, "S3 moves only files that are 30 days old to StandardIa")


@dataclass(frozen=True, kw_only=True)
class IntelligentTiering(StorageClass):
    """S3 monitors each file, for a fee, and moves it itself: for files whose use nobody can predict."""

    COLDNESS = 1
    BILLED_DAYS = 0


@dataclass(frozen=True, kw_only=True)
class GlacierInstantRetrieval(StorageClass):
    """An archive with immediate reads at a high price each."""

    COLDNESS = 2
    BILLED_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class DeepArchive(StorageClass):
    """The cheapest class. A file must be restored before it can be read, which takes half a day to two days."""

    COLDNESS = 3
    BILLED_DAYS = 180


CheaperStorage = StandardIa | IntelligentTiering | GlacierInstantRetrieval | DeepArchive


@dataclass(frozen=True, kw_only=True)
class LandingBucketConfig(ConfigSection):
    """The bucket in which partners drop files.

    Replaced and deleted versions are kept for `noncurrent_days`. A file moves through the classes of `storage`, if any,
    and is deleted after `expire_days`, if set.
    """

    PATH = "landing_bucket."

    noncurrent_days: int
    storage: tuple[CheaperStorage, ...] = ()
    expire_days: int | None = None

    @property
    def readable_days(self) -> int:
        """For how many days every version, replaced ones included, can be read without a restore."""
        ends = [step.after_days for step in self.storage if isinstance(step, DeepArchive)]
        ends += [self.expire_days] if self.expire_days is not None else []
        return min([self.noncurrent_days, *ends])

    def check(self) -> None:
        self.require_at_least("noncurrent_days", 1, "S3 counts whole days")
        for earlier, later in pairwise(self.storage):
            require(
                later.COLDNESS > earlier.COLDNESS,
                "landing_bucket.storage",
                "in the order StandardIa or IntelligentTiering, then GlacierInstantRetrieval, then DeepArchive",
                tuple(type(step).__name__ for step in self.storage),
                "S3 moves files to colder classes only; use each class once",
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
            self.require(
                self.expire_days >= soonest,
                "expire_days",
                f"{soonest} or more, or left open",
                "S3 bills a minimum number of days anyway, and refuses an expiration before the last move",
            )
        require(
            self.readable_days > DEAD_LETTER_DAYS,
            "landing_bucket",
            f"readable for more than {DEAD_LETTER_DAYS} days",
            self.readable_days,
            "a file may be retried while its event waits in the dead-letter queue; "
            "increase landing_bucket.noncurrent_days, DeepArchive's after_days or landing_bucket.expire_days",
        )


@dataclass(frozen=True)
class OnDemand:
    """An execution environment starts when it is needed: a file may wait a second or two, and nothing idles."""


@dataclass(frozen=True, kw_only=True)
class ProvisionedConcurrency(ConfigSection):
    """Keeps `executions` execution environments ready, billed by the hour, used or not."""

    PATH = "ingestion.start."

    executions: int

    def check(self) -> None:
        self.require_at_least("executions", 1, "for none use OnDemand()")


@dataclass(frozen=True)
class SnapStart:
    """An execution environment starts from a snapshot. Snapshots and restores are billed."""


Start = OnDemand | ProvisionedConcurrency | SnapStart


@dataclass(frozen=True, kw_only=True)
class IngestionConfig(ConfigSection):
    """The function that turns each landed file into rows, and the queue before it.

    A message is received up to `max_receive_count` times; the back-off between starts at `initial_backoff_seconds` and
    doubles. Events stay in the archive for `archive_days`, to be replayed."""

    PATH = "ingestion."

    memory_mb: int
    timeout_seconds: int
    max_concurrency: int
    max_file_mb: int
    archive_days: int
    log_days: int
    max_receive_count: int = 10
    initial_backoff_seconds: int = 30
    start: Start = OnDemand()

    @property
    def visibility_seconds(self) -> int:
        """The queue's visibility timeout: how long a received message stays hidden unless the function changes it."""
        return self.timeout_seconds * VISIBILITY_IN_TIMEOUTS

    @property
    def max_retry_seconds(self) -> int:
        """From a message's first receive to the end of its last back-off, if the function is killed each time."""
        waits = (min(self.initial_backoff_seconds * 2**n, MAX_BACKOFF_SECONDS) for n in range(self.max_receive_count))
        return sum(max(self.visibility_seconds, self.timeout_seconds + wait) for wait in waits)

    def check(self) -> None:
        self._check_lambda_limits()
        self._check_retries()
        cpus = min(1.0, self.memory_mb / MEMORY_MB_OF_ONE_CPU)
        longest = int(self.timeout_seconds * LOADING_SHARE * LOADED_MB_PER_SECOND * cpus)
        fix = f"a file must load within 80 % of {self.timeout_seconds} s; use smaller files or a longer timeout"
        self.require_between("max_file_mb", 1, longest, fix)
        self.require_at_least("archive_days", 1, "an archive that never expires would keep file names forever")
        self.require_log_days()

    def _check_lambda_limits(self) -> None:
        self.require_between("memory_mb", *LAMBDA_MEMORY_MB, "AWS Lambda accepts no other memory size")
        fix = "AWS Lambda stops a function after 15 minutes, and a cold start with a busy database takes half a minute"
        self.require_between("timeout_seconds", 30, LAMBDA_MAX_TIMEOUT_SECONDS, fix)
        fix = "an SQS event source mapping accepts no other limit"
        self.require_between("max_concurrency", *EVENT_SOURCE_CONCURRENCY, fix)
        ready = self.start.executions if isinstance(self.start, ProvisionedConcurrency) else 0
        require(
            ready <= self.max_concurrency,
            "ingestion.start.executions",
            f"at most ingestion.max_concurrency ({self.max_concurrency})",
            ready,
            "more never run at the same time",
        )

    def _check_retries(self) -> None:
        fix = "with fewer a few throttles would use up a file's retries, and SQS accepts no more"
        self.require_between("max_receive_count", *MAX_RECEIVE_COUNTS, fix)
        fix = "each back-off is twice the one before, up to a quarter of an hour"
        self.require_between("initial_backoff_seconds", 1, MAX_BACKOFF_SECONDS, fix)
        self.require(
            self.max_retry_seconds < QUEUE_DAYS * SECONDS_A_DAY,
            "max_receive_count",
            f"low enough that the retries end before the queue deletes a message ({QUEUE_DAYS} days)",
            f"with a timeout of {self.timeout_seconds} s they could take {self.max_retry_seconds} s, and a message "
            "that the queue deletes never reaches the dead-letter queue; use fewer, or a shorter timeout",
        )
