-- Erases a person from rows, rejected rows and the ledger's reasons for `make forget`. Deletes the rows of a file, marks
-- it and notes who did it for `make withdraw`.

ALTER ROLE operations_erasure SET statement_timeout = '300s';
ALTER ROLE operations_erasure SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE operations_erasure SET lock_timeout = '60s'; -- loads wait behind it meanwhile

GRANT CONNECT ON DATABASE {database} TO operations_erasure;
GRANT USAGE ON SCHEMA public TO operations_erasure;
GRANT SELECT, DELETE, UPDATE ON {datasets} TO operations_erasure;
GRANT SELECT, DELETE ON rejected_rows TO operations_erasure;
GRANT SELECT, UPDATE (reason, status) ON files TO operations_erasure;
GRANT SELECT, INSERT, UPDATE ON erasures TO operations_erasure;
GRANT SELECT, INSERT ON withdrawals TO operations_erasure;
-- Which files have the same keys, and which of them were asked for again.
GRANT SELECT ON file_overlaps TO operations_erasure;
GRANT SELECT (bucket, key, version_id, requested_at) ON reprocess_requests TO operations_erasure;
