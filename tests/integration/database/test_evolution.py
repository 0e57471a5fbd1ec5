"""A table with rows follows its declaration: what `make migration` writes, what it refuses, and what it costs."""

from __future__ import annotations

import copy
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schema_migration import migrate as migrating
from schema_migration.migrate import PACKAGE, MigrationError, migrate
from scripts.migration import __main__ as command
from scripts.migration import revision
from scripts.migration.__main__ import refuse_losses
from scripts.migration.changes import RefusedChangeError, SchemaChange, changes
from tabular.declaration import Dataset, parse
from tests.integration.database.conftest import DATASETS, Shop
from tests.unit.lambda_src.schema_migration.test_versions import lint, sql

ROWS = 500
READINGS: dict[str, Any] = {
    "title": "Readings",
    "fieldsMatch": "partial",
    "primaryKey": "device",
    "fields": [
        {"name": "device", "type": "string", "constraints": {"required": True, "maxLength": 40}},
        {"name": "battery", "type": "integer", "constraints": {"minimum": 0, "maximum": 5000}},
        {"name": "level", "type": "number", "constraints": {"maximum": 100}, "x-field": {"decimals": 2}},
        {"name": "quality", "type": "string", "constraints": {"required": True, "enum": ["good", "bad"]}},
        {"name": "note", "title": "Note", "type": "string", "constraints": {"maxLength": 100}},
        {"name": "measured_at", "type": "datetime", "constraints": {"required": True}},
    ],
    "x-dataset": {"page": {"columns": ["device"]}},
}
FILL = f"""
    INSERT INTO readings SELECT 'D-' || n, n, 99.5, 'good', CASE WHEN n % 2 = 0 THEN 'a: b' END, now(), 1
    FROM generate_series(1, {ROWS}) AS n
"""

Declaration = dict[str, Any]
Change = Callable[[Declaration, dict[str, Declaration]], object]


def declared(*made: Change) -> dict[str, Dataset]:
    """The readings after these changes: each gets the declaration, and its fields by name."""
    declaration = copy.deepcopy(READINGS)
    for change in made:
        change(declaration, {field["name"]: field for field in declaration["fields"]})
    return {"readings": parse(json.dumps(declaration), name="readings", path="schema.json")}


class Evolving:
    """A database with the table `readings` and its migrations."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop = shop
        self.folder = folder
        self.versions = folder / "versions"
        self.versions.mkdir()
        (folder / "roles").mkdir()
        self.follow(declared())
        with shop.connect() as owner:
            owner.execute(FILL)

    def changes(self, datasets: Mapping[str, Dataset], **defaults: str) -> list[SchemaChange]:
        values = {f"readings.{column}": value for column, value in defaults.items()}
        with psycopg.connect(self.shop.url()) as connection:
            return changes(connection, datasets, values)

    def write(self, datasets: Mapping[str, Dataset], **defaults: str) -> Path:
        return revision.write(self.changes(datasets, **defaults), self.versions)

    def migrate(self, seconds: float = 30) -> None:
        migrate(psycopg.connect(self.shop.url()), seconds=seconds, datasets=[], source=self.folder)

    def follow(self, datasets: Mapping[str, Dataset], **defaults: str) -> Path:
        file = self.write(datasets, **defaults)
        self.migrate()
        return file

    def state(self) -> tuple[Any, ...]:
        """The table's file on the disk, and the values of its rows, whatever the columns are called."""
        rows = self.shop.rows("SELECT jsonb_strip_nulls(to_jsonb(readings)) FROM readings ORDER BY battery")
        return self.shop.rows("SELECT pg_relation_filenode('readings')")[0], [
            sorted(map(str, row.values())) for row in rows
        ]


@pytest.fixture
def evolving(empty_shop: Shop, tmp_path: Path) -> Evolving:
    return Evolving(empty_shop, tmp_path)


def _add(declaration: Declaration, **field: Any) -> None:
    declaration["fields"].insert(1, {"type": "string", **field})


def _several(declaration: Declaration, fields: dict[str, Declaration]) -> None:
    """Rename the key, an indexed column, and others whose limits or order change; add a column with words of SQL."""
    fields["measured_at"] |= {"name": "taken_at", "x-field": {"aliases": ["measured at"]}, "title": "It's :taken"}
    fields["remark"] |= {"name": "text", "constraints": {"maxLength": 300}, "x-field": {"aliases": ["remark"]}}
    fields["level"] |= {"name": "share", "x-field": {"aliases": ["level"], "decimals": 6}}
    fields["device"] |= {"name": "sensor", "x-field": {"aliases": ["device"]}}
    declaration["primaryKey"] = "sensor"
    declaration["x-dataset"]["page"] = {"chart": "taken_at"}
    _add(declaration, name="order", constraints={"enum": ["a:b", "it's", "back\\slash"]})


IN_PLACE: dict[str, tuple[Change, str]] = {
    "an optional column": (
        lambda d, f: _add(d, name="site", constraints={"maxLength": 40}),
        "adds the column readings.site",
    ),
    "a longer text": (
        lambda d, f: f["note"]["constraints"].update(maxLength=200),
        "allows more values of readings.note: char_length(note) <= 200; so far: char_length(note) <= 100",
    ),
    "a longer key": (
        lambda d, f: f["device"]["constraints"].update(maxLength=64),
        "allows more values of readings.device: char_length(device) <= 64; so far: char_length(device) <= 40",
    ),
    "a wider range": (
        lambda d, f: f["battery"]["constraints"].update(minimum=-10, maximum=9000),
        "allows more values of readings.battery: battery >= -10 and battery <= 9000; so far: battery <= 5000",
    ),
    "more decimals": (
        lambda d, f: f["level"]["x-field"].update(decimals=4),
        "allows more values of readings.level: scale(level) <= 4; so far: scale(level) <= 2",
    ),
    "no limit": (lambda d, f: f["level"].pop("constraints"), "limits readings.level less"),
    "another enum value": (
        lambda d, f: f["quality"]["constraints"].update(enum=["good", "bad", "ugly"]),
        "allows more values of readings.quality: quality IN ('bad', 'good', 'ugly')",
    ),
    "a long list": (
        lambda d, f: f["quality"]["constraints"].update(enum=["good", "bad", "ugly", *map(str, range(200))]),
        "allows more values of readings.quality: quality IN ('0', '1', '10',",
    ),
    "another value in a long list": (
        lambda d, f: f["quality"]["constraints"]["enum"].append("it's"),
        "allows more values of readings.quality: quality IN ('0', '1', '10',",
    ),
    "another name": (
        lambda d, f: f["note"].update({"name": "remark", "x-field": {"aliases": ["Note "]}}),
        "renames the column readings.note to remark",
    ),
    "no longer required": (
        lambda d, f: f["quality"]["constraints"].pop("required"),
        "makes readings.quality optional",
    ),
    "an index": (
        lambda d, f: d["x-dataset"]["page"].update(chart="measured_at"),
        "adds an index on readings.measured_at",
    ),
    "a comment": (lambda d, f: d.update(description="Hourly."), "changes the comments on readings"),
    "text that programs compare": (
        lambda d, f: f["remark"]["x-field"].update(semanticType="code"),
        "sorts readings.remark by its bytes",
    ),
    "several at once": (_several, "renames the column readings.measured_at to taken_at"),
}


def test_a_table_with_rows_follows_in_place(evolving: Evolving) -> None:
    """The changes are made one after the other, and every file that could be loaded before still can."""
    made: list[Change] = []
    filenode, rows = evolving.state()
    for case, (change, words) in IN_PLACE.items():
        made.append(change)
        found = evolving.changes(declared(*made))
        assert any(words in each.words for each in found), (case, [each.words for each in found])
        assert [each.way_back for each in found if each.way_back] == [], case
        file = evolving.follow(declared(*made))
        assert evolving.state() == (filenode, rows), f"{case}: the table was rewritten, or its rows changed"
        assert evolving.shop.rows("SELECT conname FROM pg_constraint WHERE NOT convalidated") == [], case
        assert evolving.changes(declared(*made)) == [], case
        _assert_is_clean(file)


def _assert_is_clean(file: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(compile(file.read_text(), file, "exec"), namespace)  # noqa: S102 - it was written a moment ago
    assert lint(sql(type("Module", (), {"upgrade": staticmethod(namespace["upgrade"])}))) == ""


WIDER_TYPE: Change = lambda d, f: f["battery"]["constraints"].update(maximum=5_000_000_000)  # noqa: E731


def test_a_wider_type_rewrites_the_table_and_says_so(evolving: Evolving) -> None:
    filenode, rows = evolving.state()
    (change,) = evolving.changes(declared(WIDER_TYPE))
    assert change.words == "changes the type of readings.battery from integer to bigint"
    assert change.note.startswith("Rewrites the table readings, and blocks the table meanwhile")
    assert not change.way_back
    _assert_is_clean(evolving.follow(declared(WIDER_TYPE)))
    after, rows_after = evolving.state()
    assert (after != filenode, rows_after) == (True, rows)
    assert evolving.changes(declared(WIDER_TYPE)) == []


REQUIRED: Change = lambda d, f: _add(d, name="site", constraints={"required": True, "maxLength": 7})  # noqa: E731
NOW_REQUIRED: Change = lambda d, f: f["note"]["constraints"].update(required=True)  # noqa: E731


@pytest.mark.parametrize(
    ("change", "column", "missing"), [(REQUIRED, "site", ROWS), (NOW_REQUIRED, "note", ROWS / 2)], ids=["new", "old"]
)
def test_a_required_column_asks_for_a_value_for_the_rows_of_the_table(
    evolving: Evolving, change: Change, column: str, missing: int
) -> None:
    with pytest.raises(RefusedChangeError) as refused:
        evolving.changes(declared(change))
    assert (
        f'There are two ways out:\n  1. Say which value they get: make migration DEFAULTS="readings.{column}='
        in str(refused.value)
    )
    if column == "site":
        with pytest.raises(RefusedChangeError, match=r"readings.site has 8 characters; the limit is 7"):
            evolving.changes(declared(change), site="too long")
    filenode, _ = evolving.state()
    _assert_is_clean(evolving.follow(declared(change), **{column: "it's"}))
    assert evolving.state()[0] == filenode
    assert evolving.shop.rows(f"SELECT count(*) FROM readings WHERE {column} = 'it''s'") == [missing]
    assert evolving.changes(declared(change)) == []
    with evolving.shop.connect() as owner, pytest.raises(psycopg.errors.NotNullViolation):
        owner.execute(
            f"INSERT INTO readings (device, quality, measured_at, file_id, {column})VALUES ('X', 'bad', now(), 2, NULL)"
        )


def test_a_value_that_no_column_needs_is_refused(evolving: Evolving) -> None:
    with pytest.raises(RefusedChangeError, match=r"DEFAULTS has a value for readings.sight, but only"):
        evolving.changes(declared(REQUIRED), site="here", sight="there")


LOSSES: dict[str, tuple[Change, str, str]] = {
    "a narrower range": (
        lambda d, f: f["battery"]["constraints"].update(maximum=100),
        "allows fewer values of readings.battery: battery <= 100; so far: battery <= 5000",
        "Put the limits back in datasets/readings/schema.json.",
    ),
    "a first limit": (
        lambda d, f: f["quality"].update({"constraints": {"required": True, "enum": ["good"]}}),
        "allows fewer values of readings.quality: quality IN ('good'); so far: quality = ANY",
        "Put the limits back in datasets/readings/schema.json.",
    ),
    "fewer values in a long list": (
        lambda d, f: f["quality"]["constraints"].update(enum=["good", *map(str, range(200))]),
        "allows fewer values of readings.quality: quality IN (",
        "Put the limits back",
    ),
    "no column": (
        lambda d, f: d["fields"].remove(f["note"]),
        "drops the column readings.note with its values",
        'If it has a new name, write the old one there: "x-field": {"aliases": ["note"]}.',
    ),
    "another type": (
        lambda d, f: (f["battery"].update(type="boolean"), f["battery"].pop("constraints")),
        "changes the type of readings.battery from integer to boolean",
        "Put the type back in datasets/readings/schema.json, or declare a new column.",
    ),
}


def test_a_change_that_loses_values_is_refused_until_it_is_accepted(evolving: Evolving) -> None:
    made: list[Change] = []
    for change, words, way_back in LOSSES.values():
        made.append(change)
        found = evolving.changes(declared(*made))
        with pytest.raises(RefusedChangeError) as refused:
            refuse_losses(found, accepted=False)
        for text in (words, way_back, "two ways out", "make migration LOSS=accept"):
            assert text in str(refused.value)
        refuse_losses(found, accepted=True)
        file = evolving.follow(declared(*made))
        assert f'ACCEPTED = {{\n    "{found[0].subject}": "",\n}}' in file.read_text()
        assert evolving.shop.rows("SELECT count(*) FROM readings") == [ROWS]
        assert evolving.changes(declared(*made)) == []
        _assert_is_clean(file)


def test_a_dataset_that_is_no_longer_declared_is_a_loss(evolving: Evolving) -> None:
    (found,) = evolving.changes({})
    assert found.words == "drops the table readings with its rows"
    assert found.way_back.startswith("Put datasets/readings/schema.json back.")
    evolving.follow({})
    assert evolving.changes({}) == []


def test_another_primary_key_is_refused(evolving: Evolving) -> None:
    def change(declaration: Declaration, fields: Mapping[str, Declaration]) -> None:
        declaration["primaryKey"] = ["device", "measured_at"]

    with pytest.raises(RefusedChangeError, match=r"The primary key of readings is \(device\) in the database"):
        evolving.changes(declared(change))


def test_what_no_declaration_made_is_left_alone(evolving: Evolving) -> None:
    with evolving.shop.connect() as owner:
        owner.execute("CREATE TABLE notes (id int PRIMARY KEY)")
        owner.execute("ALTER TABLE readings ADD CONSTRAINT sane CHECK (battery < 4000 OR quality = 'good')")
        owner.execute("CREATE INDEX readings_by_level ON readings (level)")
        owner.execute(
            "ALTER TABLE readings ADD words tsvector GENERATED ALWAYS AS (to_tsvector('simple', note)) STORED"
        )
    assert evolving.changes(declared()) == []


INDEXED: Change = lambda d, f: d["x-dataset"]["page"].update(chart="measured_at")  # noqa: E731


def test_an_interrupted_index_is_repaired_by_the_next_run(evolving: Evolving) -> None:
    evolving.write(declared(INDEXED))
    with evolving.shop.connect() as load:
        load.execute("BEGIN; UPDATE readings SET level = 1 WHERE device = 'D-1'")
        with pytest.raises(MigrationError, match="migration 0002 failed, and the next run repeats it: it took longer"):
            evolving.migrate(seconds=1)
        load.execute("COMMIT")
    assert evolving.shop.rows(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'readings_measured_at'::regclass"
    ) == [False]
    assert evolving.changes(declared(INDEXED)) != []
    evolving.migrate()
    assert evolving.changes(declared(INDEXED)) == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations give up a lock after 0.1 s, and try again after another 0.1 s."""
    monkeypatch.setattr(revision, "_LOCKS", "SET LOCAL lock_timeout = '100ms';")
    monkeypatch.setattr(migrating, "_LOCK_PAUSE_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_migration_waits_for_a_load_without_blocking_others(evolving: Evolving) -> None:
    evolving.write(declared(REQUIRED), site="here")
    slowest = 0.0
    with evolving.shop.connect() as load, ThreadPoolExecutor() as pool:
        load.execute("BEGIN; UPDATE readings SET level = 1 WHERE device = 'D-1'")
        migration = pool.submit(evolving.migrate)
        with evolving.shop.connect() as other:
            for _ in range(20):
                start = time.monotonic()
                other.execute("UPDATE readings SET level = 2 WHERE device = 'D-2'")
                slowest = max(slowest, time.monotonic() - start)
                threading.Event().wait(0.05)
        assert not migration.done()
        load.execute("COMMIT")
        migration.result()
    assert slowest < 1
    assert evolving.changes(declared(REQUIRED)) == []


@pytest.fixture
def checkout(empty_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The declarations and migrations of this checkout, for the command to change."""
    shutil.copytree("datasets", tmp_path / "datasets")
    shutil.copytree(PACKAGE / "versions", tmp_path / "versions", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(command, "DATASETS", tmp_path / "datasets")
    monkeypatch.setattr(command, "VERSIONS", tmp_path / "versions")
    monkeypatch.setattr(command, "_database", lambda: nullcontext(empty_shop.url()))
    return tmp_path


def test_make_migration_writes_what_a_new_dataset_needs_and_then_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "datasets/readings").mkdir()
    (checkout / "datasets/readings/schema.json").write_text(json.dumps(READINGS))
    command.main(["--name", "Keep readings of devices."])
    (file,) = (checkout / "versions").glob("*_keep_readings_of_devices.py")
    assert file.read_text().startswith('"""Keep readings of devices.\n')
    told = capsys.readouterr().out
    assert f"{os.path.relpath(file)} is new. It\n  - creates the table readings\n" in told
    command.main([])
    assert capsys.readouterr().out == "no change: the migrations lead to the declared tables\n"


def _change(checkout: Path, old: str, new: str) -> None:
    file = checkout / "datasets/customers/schema.json"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "arguments", "reason"),
    [
        ('"maxLength": 254', '"maxLength": 99', [], "allows fewer values of customers.email"),
        ('"maxLength": 254', '"maxLength": 999', [], "datasets/customers/schema.json at"),
        ('"type": "date"', '"type": "boolean"', ["--accept-loss"], "cannot cast type date to boolean"),
        ("Born", "Birthday", ["--defaults", "born=1"], "DEFAULTS must be like"),
        ("Born", "Birthday", ["--check"], "Run `make migration`, which\n  - "),
    ],
)
def test_make_migration_says_why_it_writes_nothing(
    checkout: Path, old: str, new: str, arguments: list[str], reason: str
) -> None:
    before = sorted((checkout / "versions").iterdir())
    _change(checkout, old, new)
    _change(checkout, ', "constraints": {"minimum": "1900-01-01"}', "")
    with pytest.raises(SystemExit, match=reason):
        command.main(arguments)
    assert sorted(each for each in (checkout / "versions").iterdir() if each.suffix == ".py") == [
        each for each in before if each.suffix == ".py"
    ]


def test_the_migrations_lead_to_what_is_declared(shop: Shop) -> None:
    with psycopg.connect(shop.url()) as connection:
        found = [each.words for each in changes(connection, DATASETS)]
    assert found == [], "the declarations changed: run `make migration`, and commit what it writes"
