-- Loads files: writes the ledger, the rows of datasets and the rejected rows. It never deletes a file.

ALTER ROLE ingestion SET statement_timeout = 0; -- the function limits each statement by its own deadline
ALTER ROLE ingestion SET idle_in_transaction_session_timeout = '60s';

-- Lambda may end the function without closing its connection. The server notices within about 30 seconds, so that the
-- transaction releases its locks.
ALTER ROLE ingestion SET tcp_keepalives_idle = 10;
ALTER ROLE ingestion SET tcp_keepalives_interval = 5;
ALTER ROLE ingestion SET tcp_keepalives_count = 3;
ALTER ROLE ingestion SET tcp_user_timeout = 30000;
ALTER ROLE ingestion SET client_connection_check_interval = '10s';

-- Temporary tables hold rows until they are merged into the dataset's table.
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO ingestion;
GRANT USAGE ON SCHEMA public TO ingestion;
GRANT SELECT, INSERT, UPDATE ON files TO ingestion;
-- A file that holds many known keys deletes the stored rows, and copies its own.
GRANT SELECT, INSERT, UPDATE, DELETE ON {datasets} TO ingestion;
-- A file that is loaded again replaces its rejected rows.
GRANT SELECT, INSERT, DELETE ON rejected_rows TO ingestion;
-- A file that takes too much time or memory is refused after a few attempts.
GRANT SELECT, INSERT, UPDATE, DELETE ON load_attempts TO ingestion;
-- A file that is loaded again leaves a trace, and brings no person back who was erased.
GRANT INSERT ON reprocess_requests TO ingestion;
-- A file notes the others that have its keys: if one is withdrawn, the others are loaded again.
GRANT INSERT ON file_overlaps TO ingestion;
GRANT SELECT ON erasures TO ingestion;
