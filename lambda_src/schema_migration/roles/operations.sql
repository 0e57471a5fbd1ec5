-- Looks up files and their rejected rows for `make inspect` and `make reconcile`. Reads only, and counts the
-- loaded rows without reading their content.

ALTER ROLE operations SET statement_timeout = '30s';
ALTER ROLE operations SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE operations SET default_transaction_read_only = on;

GRANT CONNECT ON DATABASE {database} TO operations;
GRANT USAGE ON SCHEMA public TO operations;
GRANT SELECT ON files, rejected_rows, reprocess_requests, withdrawals TO operations;
GRANT SELECT (file_id) ON {datasets} TO operations;
