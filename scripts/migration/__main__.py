"""Writes the migration that brings the database to the declarations in `datasets/`: the command of `make migration`."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from sqlalchemy.pool import NullPool

from local_cloud import toolchain
from local_cloud.errors import LocalCloudError
from local_cloud.postgres import LocalPostgres
from schema_migration.migrate import PACKAGE, alembic_config
from tabular.declaration import Dataset, load_datasets
from tabular.json_node import DeclarationError

from . import revision
from .changes import RefusedChangeError, SchemaChange, changes

VERSIONS = PACKAGE / "versions"
DATASETS = Path("datasets")


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 and a reason if nothing was written although something differs."""
    parser = argparse.ArgumentParser(prog="scripts.migration", description=__doc__)
    parser.add_argument("--name", default="", help="what the migration does, in a few words")
    parser.add_argument("--defaults", default="", help="values for existing rows: dataset.column=value …")
    parser.add_argument("--accept-loss", action="store_true", help="also write changes that lose values")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a migration is missing")
    options = parser.parse_args(arguments)
    try:
        with _database() as url:
            if options.check:
                require_migrations(url, load_datasets(DATASETS))
                return
            found, file = write(
                url, load_datasets(DATASETS), _defaults(options.defaults), options.name, options.accept_loss
            )
    except (DeclarationError, RefusedChangeError, LocalCloudError) as error:
        sys.exit(str(error))
    if file is None:
        print("no change: the migrations lead to the declared tables")
        return
    print(f"{os.path.relpath(file)} is new. It\n" + "\n".join(f"  - {each.words}" for each in found))
    if notes := dict.fromkeys(each.note for each in found if each.note):
        print("Before you deploy it:\n" + "\n".join(f"  - {note}" for note in notes))
    if any(each.way_back for each in found):
        print("Write the reason for each loss into ACCEPTED in that file: a reviewer reads it there.")
    print("Read it, run `make snapshots`, and commit both with the declarations.")


def write(
    url: str, datasets: dict[str, Dataset], defaults: dict[str, str], title: str, accept_loss: bool
) -> tuple[list[SchemaChange], Path | None]:
    """Write the next migration, and try it in the empty database at `url`. If nothing differs, no file is written.

    Raises RefusedChangeError.
    """
    upgrade(url, VERSIONS)
    found = differences(url, datasets, defaults)
    refuse_losses(found, accepted=accept_loss)
    if not found:
        return [], None
    file = revision.write(found, VERSIONS, title=title)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", file], check=True)
    try:
        upgrade(url, VERSIONS)
    except sqlalchemy.exc.DBAPIError as error:
        file.unlink()
        reason = str(error.orig).partition("\n")[0]
        raise RefusedChangeError(
            f"Nothing was written, because PostgreSQL can't make these changes: {reason}."
        ) from None
    if left := differences(url, datasets):
        raise RuntimeError(f"{file} leaves differences: {'; '.join(each.words for each in left)}")
    return found, file


def require_migrations(url: str, datasets: dict[str, Dataset]) -> None:
    """Raises RefusedChangeError if the migrations don't lead to the declared tables."""
    upgrade(url, VERSIONS)
    if found := differences(url, datasets):
        listed = "".join(f"\n  - {each.words}" for each in found)
        raise RefusedChangeError(f"The tables are not as datasets/ declares them. Run `make migration`, which{listed}")


def refuse_losses(found: Sequence[SchemaChange], *, accepted: bool) -> None:
    """Raises RefusedChangeError if changes lose values, unless that is accepted."""
    losses = [each for each in found if each.way_back]
    if losses and not accepted:
        listed = "\n\n".join(f"  {each.words}\n  Way back: {each.way_back}" for each in losses)
        raise RefusedChangeError(
            f"Nothing was written, because values would be lost or refused:\n\n{listed}\n\n"
            "For each of them there are two ways out. Follow its way back. Or, if you intend the loss, accept it:\n"
            "make migration LOSS=accept. Then write the reason into the migration, where a reviewer reads it."
        )


def upgrade(url: str, versions: Path) -> None:
    """Run the migrations, without the roles."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection, versions), "head")


def differences(url: str, datasets: dict[str, Dataset], defaults: dict[str, str] | None = None) -> list[SchemaChange]:
    """What differs between the declarations and the tables of a database."""
    with psycopg.connect(url) as connection:
        return changes(connection, datasets, defaults)


@contextmanager
def _database() -> Iterator[str]:
    """The URL of an empty database, in a server of its own."""
    toolchain.prepare(print)
    with tempfile.TemporaryDirectory() as folder, LocalPostgres(Path(folder), venv=toolchain.SERVICES_VENV) as postgres:
        yield postgres.server.url()


def _defaults(text: str) -> dict[str, str]:
    found = dict(part.partition("=")[::2] for part in shlex.split(text))
    if wrong := [name for name in found if "." not in name]:
        raise RefusedChangeError(
            f'DEFAULTS must be like "orders.site=unknown orders.channel=partner", got {wrong[0]!r}.'
        )
    return found


if __name__ == "__main__":
    main()
