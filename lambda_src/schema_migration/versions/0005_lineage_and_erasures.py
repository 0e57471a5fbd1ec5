"""Indexes that find the rows of a file, who had a file loaded again, and which addresses were erased."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

# A run that was interrupted leaves an index that can't be used.
INDEXES = (
    "SET lock_timeout = 0",
    *(
        statement
        for table in ("customers", "orders", "products", "returns")
        for statement in (
            f"DROP INDEX CONCURRENTLY IF EXISTS {table}_file_id",
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {table}_file_id ON {table} USING brin (file_id) "
            "WITH (pages_per_range = 64, autosummarize = on)",
        )
    ),
)

TABLES = """
SET LOCAL lock_timeout = '3s';

CREATE TABLE reprocess_requests (
    bucket       text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    version_id   text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    why          text,
    PRIMARY KEY (bucket, key, version_id, requested_at)
);
COMMENT ON TABLE reprocess_requests IS 'Who had a version loaded again (make reprocess), when and why.';
COMMENT ON COLUMN reprocess_requests.requested_by IS 'The identity in AWS, as the command found it.';

CREATE TABLE erasures (
    address_hash bytea PRIMARY KEY CHECK (octet_length(address_hash) = 32),
    erased_at    timestamptz NOT NULL
);
CREATE INDEX erasures_erased_at ON erasures (erased_at);
COMMENT ON TABLE erasures IS 'Whose data was erased. Files that were uploaded before bring none of it back.';
COMMENT ON COLUMN erasures.address_hash IS 'SHA-256 of the e-mail address, with the letters A to Z in lower case.';
"""


def upgrade() -> None:
    """Create the indexes without blocking loads, then the tables in one transaction."""
    with op.get_context().autocommit_block():
        for statement in INDEXES:
            op.execute(statement)
    op.execute(TABLES)
