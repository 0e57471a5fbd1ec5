"""Tables of declared datasets that no migration makes yet. To be deleted with the migration that makes them."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from tabular.declaration import Dataset


def create_declared_tables(connection: psycopg.Connection, datasets: Mapping[str, Dataset]) -> None:
    """Create the tables that are missing, which the role `web` may read, and the index of files by dataset."""
    connection.execute("CREATE INDEX IF NOT EXISTS files_dataset ON files (dataset, file_id DESC)")
    for name, dataset in datasets.items():
        if connection.execute("SELECT to_regclass(%s)", [name]).fetchone() != (None,):
            continue
        columns = ", ".join(
            f"{each.name} {each.column.sql_type}"
            + (' COLLATE "C"' if each.column.sql_type == "text" and each.name in dataset.primary_key else "")
            + (" NOT NULL" if each.required else "")
            for each in dataset.fields
        )
        key = ", ".join(dataset.primary_key)
        connection.execute(f"CREATE TABLE {name} ({columns}, file_id bigint NOT NULL, PRIMARY KEY ({key}))")
        if dataset.page.chart:
            connection.execute(f"CREATE INDEX ON {name} ({dataset.page.chart})")
        connection.execute(f"GRANT SELECT ON {name} TO web")
