"""Counts the attempts to load a version of a file that took too much time or memory, so that they end."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLE = """
SET LOCAL lock_timeout = '3s';
CREATE TABLE load_attempts (
    bucket     text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    version_id text COLLATE "C" NOT NULL,
    attempts   integer NOT NULL DEFAULT 1 CHECK (attempts >= 1),
    PRIMARY KEY (bucket, key, version_id)
);
COMMENT ON TABLE load_attempts IS 'Attempts at versions that took too much time or memory, until they are finished.';
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(TABLE)
