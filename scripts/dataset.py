"""Drafts a dataset from a CSV file, and says what it guessed: `make dataset NAME=returns FROM=file.csv`."""

import argparse
import csv
import json
import sys
from pathlib import Path

from scripts.checkout import ROOT
from scripts.dataset_draft import Draft, DraftError, draft
from tabular.declaration import SCHEMA_FILE, Dataset, folded, parse
from tabular.json_node import DeclarationError
from tabular.types import BadValueError

MAX_BYTES = 200 * 1024 * 1024
SAMPLE_ROWS = 20
_WRONG = "?!"  # invalid for every type but text


def main(arguments: list[str] | None = None, *, tree: Path = ROOT) -> None:
    """Write the declaration and samples. Exits with a message if the file or the name can't be used."""
    parser = argparse.ArgumentParser(prog="scripts.dataset", description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--from", dest="source", required=True, type=Path)
    given = parser.parse_args(arguments)
    folder = tree / "datasets" / given.name
    try:
        made = draft(_content(given.source), title=given.name.replace("_", " ").capitalize())
        text = written(made.schema)
        dataset = parse(text, name=given.name, path=f"datasets/{given.name}/{SCHEMA_FILE}")
        if folder.exists():
            raise DraftError(f"datasets/{given.name} exists already: choose another NAME, or delete the folder")
    except (DraftError, DeclarationError, OSError) as error:
        sys.exit(f"No dataset was written: {error}")
    (folder / "samples").mkdir(parents=True)
    (folder / SCHEMA_FILE).write_text(text, encoding="utf-8")
    places = _places(made, dataset)
    _write_samples(folder / "samples", made, dataset, places)
    good = sum(_is_valid(dataset, places, row) for row in made.rows)
    print(f"Written: datasets/{given.name}/{SCHEMA_FILE}, and samples beside it. What was guessed:")
    print("".join(f"  - {guess}\n" for guess in made.guesses), end="")
    print(f"{good:,} of {len(made.rows):,} rows are valid.")
    print("The samples are rows of your file: replace personal data in them before you commit.")
    print("Read the declaration (docs/datasets.md) and the migration. After a change of the declaration, delete this")
    print(
        "migration and run `make migration`. Then `make snapshots test-fast` updates the snapshots and runs the tests."
    )


def written(schema: dict[str, object]) -> str:
    """The declaration as JSON with one line for each property and each field."""
    lines = []
    for name, value in schema.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and name == "fields":
            text = "[\n" + ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in value) + "\n  ]"
        lines.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _content(source: Path) -> bytes:
    if source.stat().st_size > MAX_BYTES:
        raise DraftError(f"{source} has more than {MAX_BYTES:,} bytes: a part of it is enough for a draft")
    return source.read_bytes()


def _write_samples(folder: Path, made: Draft, dataset: Dataset, places: dict[str, int]) -> None:
    """Write the first valid rows; and a file with a mistake in each row but the first, and the expected reasons."""
    good = [row for row in made.rows[:10_000] if _is_valid(dataset, places, row)][:SAMPLE_ROWS]
    _write(folder / f"{dataset.name}.csv", made, good)
    wrong: list[list[str]] = []
    reasons = {}
    for name, at in places.items():
        field = dataset.by_name[name]
        row = list(good[len(wrong) % len(good)])
        row[at] = "" if field.required else _WRONG
        try:
            field.column.check(row[at])
        except BadValueError as error:
            reasons[str(len(wrong) + 3)] = [f"{name} is missing" if field.required else f"{name} {error}"]
            wrong.append(row)
    _write(folder / f"{dataset.name}-with-mistakes.csv", made, [good[0], *wrong])
    expected = folder / f"{dataset.name}-with-mistakes.rejects.json"
    expected.write_text(json.dumps(reasons, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write(file: Path, made: Draft, rows: list[list[str]]) -> None:
    with file.open("w", encoding=made.encoding, newline="") as output:
        csv.writer(output, delimiter=made.delimiter, lineterminator="\n").writerows([made.header, *rows])


def _places(made: Draft, dataset: Dataset) -> dict[str, int]:
    """The place of each column in the file's rows."""
    names = [dataset.names_in_files.get(folded(name)) for name in made.header]
    return {name: names.index(name) for name in names if name}


def _is_valid(dataset: Dataset, places: dict[str, int], row: list[str]) -> bool:
    for name, at in places.items():
        field, value = dataset.by_name[name], row[at]
        if value.strip() in field.missing_values:
            if field.required:
                return False
            continue
        try:
            field.column.check(value)
        except BadValueError:
            return False
    return True


if __name__ == "__main__":
    main()
