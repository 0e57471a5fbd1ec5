"""Which files have rows with the same keys, and which files were withdrawn, by whom and why."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

PREPARE = """
SET LOCAL lock_timeout = '3s';
ALTER TABLE files
    ADD COLUMN IF NOT EXISTS overlaps_noted boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT IF EXISTS files_status_check,
    ADD CONSTRAINT files_status_check
        CHECK (status IN ('loaded', 'refused', 'superseded', 'deleted', 'ignored', 'withdrawn')) NOT VALID;
COMMENT ON COLUMN files.overlaps_noted IS 'Whether file_overlaps has the files whose keys it met; false for old files.';
"""

# The ledger has a row for each file that ever came. Reading it blocks no load.
ONLINE = (
    "SET lock_timeout = 0",
    "ALTER TABLE files VALIDATE CONSTRAINT files_status_check",
)

FINISH = """
SET LOCAL lock_timeout = '3s';

-- No foreign keys to files: their triggers would make a file wait that has the keys of many others, and to add one
-- waits for all loads that run.
CREATE TABLE file_overlaps (
    file_id       bigint NOT NULL,
    other_file_id bigint NOT NULL,
    PRIMARY KEY (file_id, other_file_id)
);
CREATE INDEX file_overlaps_other_file_id ON file_overlaps (other_file_id);
COMMENT ON TABLE file_overlaps IS 'A file that found keys in its table, and the files whose rows had them.';

CREATE TABLE withdrawals (
    file_id      bigint PRIMARY KEY,
    withdrawn_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    withdrawn_by text NOT NULL,
    reason       text NOT NULL
);
COMMENT ON TABLE withdrawals IS 'Who withdrew a file, when and why. It is never loaded again.';
COMMENT ON COLUMN withdrawals.withdrawn_by IS 'The identity in AWS, as the command found it.';
"""


def upgrade() -> None:
    """Change the tables in steps. A run that was interrupted is repeated from the first one."""
    op.execute(PREPARE)
    with op.get_context().autocommit_block():
        for statement in ONLINE:
            op.execute(statement)
    op.execute(FINISH)
