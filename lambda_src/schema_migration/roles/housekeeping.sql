-- Deletes old rejected rows. Sees how old they are, but not what they contain.

ALTER ROLE housekeeping SET statement_timeout = '60s';
ALTER ROLE housekeeping SET idle_in_transaction_session_timeout = '60s';
-- A file that is being loaded again locks its rejected rows: they wait for the next run, the others don't.
ALTER ROLE housekeeping SET lock_timeout = '5s';

GRANT CONNECT ON DATABASE {database} TO housekeeping;
GRANT USAGE ON SCHEMA public TO housekeeping;
GRANT SELECT (file_id, dataset, finished_at) ON files TO housekeeping;
GRANT SELECT (file_id, line_number), DELETE ON rejected_rows TO housekeeping;
