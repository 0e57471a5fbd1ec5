"""The database proxy and its clients."""

from tests.mutants.mutant import Mutant

DATABASE_PROXY = "tests/stacks/database/test_database_proxy.py"
REACHABILITY = "tests/architecture/test_reachability.py"

MUTANTS = (
    Mutant(
        name="the proxy accepts connections without TLS",
        file="components/database/database_proxy.py",
        old="require_tls=True",
        new="require_tls=False",
        test=f"{DATABASE_PROXY}::test_the_proxy_takes_tls_and_tokens_only[prod]",
        says="RequireTLS",
    ),
    Mutant(
        name="clients connect to the database instead of its proxy",
        file="components/database/database.py",
        old="self._open(client, self.proxy.security_group, ports.DATABASE_PROXY)",
        new="self._open(client, self.server.security_group, ports.DATABASE)",
        test=f"{REACHABILITY}::test_clients_reach_only_the_proxy[prod]",
        says="proxy",
    ),
    Mutant(
        name="a client may log in to the proxy as any database user",
        file="components/database/database_proxy.py",
        old=":dbuser:{proxy}/{user}",
        new=":dbuser:{proxy}/*",
        test=f"{DATABASE_PROXY}::test_clients_log_in_to_the_proxy_and_the_migrations_to_the_database[prod]",
        says="/*",
    ),
    Mutant(
        name="the proxy logs in to the database as the master user",
        file="components/database/database_proxy.py",
        old="grant_connect(self._role, user)",
        new='grant_connect(self._role, "administrator")',
        test=f"{DATABASE_PROXY}::test_the_proxy_logs_in_only_as_its_clients[prod]",
        says="administrator",
    ),
    Mutant(
        name="the proxy is registered before it may reach the database",
        file="components/database/database_proxy.py",
        old="targets.node.add_dependency(*groups, self._role)",
        new="targets.node.add_dependency(self._role)",
        test=f"{DATABASE_PROXY}::test_the_proxy_is_not_registered_before_it_may_reach_the_database[prod]",
        says="SecurityGroup",
    ),
    Mutant(
        name="the proxy may use every connection and leaves none for migrations",
        file="components/database/database_proxy.py",
        old="max_connections_percent=config.connections_percent",
        new="max_connections_percent=100",
        test=f"{DATABASE_PROXY}::test_the_proxy_lends_connections_as_configured[prod]",
        says="MaxConnectionsPercent",
    ),
    Mutant(
        name="prod has no database proxy",
        file="config/environments.py",
        old="connections=ThroughProxy(connections_percent=80, borrow_seconds=15, idle_client_minutes=30)",
        new="connections=Direct()",
        test=f"{DATABASE_PROXY}::test_clients_of_what_must_not_stop_share_connections_through_a_proxy[prod]",
        says="proxy",
    ),
    Mutant(
        name="the proxy starts every session with the master user's rights",
        file="components/database/database_proxy.py",
        old="require_tls=True",
        new='require_tls=True,\n            init_query="SET ROLE administrator"',
        test=f"{DATABASE_PROXY}::test_no_client_gets_a_session_that_another_has_set_up[prod]",
        says="InitQuery",
    ),
    Mutant(
        name="a client gets session variables that another client set",
        file="components/database/database_proxy.py",
        old="require_tls=True",
        new="require_tls=True,\n            session_pinning_filters=[rds.SessionPinningFilter.EXCLUDE_VARIABLE_SETS]",
        test=f"{DATABASE_PROXY}::test_no_client_gets_a_session_that_another_has_set_up[prod]",
        says="SessionPinningFilters",
    ),
)
