"""Reads declarations of datasets: Frictionless Table Schemas (Data Package v2) with one extension.

The extension is the object `x-dataset` of the schema and `x-field` of a field. docs/datasets.md describes both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .json_node import DeclarationError, JsonNode
from .types import ColumnType, PropertyError, column_type

SCHEMA_FILE = "schema.json"
PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
# The last seven are columns that every table of PostgreSQL has.
RESERVED_COLUMNS = frozenset({"file_id", "arrival", "cmax", "cmin", "ctid", "oid", "tableoid", "xmax", "xmin"})
RESERVED_NAMES = frozenset(
    {"alembic_version", "erasures", "file_overlaps", "files", "load_attempts", "rejected_rows"}
    | {"reprocess_requests", "withdrawals"}
)
# Of ingestion's temporary tables, and of PostgreSQL's own tables, which are found before others.
RESERVED_BEGINNINGS = ("incoming_", "counted_", "pg_")
MAX_KEY_CHARACTERS = 600  # of one text in a key
ENCODINGS = ("utf-8", "cp1252")

KnownKey = Literal["replace", "keep", "reject"]

_NAMES_RULE = 'a lower-case letter and up to 47 letters, digits or "_"'
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_SCHEMA_KEYS = (
    *("$schema", "name", "title", "description", "fields", "fieldsMatch", "missingValues", "primaryKey"),
    *("uniqueKeys", "foreignKeys", "x-dataset"),
)
_FIELD_KEYS = (
    *("name", "type", "title", "description", "example", "constraints", "missingValues", "rdfType", "x-field"),
)  # fmt: skip
_DATASET_KEYS = (
    *("knownKey", "maxRejectedPercent", "maxFileMb", "retentionDays", "dialect", "encoding", "page"),
)  # fmt: skip
_SEPARATORS = re.compile(r"[ _.\-]+")
_MAX_KEY_BYTES = 2_600  # PostgreSQL's B-tree entry has at most 2,704, and needs some for itself
_BYTES_OF_A_CHARACTER = 4
_BYTES_OF_A_VALUE = 64  # of the longest number; other values that are no texts are shorter
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTHS = ("minLength", "maxLength")
_OPTIONS = ("decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues")


class _Allowed(NamedTuple):
    """The properties that a field of one type may have, in addition to those of every field."""

    constraints: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    extension: tuple[str, ...] = ()


_KEYS = ("required", "unique")
_TYPES = {
    "string": _Allowed((*_KEYS, "enum", "pattern", *_LENGTHS), ("format", "categories"), ("semanticType", "rule")),
    "any": _Allowed((*_KEYS, "enum", *_LENGTHS)),
    "integer": _Allowed((*_KEYS, "enum", *_LIMITS), ("groupChar", "bareNumber", "categories")),
    "number": _Allowed((*_KEYS, "enum", *_LIMITS), ("decimalChar", "groupChar", "bareNumber"), ("decimals",)),
    "boolean": _Allowed(_KEYS, ("trueValues", "falseValues")),
    "date": _Allowed((*_KEYS, "enum", *_LIMITS), ("format",)),
    "datetime": _Allowed((*_KEYS, *_LIMITS), ("format",), ("timezone",)),
    "time": _Allowed((*_KEYS, *_LIMITS), ("format",)),
    "year": _Allowed((*_KEYS, *_LIMITS)),
    "yearmonth": _Allowed((*_KEYS, *_LIMITS)),
    "duration": _Allowed(_KEYS),
    "object": _Allowed(("required",)),
    "array": _Allowed(("required",)),
}
_NOT_LOADED = {
    "list": "declare it as a string, or send JSON and declare it as an array",
    "geopoint": "declare two number fields for the coordinates",
    "geojson": "declare it as an object",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column: the properties of a Table Schema's field, and of its `x-field`.

    `missing_values` are the texts that mean that there is no value. `options` holds decimalChar, groupChar, bareNumber,
    trueValues and falseValues, as far as they are declared. `decimals` is the largest number of decimals, or the name
    of the field with the currency (ISO 4217) that decides it.
    """

    name: str
    type: str = "any"
    format: str = "default"
    title: str = ""
    description: str = ""
    example: Any = None
    constraints: Mapping[str, Any] = field(default_factory=dict)
    missing_values: tuple[str, ...] = ("",)
    options: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    semantic_type: str | None = None
    personal: bool = False
    decimals: int | str | None = None
    timezone: str = "required"
    rule: str | None = None
    required: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        return self.title or self.name

    @cached_property
    def column(self) -> ColumnType:
        """The rules for the column's values. Raises PropertyError."""
        return column_type(self)


class ForeignKey(NamedTuple):
    """Columns whose values are the key of a row in another dataset, or in the same one."""

    fields: tuple[str, ...]
    dataset: str
    key: tuple[str, ...]


class Page(NamedTuple):
    """The columns that pages list, and the one by whose day they count rows. A search is by the first key column."""

    columns: tuple[str, ...]
    chart: str | None


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A kind of file, and the table in which its rows are kept; both have the dataset's name.

    `known_key` is what happens to a row whose key the table holds already. Retention is in days, None for no limit.
    `max_file_mb` is the largest file in MiB; it can only lower the limit of the configuration. `quoted` says that
    quotes are syntax in CSV files, not ordinary characters.
    """

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    known_key: KnownKey
    max_rejected_percent: int
    max_file_mb: int | None
    rejects_days: int
    originals_days: int | None
    quoted: bool
    encoding: str
    page: Page

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the fields, in the order of the table."""
        return tuple(each.name for each in self.fields)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {each.name: each for each in self.fields}

    @cached_property
    def required_columns(self) -> frozenset[str]:
        """The columns that every file must have."""
        return frozenset(each.name for each in self.fields if each.required)

    @cached_property
    def names_in_files(self) -> Mapping[str, str]:
        """The columns by the `folded` names that files may use for them."""
        found = {folded(alias): each.name for each in self.fields for alias in (each.title, *each.aliases) if alias}
        return found | {folded(each.name): each.name for each in self.fields}


def folded(name: str) -> str:
    """The form in which names of columns are compared: without case, and with "_" for blanks, hyphens and dots."""
    return _SEPARATORS.sub("_", name.strip().casefold())


def load_datasets(folder: Path) -> dict[str, Dataset]:
    """Every dataset that has a folder in `folder`, by name. Raises DeclarationError."""
    datasets: dict[str, Dataset] = {}
    for file in sorted(folder.glob(f"*/{SCHEMA_FILE}")):
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise DeclarationError(f"{_shown(file)}: not UTF-8 text: {error}") from None
        datasets[file.parent.name] = parse(text, name=file.parent.name, path=_shown(file))
    for dataset in datasets.values():
        _check_references(dataset, datasets, path=_shown(folder / dataset.name / SCHEMA_FILE))
    return datasets


def parse(text: str, *, name: str, path: str) -> Dataset:
    """Read one declaration; `path` is named in errors. Raises DeclarationError."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DeclarationError(f"{path}: not JSON: {error}") from None
    root = JsonNode(path, "", value)
    root.check_content()
    if not _NAME.fullmatch(name) or name in RESERVED_NAMES or name.startswith(RESERVED_BEGINNINGS):
        names, beginnings = ", ".join(sorted(RESERVED_NAMES)), ", ".join(RESERVED_BEGINNINGS)
        root.fail(f"the folder's name must be {_NAMES_RULE}, none of {names}, and not begin with {beginnings}", name)
    root.only(_SCHEMA_KEYS)
    if (profile := root.get("$schema")) and profile.value != PROFILE:
        profile.fail(f'must be "{PROFILE}"')
    match = root.need("fieldsMatch", 'write "partial": files may leave optional columns out, and may have others')
    if match.value not in ("partial", ["partial"]):
        match.fail('must be "partial": files may leave optional columns out, and may have others')
    if unique := root.get("uniqueKeys"):
        unique.fail("is not supported: a file is checked against one key, the primary key")
    missing = _missing_values(root)
    key = root.need("primaryKey", "a file that comes twice would double its rows").names()
    fields = tuple(_field(node, missing, key) for node in root.need("fields", "a table has columns").items())
    _check_names(root, fields, key)
    extension = root.object("x-dataset", _DATASET_KEYS)
    days = extension.object("retentionDays", ("rejects", "originals"))
    return Dataset(
        name=name,
        title=root.text("title") or name.replace("_", " ").capitalize(),
        description=root.text("description"),
        fields=fields,
        primary_key=key,
        foreign_keys=tuple(_foreign_key(node, name) for node in root.items_of("foreignKeys")),
        known_key=extension.choice("knownKey", ("replace", "keep", "reject"), "replace"),
        max_rejected_percent=extension.integer("maxRejectedPercent", 1, 100) or 20,
        max_file_mb=extension.integer("maxFileMb", 1, 100_000),
        rejects_days=days.integer("rejects", 1, 36_500) or 90,
        originals_days=days.integer("originals", 1, 36_500),
        quoted=_is_quoted(extension),
        encoding=extension.choice("encoding", ENCODINGS, "utf-8"),
        page=_page(extension, fields),
    )


def _missing_values(node: JsonNode) -> tuple[str, ...] | None:
    found = node.get("missingValues")
    if found is None:
        return None
    texts = tuple(
        each.need("value", 'an object is such as {"value": "NA"}').value if isinstance(each.value, dict) else each.value
        for each in found.items()
    )
    if not all(isinstance(each, str) for each in texts):
        found.fail('must be a list of texts, or of objects such as {"value": "NA"}')
    if "" not in texts:
        found.fail('must contain "": an empty value is missing in every dataset')
    if wrong := [each for each in texts if each != each.strip(" \t") or "\n" in each or "\r" in each]:
        found.fail("must have no blanks around them and no line breaks", wrong)
    if wrong := [each for each in texts if '"' in each]:
        found.fail("must have no double quotes: in a CSV file they surround a value", wrong)
    return texts


def _field(node: JsonNode, missing: tuple[str, ...] | None, key: tuple[str, ...]) -> Field:
    kind = node.text("type") if isinstance(node.value, dict) and "type" in node.value else "any"
    if kind not in _TYPES:
        node.child("type").fail(
            f"is not supported: {_NOT_LOADED[kind]}" if kind in _NOT_LOADED else f"must be one of {', '.join(_TYPES)}"
        )
    allowed = _TYPES[kind]
    node.only((*_FIELD_KEYS, *allowed.keys))
    name = node.text("name")
    if not _NAME.fullmatch(name) or name in RESERVED_COLUMNS:
        node.child("name").fail(f"must be {_NAMES_RULE} and none of {', '.join(sorted(RESERVED_COLUMNS))}")
    constraints = node.object("constraints", allowed.constraints)
    extension = node.object("x-field", ("aliases", "personal", *allowed.extension))
    if constraints.flag("unique") and key != (name,):
        constraints.child("unique").fail("is supported for the primary key only")
    decimals = extension.get("decimals")
    if decimals and not isinstance(decimals.value, str):
        extension.integer("decimals", 0, 18)
    made = Field(
        name=name,
        type=kind,
        format=(node.text("format") or "default").removeprefix("fmt:"),
        title=node.text("title"),
        description=node.text("description"),
        example=node.value.get("example"),
        constraints=_constraints(node, constraints),
        missing_values=_missing_values(node) or missing or ("",),
        options={option: node.value[option] for option in _OPTIONS if option in node.value},
        aliases=extension.texts("aliases"),
        semantic_type=extension.choice("semanticType", ("code", "currency", "country"), "") or None,
        personal=extension.flag("personal"),
        decimals=decimals.value if decimals else None,
        timezone=extension.text("timezone") or "required",
        rule=extension.text("rule") or None,
        required=constraints.flag("required") or name in key,
    )
    try:
        column = made.column
    except PropertyError as error:
        node.child(error.path).fail(str(error), error.value)
    if name in key and column.sql_type == "text" and not 0 < (column.max_length or 0) <= MAX_KEY_CHARACTERS:
        constraints.child("maxLength").fail(
            f"must be 1 to {MAX_KEY_CHARACTERS} in a key: an index has no room for more", column.max_length
        )
    return made


def _constraints(node: JsonNode, constraints: JsonNode) -> dict[str, Any]:
    found = dict(constraints.value)
    for each in node.items_of("categories"):
        value = each.need("value", "a category has one").value if isinstance(each.value, dict) else each.value
        if "enum" not in constraints.value:
            found.setdefault("enum", []).append(value)
    if enum := constraints.get("enum"):
        list(enum.items())
    for name in _LENGTHS:
        constraints.integer(name, 0, 1_000_000)
    return found


def _check_names(root: JsonNode, fields: tuple[Field, ...], key: tuple[str, ...]) -> None:
    by_name = {each.name: each for each in fields}
    for name in key:
        if name not in by_name:
            root.child("primaryKey").fail(f"must name fields, which are {', '.join(by_name)}", name)
        if by_name[name].type in ("object", "array"):
            root.child("primaryKey").fail("must not name an object or an array: they have no order", name)
    size = sum(_most_bytes(by_name[name].column) for name in key)
    if size > _MAX_KEY_BYTES:
        root.child("primaryKey").fail(
            f"its values may have {size:,} bytes together, but an index has room for {_MAX_KEY_BYTES:,}: lower the "
            f"maxLength of its texts, or name fewer fields (a character has up to {_BYTES_OF_A_CHARACTER} bytes)"
        )
    taken: dict[str, int] = {}
    for number, each in enumerate(fields):
        for alias in (each.name, each.title, *each.aliases):
            other = taken.setdefault(folded(alias), number) if alias else number
            if other != number:
                root.child(f"fields/{number}").fail(f"its name or alias is also that of {fields[other].name}", alias)
        decider = each.decimals if isinstance(each.decimals, str) else None
        if decider and (decider not in by_name or by_name[decider].semantic_type != "currency"):
            root.child(f"fields/{number}/x-field/decimals").fail(
                "must be a number, or name a field with the semanticType currency"
            )


def _most_bytes(column: ColumnType) -> int:
    """The room that the column's values may need in an index."""
    if column.sql_type != "text":
        return _BYTES_OF_A_VALUE
    return (column.max_length or 0) * _BYTES_OF_A_CHARACTER + 8  # the length, and bytes for the alignment


def _foreign_key(node: JsonNode, own: str) -> ForeignKey:
    node.only(("fields", "reference"))
    reference = node.need("reference", "it names the other dataset")
    reference.only(("resource", "fields"))
    return ForeignKey(
        fields=node.need("fields", "it names the columns").names(),
        dataset=reference.text("resource") or own,
        key=reference.need("fields", "it names the columns of the other dataset").names(),
    )


def _check_references(dataset: Dataset, datasets: Mapping[str, Dataset], *, path: str) -> None:
    for number, each in enumerate(dataset.foreign_keys):
        node = JsonNode(path, f"/foreignKeys/{number}", {})
        if unknown := set(each.fields) - set(dataset.columns):
            node.child("fields").fail(f"must name fields, which are {', '.join(dataset.columns)}", sorted(unknown))
        if each.dataset not in datasets:
            node.child("reference/resource").fail(f"must be a dataset, which are {', '.join(datasets)}", each.dataset)
        other = datasets[each.dataset]
        if each.key != other.primary_key or len(each.key) != len(each.fields):
            node.child("reference/fields").fail(
                f"must be the primary key of {each.dataset}, which is {', '.join(other.primary_key)}", each.key
            )
        for own, name in zip(each.fields, each.key, strict=True):
            mine, others = dataset.by_name[own].column, other.by_name[name].column
            if mine.sql_type != others.sql_type and not (mine.number and others.number):
                node.child("fields").fail(f"{own} must have the type of {name}, {others.sql_type}", mine.sql_type)


def _is_quoted(extension: JsonNode) -> bool:
    """Whether quotes are syntax in the dataset's CSV files (Table Dialect: quoteChar)."""
    mark = extension.object("dialect", ("quoteChar",)).get("quoteChar")
    if mark and mark.value not in ('"', None):
        mark.fail('must be "\\"", or null where quotes are ordinary characters')
    return mark is None or mark.value is not None


def _page(extension: JsonNode, fields: tuple[Field, ...]) -> Page:
    node = extension.object("page", ("columns", "chart"))
    by_name = {each.name: each for each in fields}
    columns, chart = node.texts("columns"), node.text("chart") or None
    if unknown := [name for name in columns if name not in by_name]:
        node.child("columns").fail(f"must name fields, which are {', '.join(by_name)}", unknown)
    if chart and (chart not in by_name or by_name[chart].type not in ("date", "datetime")):
        node.child("chart").fail("must name a field that is a date or a datetime")
    return Page(columns=columns or tuple(by_name)[:7], chart=chart)


def _shown(file: Path) -> str:
    return "/".join(file.parts[-3:])
