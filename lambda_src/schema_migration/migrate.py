"""Runs the bundled migrations, one after the other and only forward, then sets the database roles.

A migration is a transaction, unless it leaves that for a while (Alembic's autocommit_block) because a statement would
block others for long. One that waits for a lock longer than its lock_timeout is repeated.
"""

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
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.pool import NullPool

from . import database_roles

PACKAGE = Path(__file__).parent
# Any number works, as long as nothing else in this database takes an advisory lock with the same number.
LOCK = 7_001_001
_CONNECT_SECONDS = 5
_RETRY_SECONDS = 2.0
_LOCKED_PAUSE_SECONDS = 0.5  # between two attempts to begin while another run goes on
_LOCK_PAUSE_SECONDS = 5.0  # others get the lock meanwhile

_log = logging.getLogger(__name__)


class MigrationError(RuntimeError):
    """The migration failed; the message is for the person who deploys, and contains no secret."""


def connect(candidates: Sequence[str], *, seconds: float) -> psycopg.Connection:
    """Connect with the first connection string that works; retry for `seconds`, because a new database may be slow.

    Raises MigrationError with PostgreSQL's message for each connection string when the time is over.
    """
    end = time.monotonic() + seconds
    while True:
        errors = []
        for conninfo in candidates:
            try:
                return psycopg.connect(conninfo, connect_timeout=_CONNECT_SECONDS, application_name="schema_migration")
            except psycopg.OperationalError as error:
                errors.append(_first_line(error))
        if time.monotonic() + _RETRY_SECONDS > end:
            raise MigrationError(f"no connection to the database: {'; '.join(dict.fromkeys(errors))}")
        _log.warning("no connection to the database yet, retrying: %s", "; ".join(errors))
        time.sleep(_RETRY_SECONDS)


def migrate(connection: psycopg.Connection, *, seconds: float, datasets: Sequence[str], source: Path = PACKAGE) -> str:
    """Upgrade the schema to the newest revision in `source/versions`, then set the roles in `source/roles`.

    `datasets` are the names of the tables to which roles have the rights of {datasets}. Returns the revision that the
    schema then has. A schema that is newer than the bundle is left unchanged, roles included, so that an older release
    can be deployed again. A migration that fails is repeated by the next run; earlier migrations stay. Closes
    `connection`. Raises MigrationError, also when `seconds` are over.
    """
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=NullPool)
    step = "the migrations could not start"
    with _limit(connection, seconds) as over, engine.connect() as alchemy:
        try:
            # The lock belongs to the session, not to a transaction: it lasts until the connection is closed.
            # A run that waits must hold no snapshot: CREATE INDEX CONCURRENTLY of the other run would wait for its end.
            while not alchemy.scalar(sqlalchemy.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
                alchemy.commit()
                if over.wait(_LOCKED_PAUSE_SECONDS):
                    raise MigrationError(f"{step}: it took longer than {seconds:.0f} s")
            alchemy.commit()
            config = alembic_config(alchemy, source / "versions")
            scripts = ScriptDirectory.from_config(config)
            bundled = [script.revision for script in scripts.walk_revisions()][::-1]
            current = MigrationContext.configure(alchemy).get_current_revision()
            alchemy.rollback()
            if current is not None and current not in bundled:
                _log.warning("the schema is newer than this release", extra={"revision": current})
                return current
            pending = bundled[bundled.index(current) + 1 :] if current else bundled
            for revision in pending:
                step = f"migration {revision} failed, and the next run repeats it"
                _log.info("migrating", extra={"revision": revision})
                _upgrade(config, revision, over)
            step = "setting the database roles failed and was rolled back"
            database_roles.apply(connection, source / "roles", datasets)
            return bundled[-1]
        except (sqlalchemy.exc.DBAPIError, psycopg.Error, database_roles.RoleError) as error:
            cause = f"it took longer than {seconds:.0f} s" if over.is_set() else _first_line(error)
            raise MigrationError(f"{step}: {cause}") from error


def _upgrade(config: Config, revision: str, over: Event) -> None:
    """Run one migration, again and again while another session has a lock that it needs."""
    while True:
        try:
            return command.upgrade(config, revision)
        except sqlalchemy.exc.OperationalError as error:
            if over.is_set() or not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                raise
            _log.warning("another session has the lock, trying again", extra={"revision": revision})
            over.wait(_LOCK_PAUSE_SECONDS)


def alembic_config(connection: sqlalchemy.Connection, versions: Path) -> Config:
    """Alembic's configuration to run the migrations in `versions` on this connection."""
    config = Config()
    for name, folder in (("script_location", PACKAGE), ("version_locations", versions)):
        config.set_main_option(name, str(folder).replace("%", "%%"))  # a single % would start a reference
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _limit(connection: psycopg.Connection, seconds: float) -> Iterator[Event]:
    """Cancel what `connection` runs after `seconds`, so that there is time to respond to CloudFormation."""
    done, over = Event(), Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            over.set()
            connection.cancel_safe(timeout=_CONNECT_SECONDS)
            wait = 1.0  # cancel again: the first time, no statement may have been running

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
