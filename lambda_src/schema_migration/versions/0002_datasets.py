"""The ledger knows the dataset of each file, markers are ignored, and rejected rows keep their values by name.

Amounts have the decimals of their currency, so `orders.unit_price` has no fixed number of decimals any more.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

PREPARE = """
SET LOCAL lock_timeout = '3s';
ALTER TABLE files ADD COLUMN IF NOT EXISTS dataset text COLLATE "C";
ALTER TABLE files
    DROP CONSTRAINT IF EXISTS files_status_check,
    ADD CONSTRAINT files_status_check
        CHECK (status IN ('loaded', 'refused', 'superseded', 'deleted', 'ignored')) NOT VALID;
COMMENT ON COLUMN files.dataset IS 'The dataset whose folder the file was put into; NULL for a folder of none.';
COMMENT ON COLUMN files.rows_loaded IS 'The number of distinct keys in the file, whatever other files hold.';

ALTER TABLE rejected_rows ADD COLUMN IF NOT EXISTS fields jsonb;
COMMENT ON COLUMN rejected_rows.fields IS 'The values of the row by their names in the file; NULL if it has no values.';

-- Without a precision, PostgreSQL rewrites nothing. But for another type it would apply the check to each order again,
-- while nobody can read orders. So the check is made anew, and not applied to the orders that passed the old one.
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_unit_price_check;
-- squawk-ignore changing-column-type
ALTER TABLE orders ALTER COLUMN unit_price TYPE numeric;
ALTER TABLE orders
    ADD CONSTRAINT orders_unit_price_check CHECK (unit_price BETWEEN 0 AND 9999999999.99) NOT VALID;
"""

# The ledger has a row for each file that ever came. A load waits for a step at most, if it supersedes one of its files.
ONLINE = (
    "SET lock_timeout = 0",
    "ALTER TABLE files VALIDATE CONSTRAINT files_status_check",
    """
    DO $$ BEGIN
        FOR step IN 0 .. (SELECT coalesce(max(file_id), 0) / 10000 FROM files) LOOP
            UPDATE files SET dataset = 'orders'
            WHERE file_id BETWEEN step * 10000::bigint AND step * 10000::bigint + 9999 AND dataset IS NULL;
            COMMIT;
        END LOOP;
    END $$
    """,
    # A run that was interrupted leaves an index that can't be used.
    "DROP INDEX CONCURRENTLY IF EXISTS files_dataset",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS files_dataset ON files (dataset, file_id DESC)",
)


def upgrade() -> None:
    """Change the tables in steps. A run that was interrupted is repeated from the first one."""
    op.execute(PREPARE)
    # Without a transaction: each statement may take long, but blocks neither readers nor loads for long.
    with op.get_context().autocommit_block():
        for statement in ONLINE:
            op.execute(statement)
