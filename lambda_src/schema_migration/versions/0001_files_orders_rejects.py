"""The tables: the ledger of files, the orders and the rejected rows.

The rights to them are in `roles/`. Text that only programs compare has the collation "C", so that sorting and searching
by prefix don't depend on a locale.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE files (
    file_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket        text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,
    version_id    text COLLATE "C" NOT NULL,
    sequencer     text COLLATE "C" CHECK (sequencer ~ '^[0-9A-Fa-f]{1,64}$'),
    uploaded_at   timestamptz NOT NULL,
    size_bytes    bigint CHECK (size_bytes >= 0),
    status        text NOT NULL CHECK (status IN ('loaded', 'refused', 'superseded', 'deleted')),
    reason        text,
    rows_loaded   integer NOT NULL DEFAULT 0 CHECK (rows_loaded >= 0),
    rows_rejected integer NOT NULL DEFAULT 0 CHECK (rows_rejected >= 0),
    received_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at   timestamptz,
    UNIQUE (bucket, key, version_id)
);
CREATE INDEX files_status ON files (status, file_id DESC);
CREATE INDEX files_received_at ON files (received_at DESC);
-- Files are found by the beginning of their key, or of its last part in any case. Both are cheap for a load.
CREATE INDEX files_key ON files (key, file_id);
CREATE INDEX files_name ON files (lower(substring(key FROM '[^/]*$')), file_id);

COMMENT ON TABLE files IS 'The result of every version of every file. The unique key makes sure each is loaded once.';
COMMENT ON COLUMN files.sequencer IS 'S3''s order of the versions of one key: hexadecimal, compared zero-padded.';
COMMENT ON COLUMN files.rows_loaded IS 'The number of distinct orders in the file, whatever other files hold.';

-- No foreign key to files: its trigger for every row would cost more than the rest of a load.
CREATE TABLE orders (
    order_id       text COLLATE "C" PRIMARY KEY,
    customer_email text NOT NULL,
    sku            text COLLATE "C" NOT NULL,
    quantity       integer NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
    unit_price     numeric(12, 2) NOT NULL CHECK (unit_price BETWEEN 0 AND 9999999999.99),
    currency       text COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    ordered_at     timestamptz NOT NULL,
    notes          text,
    file_id        bigint NOT NULL
);
CREATE INDEX orders_ordered_at ON orders (ordered_at);

COMMENT ON COLUMN orders.file_id IS 'The file that the row came from: the latest one that holds the order.';

CREATE TABLE rejected_rows (
    file_id     bigint NOT NULL REFERENCES files (file_id),
    line_number bigint NOT NULL CHECK (line_number >= 1),
    raw         text NOT NULL,
    reasons     text[] NOT NULL CHECK (cardinality(reasons) >= 1),
    PRIMARY KEY (file_id, line_number)
);
COMMENT ON COLUMN rejected_rows.line_number IS 'The first line of the record in its file; the header is line 1.';
COMMENT ON COLUMN rejected_rows.raw IS 'The row as received, at most 4 KiB; bytes that are not UTF-8 read \\xNN.';
"""

# Nobody has rights by default.
PUBLIC = """
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
"""


def upgrade() -> None:
    """Create everything in one transaction."""
    op.execute(TABLES)
    op.execute(PUBLIC)
