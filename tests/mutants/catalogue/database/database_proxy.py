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
        test=f"{DATABASE_PROXY}::test_the_proxy_accepts_only_tls_and_iam_tokens[prod]",
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
        test=f"{DATABASE_PROXY}::test_clients_may_log_in_to_the_proxy_and_migrations_to_the_database[prod]",
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
        test=f"{DATABASE_PROXY}::test_the_proxy_registers_its_target_after_its_rules_and_policies_exist[prod]",
        says="SecurityGroup",
    ),
    Mutant(
        name="the proxy may use every connection and leaves none for migrations",
        file="components/database/database_proxy.py",
        old="max_connections_percent=config.connections_percent",
        new="max_connections_percent=100",
        test=f"{DATABASE_PROXY}::test_the_connection_pool_of_the_proxy_has_the_configured_limits[prod]",
        says="MaxConnectionsPercent",
    ),
    Mutant(
        name="prod has no database proxy",
        file="config/environments.py",
        old="connections=ThroughProxy(connections_percent=80, borrow_seconds=15, idle_client_minutes=30)",
        new="connections=Direct()",
        test=f"{DATABASE_PROXY}::test_staging_and_prod_have_a_database_proxy[prod]",
        says="proxy",
    ),
    Mutant(
        name="the proxy starts every session with the master user's rights",
        file="components/database/database_proxy.py",
        old="require_tls=True",
        new='require_tls=True,\n            init_query="SET ROLE administrator"',
        test=f"{DATABASE_PROXY}::test_no_client_gets_session_settings_of_another[prod]",
        says="InitQuery",
    ),
    Mutant(
        name="a client gets session variables that another client set",
        file="components/database/database_proxy.py",
        old="require_tls=True",
        new="require_tls=True,\n            session_pinning_filters=[rds.SessionPinningFilter.EXCLUDE_VARIABLE_SETS]",
        test=f"{DATABASE_PROXY}::test_no_client_gets_session_settings_of_another[prod]",
        says="SessionPinningFilters",
    ),
)
