"""The ledger of files, the orders, the rejected rows, and the two roles that use them.

Runs as RDS's master user, who is no superuser: it may create roles, and may grant rds_iam.
Text that only machines compare is in collation "C", so that order and prefix searches don't depend on a locale.
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

COMMENT ON TABLE files IS 'What became of every version of every file. Its unique key makes loading happen once.';
COMMENT ON COLUMN files.sequencer IS 'S3''s order of the versions of one key: hexadecimal, compared zero-padded.';
COMMENT ON COLUMN files.rows_loaded IS 'How many distinct orders the file holds, whatever came before or after it.';

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

COMMENT ON COLUMN orders.file_id IS 'The file that the row came from: the latest one that names the order.';

CREATE TABLE rejected_rows (
    file_id     bigint NOT NULL REFERENCES files (file_id),
    line_number bigint NOT NULL CHECK (line_number >= 1),
    raw         text NOT NULL,
    reasons     text[] NOT NULL CHECK (cardinality(reasons) >= 1),
    PRIMARY KEY (file_id, line_number)
);
COMMENT ON COLUMN rejected_rows.line_number IS 'The first line of the record in its file; the header is line 1.';
COMMENT ON COLUMN rejected_rows.raw IS 'The row as it stood, at most 4 KiB; bytes that are no text are written \\xNN.';
"""

# Roles belong to the whole server, so they may be there already, for instance when only the database was made anew.
ROLES = """
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['ingestion', 'web'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        EXECUTE format('GRANT rds_iam TO %I', name);
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', name);
    END LOOP;
END
$$;
ALTER ROLE ingestion SET statement_timeout = 0;
-- A function that is ended from outside says no goodbye. Its transaction must not hold its file for long.
ALTER ROLE ingestion SET tcp_keepalives_idle = 10;
ALTER ROLE ingestion SET tcp_keepalives_interval = 5;
ALTER ROLE ingestion SET tcp_keepalives_count = 3;
ALTER ROLE ingestion SET tcp_user_timeout = 30000;
ALTER ROLE ingestion SET client_connection_check_interval = '10s';
ALTER ROLE web SET statement_timeout = '5s';
ALTER ROLE web SET default_transaction_read_only = on;
"""

# The intake needs TEMPORARY for the table that holds a file's rows until they are merged.
GRANTS = """
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ingestion, web', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO ingestion', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO ingestion, web;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE ON files, orders TO ingestion;
GRANT SELECT, INSERT ON rejected_rows TO ingestion;
GRANT SELECT ON files, orders, rejected_rows TO web;
"""


def upgrade() -> None:
    """Make it all, in one transaction."""
    for statements in (TABLES, ROLES, GRANTS):
        op.execute(statements)
