"""Runs the bundled migrations: one run at a time, each migration in a transaction of its own, only ever forward."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

PACKAGE = Path(__file__).parent
VERSIONS = PACKAGE / "versions"
# Any number serves, as long as nothing else in this database takes an advisory lock of the same one.
LOCK = 7_001_001
_CONNECT_SECONDS = 5
_PAUSE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class MigrationError(RuntimeError):
    """The schema could not be brought forward; the message is for whoever deploys, and holds no secret."""


def connect(ways: Sequence[str], *, seconds: float) -> psycopg.Connection:
    """Connect by the first of `ways` that works, trying again for `seconds`: a new database may not answer at once.

    Raises MigrationError with PostgreSQL's own words, for each way, when the time is over.
    """
    end = time.monotonic() + seconds
    while True:
        refusals = []
        for conninfo in ways:
            try:
                return psycopg.connect(conninfo, connect_timeout=_CONNECT_SECONDS, application_name="schema_migration")
            except psycopg.OperationalError as error:
                refusals.append(_first_line(error))
        if time.monotonic() + _PAUSE_SECONDS > end:
            raise MigrationError(f"no connection to the database: {'; '.join(dict.fromkeys(refusals))}")
        _log.warning("the database does not answer yet: %s", "; ".join(refusals))
        time.sleep(_PAUSE_SECONDS)


def migrate(connection: psycopg.Connection, *, seconds: float, versions: Path = VERSIONS) -> str:
    """Bring the schema to the newest bundled revision, and return the revision that it then has.

    A schema newer than the bundle stays as it is, so that an older release can be deployed again. A migration that
    fails leaves those before it, and nothing of itself. Takes over `connection`, and closes it. Raises MigrationError,
    also when `seconds` are over.
    """
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=NullPool)
    step = "the migrations could not start"
    with _limit(connection, seconds) as over, engine.connect() as alchemy:
        try:
            # The session holds this lock, not a transaction, so it lasts as long as the connection that migrates.
            alchemy.execute(sqlalchemy.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            alchemy.commit()
            config = _config(alchemy, versions)
            scripts = ScriptDirectory.from_config(config)
            bundled = [script.revision for script in scripts.walk_revisions()][::-1]
            current = MigrationContext.configure(alchemy).get_current_revision()
            alchemy.rollback()
            if current is not None and current not in bundled:
                _log.warning("the schema is newer than this release", extra={"revision": current})
                return current
            pending = bundled[bundled.index(current) + 1 :] if current else bundled
            for revision in pending:
                step = f"migration {revision} failed and was rolled back"
                _log.info("migrating", extra={"revision": revision})
                command.upgrade(config, revision)
            return bundled[-1]
        except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
            cause = f"it took longer than {seconds:.0f} s" if over.is_set() else _first_line(error)
            raise MigrationError(f"{step}: {cause}") from error


def _config(connection: sqlalchemy.Connection, versions: Path) -> Config:
    config = Config()
    for name, folder in (("script_location", PACKAGE), ("version_locations", versions)):
        config.set_main_option(name, str(folder).replace("%", "%%"))  # a lone % would start a reference
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _limit(connection: psycopg.Connection, seconds: float) -> Iterator[Event]:
    """Cancel what `connection` does when `seconds` are over: CloudFormation needs its answer before Lambda ends us."""
    done, over = Event(), Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            over.set()
            connection.cancel_safe(timeout=_CONNECT_SECONDS)
            wait = 1.0  # and again: it may have been between two statements

    watcher = Thread(target=watch, name="limit", daemon=True)
    watcher.start()
    try:
        yield over
    finally:
        done.set()
        watcher.join()


def _first_line(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return (str(original).strip().splitlines() or [type(original).__name__])[0]
