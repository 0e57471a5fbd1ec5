"""Counts how often loading a version of a file ran out of time, so that it is not tried again and again."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLE = """
SET LOCAL lock_timeout = '3s';
CREATE TABLE load_timeouts (
    bucket     text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    version_id text COLLATE "C" NOT NULL,
    timeouts   integer NOT NULL DEFAULT 1 CHECK (timeouts >= 1),
    PRIMARY KEY (bucket, key, version_id)
);
COMMENT ON TABLE load_timeouts IS 'How often loading a version ran out of time. It has no row for a finished version.';
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(TABLE)
