-- Shows files, the rows of datasets and rejected rows in the web app. Reads only.

ALTER ROLE web SET statement_timeout = '5s';
ALTER ROLE web SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE web SET default_transaction_read_only = on;

GRANT CONNECT ON DATABASE {database} TO web;
GRANT USAGE ON SCHEMA public TO web;
GRANT SELECT ON files, {datasets}, rejected_rows, withdrawals TO web;
