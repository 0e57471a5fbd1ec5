"""The local PostgreSQL gives and refuses what RDS gives and refuses."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from local_cloud.postgres import LocalPostgres

IAM_TOKEN = "any token: it is RDS that verifies them"


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
def shop(postgres: LocalPostgres) -> Iterator[SampleDatabase]:
    suffix = secrets.token_hex(4)
    made = SampleDatabase(
        server=postgres,
        database=f"shop_{suffix}",
        master=f"master_{suffix}",
        password="p@ss:w/rd %",
        iam_role=f"intake_{suffix}",
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


def test_the_master_user_is_no_superuser(shop: SampleDatabase) -> None:
    with psycopg.connect(shop.master_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("COPY orders FROM PROGRAM 'true'")


def test_the_master_user_still_logs_in_with_its_password_after_making_an_iam_role(shop: SampleDatabase) -> None:
    with psycopg.connect(shop.master_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (shop.master,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(shop.url(shop.master, "wrong"))


def test_a_member_of_rds_iam_logs_in_with_a_token_as_itself(shop: SampleDatabase) -> None:
    with psycopg.connect(shop.url(shop.iam_role, IAM_TOKEN)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (shop.iam_role,)


def test_another_role_does_not_log_in_with_a_token(shop: SampleDatabase) -> None:
    role = f"{shop.iam_role}_other"
    with psycopg.connect(shop.master_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        try:
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(shop.url(role, IAM_TOKEN))
        finally:
            connection.execute(f"DROP ROLE {role}")


def test_nobody_connects_without_tls(shop: SampleDatabase) -> None:
    with pytest.raises(psycopg.OperationalError, match="takes TLS connections only"):
        psycopg.connect(shop.master_url.replace("sslmode=verify-full", "sslmode=disable"))


def test_nobody_connects_who_trusts_other_authorities_only(shop: SampleDatabase, postgres: LocalPostgres) -> None:
    system = shop.master_url.partition("&sslrootcert=")[0] + "&sslrootcert=system"
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(system)


def _ask_until_it_ends(connection: psycopg.Connection) -> None:
    """A killed server's backends answer until they notice: a statement later, where the machine is busy."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        connection.execute("SELECT 1")
        time.sleep(0.01)


def test_what_was_committed_outlives_a_kill(shop: SampleDatabase) -> None:
    with psycopg.connect(shop.master_url) as connection:
        connection.execute("INSERT INTO orders VALUES (1)")
        connection.commit()
        connection.execute("INSERT INTO orders VALUES (2)")
        shop.server.kill()
        try:
            with pytest.raises(psycopg.OperationalError):
                _ask_until_it_ends(connection)
        finally:
            shop.server.start()
    with psycopg.connect(shop.master_url) as connection:
        assert connection.execute("SELECT id FROM orders").fetchall() == [(1,)]


class TestFaults:
    """What the proxy before the database can do to connections."""

    @pytest.fixture(autouse=True)
    def healed(self, postgres: LocalPostgres) -> Iterator[None]:
        yield
        postgres.faults.resume()

    def test_a_stalled_database_answers_nothing_until_it_is_resumed(self, shop: SampleDatabase) -> None:
        with psycopg.connect(shop.master_url) as connection, ThreadPoolExecutor() as pool:
            connection.execute("SELECT 1")
            shop.server.faults.stall()
            answer = pool.submit(lambda: connection.execute("SELECT 2").fetchone())
            with pytest.raises(TimeoutError):
                answer.result(timeout=1)
            shop.server.faults.resume()
            assert answer.result(timeout=10) == (2,)

    def test_a_cut_breaks_open_connections_and_no_new_ones(self, shop: SampleDatabase) -> None:
        with psycopg.connect(shop.master_url, autocommit=True) as connection:
            assert shop.server.faults.cut() >= 1
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        with psycopg.connect(shop.master_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_a_connection_cut_amid_a_copy_leaves_no_row(self, shop: SampleDatabase) -> None:
        shop.server.faults.cut_after(200_000)
        with pytest.raises(psycopg.OperationalError):
            _copy(shop, rows=200_000)
        with psycopg.connect(shop.master_url) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        _copy(shop, rows=200_000)
        with psycopg.connect(shop.master_url) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (200_000,)

    def test_a_database_that_is_down_refuses_everyone_until_it_is_resumed(self, shop: SampleDatabase) -> None:
        shop.server.faults.refuse()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(shop.master_url)
        shop.server.faults.resume()
        psycopg.connect(shop.master_url).close()

    def test_connections_that_were_closed_are_not_kept(self, shop: SampleDatabase) -> None:
        with psycopg.connect(shop.master_url) as connection:
            connection.execute("SELECT 1")
            assert shop.server.faults.connections() == 1
        for _ in range(100):
            if shop.server.faults.connections() == 0:
                return
        pytest.fail("the proxy still holds a connection")


def _copy(shop: SampleDatabase, *, rows: int) -> None:
    with psycopg.connect(shop.master_url) as connection, connection.cursor().copy("COPY orders FROM STDIN") as copy:
        for first in range(0, rows, 1000):
            copy.write("".join(f"{number}\n" for number in range(first, first + 1000)))
