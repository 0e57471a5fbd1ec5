"""The local PostgreSQL allows and refuses what RDS allows and refuses."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from components.database.database_server import PARAMETERS
from local_cloud.postgres import LocalPostgres

IAM_TOKEN = "any token: only RDS verifies them"


@dataclass(frozen=True, kw_only=True)
class SampleDatabase:
    """A database with a master user, and one role that logs in with IAM authentication."""

    server: LocalPostgres
    database: str
    master: str
    password: str
    iam_role: str

    def url(self, user: str, password: str | None) -> str:
        return self.server.server.url(user=user, password=password, database=self.database)

    @property
    def master_url(self) -> str:
        return self.url(self.master, self.password)


@pytest.fixture
def sample(postgres: LocalPostgres) -> Iterator[SampleDatabase]:
    suffix = secrets.token_hex(4)
    made = SampleDatabase(
        server=postgres,
        database=f"sample_{suffix}",
        master=f"master_{suffix}",
        password="p@ss:w/rd %",
        iam_role=f"ingestion_{suffix}",
    )
    postgres.server.create_master_user(made.master, made.password, database=made.database)
    with psycopg.connect(made.master_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {made.iam_role} LOGIN")
        connection.execute(f"GRANT rds_iam TO {made.iam_role}")
        connection.execute(
            f"CREATE TABLE orders (id int PRIMARY KEY); GRANT SELECT, INSERT ON orders TO {made.iam_role}"
        )
    yield made
    with psycopg.connect(postgres.server.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {made.database} WITH (FORCE)")
        connection.execute(f"DROP ROLE {made.iam_role}; DROP ROLE {made.master}")


def test_the_settings_are_those_of_the_parameter_group(sample: SampleDatabase) -> None:
    wanted = {name: value for name, value in PARAMETERS.items() if not name.startswith("rds.")}
    with psycopg.connect(sample.master_url) as connection:
        query = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
        found: dict[str, str] = dict(connection.execute(query, [list(wanted)]).fetchall())
    assert found == wanted


def test_the_master_user_is_no_superuser(sample: SampleDatabase) -> None:
    with psycopg.connect(sample.master_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("COPY orders FROM PROGRAM 'true'")


def test_the_master_user_still_logs_in_with_its_password_after_it_created_an_iam_role(sample: SampleDatabase) -> None:
    with psycopg.connect(sample.master_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (sample.master,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(sample.url(sample.master, "wrong"))


def test_a_member_of_rds_iam_logs_in_with_a_token_as_itself(sample: SampleDatabase) -> None:
    with psycopg.connect(sample.url(sample.iam_role, IAM_TOKEN)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (sample.iam_role,)


def test_another_role_does_not_log_in_with_a_token(sample: SampleDatabase) -> None:
    role = f"{sample.iam_role}_other"
    with psycopg.connect(sample.master_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        try:
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(sample.url(role, IAM_TOKEN))
        finally:
            connection.execute(f"DROP ROLE {role}")


def test_connections_without_tls_are_refused(sample: SampleDatabase) -> None:
    with pytest.raises(psycopg.OperationalError, match="accepts TLS connections only"):
        psycopg.connect(sample.master_url.replace("sslmode=verify-full", "sslmode=disable"))


def test_a_client_that_trusts_other_authorities_only_refuses_to_connect(
    sample: SampleDatabase, postgres: LocalPostgres
) -> None:
    system = sample.master_url.partition("&sslrootcert=")[0] + "&sslrootcert=system"
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(system)


def _query_until_it_breaks(connection: psycopg.Connection) -> None:
    """The backends of a killed server still answer until they notice, which takes a moment on a busy machine."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        connection.execute("SELECT 1")
        time.sleep(0.01)


def test_committed_rows_survive_a_kill(sample: SampleDatabase) -> None:
    with psycopg.connect(sample.master_url) as connection:
        connection.execute("INSERT INTO orders VALUES (1)")
        connection.commit()
        connection.execute("INSERT INTO orders VALUES (2)")
        sample.server.kill()
        try:
            with pytest.raises(psycopg.OperationalError):
                _query_until_it_breaks(connection)
        finally:
            sample.server.start()
    with psycopg.connect(sample.master_url) as connection:
        assert connection.execute("SELECT id FROM orders").fetchall() == [(1,)]


class TestFaults:
    """Faults that the database proxy injects into connections."""

    @pytest.fixture(autouse=True)
    def end_faults(self, postgres: LocalPostgres) -> Iterator[None]:
        yield
        postgres.faults.resume()

    def test_a_stalled_database_does_not_answer_until_resumed(self, sample: SampleDatabase) -> None:
        with psycopg.connect(sample.master_url) as connection, ThreadPoolExecutor() as pool:
            connection.execute("SELECT 1")
            sample.server.faults.stall()
            answer = pool.submit(lambda: connection.execute("SELECT 2").fetchone())
            with pytest.raises(TimeoutError):
                answer.result(timeout=1)
            sample.server.faults.resume()
            assert answer.result(timeout=10) == (2,)

    def test_a_cut_breaks_open_connections_but_not_new_ones(self, sample: SampleDatabase) -> None:
        with psycopg.connect(sample.master_url, autocommit=True) as connection:
            assert sample.server.faults.cut() >= 1
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        with psycopg.connect(sample.master_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_a_connection_cut_during_a_copy_leaves_no_row(self, sample: SampleDatabase) -> None:
        sample.server.faults.cut_after(200_000)
        with pytest.raises(psycopg.OperationalError):
            _copy(sample, rows=200_000)
        with psycopg.connect(sample.master_url) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        _copy(sample, rows=200_000)
        with psycopg.connect(sample.master_url) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (200_000,)

    def test_a_database_that_refuses_connections_accepts_them_when_resumed(self, sample: SampleDatabase) -> None:
        sample.server.faults.refuse()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(sample.master_url)
        sample.server.faults.resume()
        psycopg.connect(sample.master_url).close()

    def test_the_proxy_releases_closed_connections(self, sample: SampleDatabase) -> None:
        with psycopg.connect(sample.master_url) as connection:
            connection.execute("SELECT 1")
            assert sample.server.faults.connections() == 1
        for _ in range(100):
            if sample.server.faults.connections() == 0:
                return
        pytest.fail("the proxy still holds a connection")


def _copy(sample: SampleDatabase, *, rows: int) -> None:
    with psycopg.connect(sample.master_url) as connection, connection.cursor().copy("COPY orders FROM STDIN") as copy:
        for first in range(0, rows, 1000):
            copy.write("".join(f"{number}\n" for number in range(first, first + 1000)))
