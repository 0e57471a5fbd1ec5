"""The role that looks things up for people, the role that removes old rejects, and rejects that can be written anew.

Expand only: nothing that an older release uses changes.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

# Roles belong to the whole server, so they may be there already, for instance when only the database was made anew.
ROLES = """
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['operations', 'housekeeping'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        EXECUTE format('GRANT rds_iam TO %I', name);
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', name);
    END LOOP;
END
$$;
ALTER ROLE operations SET statement_timeout = '30s';
ALTER ROLE operations SET default_transaction_read_only = on;
ALTER ROLE housekeeping SET statement_timeout = '60s';
-- A file that is being reprocessed holds its rejects; they can wait for the next day, the rest need not wait for them.
ALTER ROLE housekeeping SET lock_timeout = '5s';
"""

# Housekeeping finds out how old rejects are without being able to read what is in them.
GRANTS = """
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO operations, housekeeping', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO operations, housekeeping;
GRANT SELECT ON files, rejected_rows TO operations;
GRANT SELECT (file_id) ON orders TO operations;
GRANT SELECT (file_id, finished_at) ON files TO housekeeping;
GRANT SELECT (file_id, line_number), DELETE ON rejected_rows TO housekeeping;
-- A file that is processed again writes its rejects anew.
GRANT DELETE ON rejected_rows TO ingestion;
"""


def upgrade() -> None:
    """Make it all, in one transaction."""
    for statements in (ROLES, GRANTS):
        op.execute(statements)
