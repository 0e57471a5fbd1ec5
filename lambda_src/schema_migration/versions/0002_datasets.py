"""The ledger knows the dataset of each file, markers are ignored, and rejected rows keep their values by name.

Amounts have the decimals of their currency, so `orders.unit_price` has no fixed number of decimals any more.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

# The ledger has one row for each file, so writing its rows and its index again takes a second or so.
STATEMENTS = """
SET LOCAL lock_timeout = '3s';
ALTER TABLE files ADD COLUMN dataset text COLLATE "C";
ALTER TABLE files DROP CONSTRAINT files_status_check;
ALTER TABLE files ADD CONSTRAINT files_status_check
    CHECK (status IN ('loaded', 'refused', 'superseded', 'deleted', 'ignored')) NOT VALID;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE files VALIDATE CONSTRAINT files_status_check;
UPDATE files SET dataset = 'orders' WHERE dataset IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX files_dataset ON files (dataset, file_id DESC);

COMMENT ON COLUMN files.dataset IS 'The dataset whose folder the file was put into; NULL for a folder of none.';
COMMENT ON COLUMN files.rows_loaded IS 'The number of distinct keys in the file, whatever other files hold.';

ALTER TABLE rejected_rows ADD COLUMN fields jsonb;
COMMENT ON COLUMN rejected_rows.fields IS 'The values of the row by their names in the file; NULL if it has no values.';

-- Without a precision, PostgreSQL has nothing to check and rewrites nothing.
-- squawk-ignore changing-column-type
ALTER TABLE orders ALTER COLUMN unit_price TYPE numeric;
"""


def upgrade() -> None:
    """Change everything in one transaction."""
    op.execute(STATEMENTS)
