"""Reads declarations of datasets: Frictionless Table Schemas (Data Package v2) with one extension.

The extension is the object `x-dataset` of the schema and `x-field` of a field. docs/datasets.md describes both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .types import ColumnType, UnsupportedError, column_type

SCHEMA_FILE = "schema.json"
PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
RESERVED_COLUMNS = frozenset({"file_id", "arrival"})
RESERVED_NAMES = frozenset({"files", "rejected_rows", "alembic_version"})
MAX_KEY_CHARACTERS = 600  # a B-tree entry has at most 2,704 bytes, and a character up to four
ENCODINGS = ("utf-8", "cp1252")

KnownKey = Literal["replace", "keep", "reject"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_SCHEMA_KEYS = (
    *("$schema", "name", "title", "description", "fields", "fieldsMatch", "missingValues", "primaryKey"),
    *("uniqueKeys", "foreignKeys", "x-dataset"),
)
_FIELD_KEYS = (
    *("name", "type", "format", "title", "description", "example", "constraints", "missingValues", "decimalChar"),
    *("groupChar", "bareNumber", "trueValues", "falseValues", "categories", "rdfType", "x-field"),
)
_DATASET_KEYS = (
    *("knownKey", "maxRejectedPercent", "maxFileMb", "retentionDays", "dialect", "encoding", "page"),
)  # fmt: skip
_X_FIELD_KEYS = ("aliases", "semanticType", "personal", "decimals", "timezone", "rule")
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTHS = ("minLength", "maxLength")
_ORDERED = ("integer", "number", "date", "datetime", "time", "year", "yearmonth")
_CONSTRAINTS: Mapping[str, tuple[str, ...]] = {
    "string": ("required", "unique", "enum", "pattern", *_LENGTHS),
    "any": ("required", "unique", "enum"),
    "boolean": ("required", "unique", "enum"),
    "duration": ("required", "unique", "enum"),
    "object": ("required",),
    "array": ("required",),
    **{name: ("required", "unique", "enum", *_LIMITS) for name in _ORDERED},
}
_NOT_LOADED = {
    "list": "declare it as a string, or send JSON and declare it as an array",
    "geopoint": "declare two number fields for the coordinates",
    "geojson": "declare it as an object",
}


class DeclarationError(ValueError):
    """A declaration can't be used. The message names the file, the JSON pointer, the value and what is allowed."""


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
        """The rules for the column's values. Raises UnsupportedError."""
        return column_type(self)


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Columns whose values are the key of a row in another dataset, or in the same one."""

    fields: tuple[str, ...]
    dataset: str
    key: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the web app lists, searches and charts. A search finds keys by their beginning."""

    columns: tuple[str, ...]
    search: str
    chart: str | None


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A kind of file, and the table in which its rows are kept; both have the dataset's name.

    `known_key` is what happens to a row whose key the table holds already. Retention is in days, None for no limit.
    A dataset that sets `max_file_mb` accepts no larger file, in MiB, whatever the environment allows.
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
    rows_days: int | None
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
        """The column that a name in a header or a JSON object means, by `folded` name."""
        found = {folded(alias): each.name for each in self.fields for alias in (each.title, *each.aliases) if alias}
        return found | {folded(each.name): each.name for each in self.fields}


def folded(name: str) -> str:
    """A column's name as names are compared: without case, and with "_" for a blank, a hyphen or a dot."""
    return re.sub(r"[ _.\-]+", "_", name.strip().casefold())


def load_datasets(folder: Path) -> dict[str, Dataset]:
    """Every dataset that has a folder in `folder`, by name. Raises DeclarationError."""
    datasets = {
        file.parent.name: parse(file.read_text(encoding="utf-8"), name=file.parent.name, path=_shown(file))
        for file in sorted(folder.glob(f"*/{SCHEMA_FILE}"))
    }
    for dataset in datasets.values():
        _check_references(dataset, datasets, path=_shown(folder / dataset.name / SCHEMA_FILE))
    return datasets


def parse(text: str, *, name: str, path: str) -> Dataset:
    """Read one declaration; `path` is named in errors. Raises DeclarationError."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DeclarationError(f"{path}: not JSON: {error}") from None
    root = _Node(path, "", value)
    if not _NAME.fullmatch(name) or name in RESERVED_NAMES:
        root.fail(f"the folder's name must be {_NAMES_RULE} and none of {', '.join(sorted(RESERVED_NAMES))}", name)
    root.only(_SCHEMA_KEYS)
    if (profile := root.get("$schema")) and profile.value != PROFILE:
        profile.fail(f'must be "{PROFILE}"')
    if (match := root.get("fieldsMatch")) is None or match.value not in ("partial", ["partial"]):
        (match or root).fail(
            'fieldsMatch must be "partial": files may leave optional columns out, and may have more columns'
        )
    if unique := root.get("uniqueKeys"):
        unique.fail("is not supported: a file is checked against one key, the primary key")
    missing = _missing_values(root)
    key = root.need("primaryKey", "a file that comes twice would double its rows").names()
    fields = tuple(_field(node, missing, key) for node in root.need("fields", "a table has columns").items())
    _check_names(root, fields, key)
    extension = root.get("x-dataset") or _Node(path, "/x-dataset", {})
    extension.only(_DATASET_KEYS)
    days = extension.get("retentionDays") or _Node(path, "/x-dataset/retentionDays", {})
    days.only(("rows", "rejects", "originals"))
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
        rows_days=days.integer("rows", 1, 36_500),
        rejects_days=days.integer("rejects", 1, 36_500) or 90,
        originals_days=days.integer("originals", 1, 36_500),
        quoted=_is_quoted(extension),
        encoding=extension.choice("encoding", ENCODINGS, "utf-8"),
        page=_page(extension, fields, key),
    )


_NAMES_RULE = 'a lower-case letter and up to 47 letters, digits or "_"'


class _Node:
    """A value of the declaration, with its JSON pointer (RFC 6901)."""

    def __init__(self, path: str, pointer: str, value: Any) -> None:
        self.path, self.pointer, self.value = path, pointer, value

    def fail(self, message: str, value: Any = ...) -> None:
        shown = json.dumps(self.value if value is ... else value, ensure_ascii=False)
        raise DeclarationError(
            f"{self.path} at {self.pointer or '/'}: {message}, got {shown if len(shown) <= 100 else shown[:100] + '…'}"
        )

    def only(self, known: Iterable[str]) -> None:
        if not isinstance(self.value, dict):
            self.fail("must be a JSON object")
        for name in self.value:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                self.fail(f"unknown property; {hint}", name)

    def get(self, name: str) -> _Node | None:
        if self.value.get(name) is None:
            return None
        return _Node(self.path, f"{self.pointer}/{name.replace('~', '~0').replace('/', '~1')}", self.value[name])

    def need(self, name: str, why: str) -> _Node:
        node = self.get(name)
        if node is None:
            self.fail(f"{name} is missing: {why}")
            raise AssertionError
        return node

    def items(self) -> Iterator[_Node]:
        if not isinstance(self.value, list) or not self.value:
            self.fail("must be a list with at least one item")
        for number, each in enumerate(self.value):
            yield _Node(self.path, f"{self.pointer}/{number}", each)

    def items_of(self, name: str) -> Iterator[_Node]:
        node = self.get(name)
        return node.items() if node else iter(())

    def names(self) -> tuple[str, ...]:
        found = [self.value] if isinstance(self.value, str) else self.value
        if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
            self.fail("must be a field's name, or a list of names")
        return tuple(found)

    def text(self, name: str) -> str:
        node = self.get(name)
        if node and not isinstance(node.value, str):
            node.fail("must be text")
        return node.value if node else ""

    def texts(self, name: str) -> tuple[str, ...]:
        node = self.get(name)
        if node and not (isinstance(node.value, list) and all(isinstance(each, str) for each in node.value)):
            node.fail("must be a list of texts")
        return tuple(node.value) if node else ()

    def flag(self, name: str) -> bool:
        node = self.get(name)
        if node and not isinstance(node.value, bool):
            node.fail("must be true or false")
        return bool(node and node.value)

    def integer(self, name: str, low: int, high: int) -> int | None:
        node = self.get(name)
        if node and (type(node.value) is not int or not low <= node.value <= high):
            node.fail(f"must be a whole number from {low:,} to {high:,}")
        return node.value if node else None

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> Any:
        node = self.get(name)
        if node and node.value not in allowed:
            node.fail(f"must be one of {', '.join(allowed)}")
        return node.value if node else default


def _missing_values(node: _Node) -> tuple[str, ...] | None:
    found = node.get("missingValues")
    if found is None:
        return None
    if not isinstance(found.value, list):
        found.fail("must be a list")
    texts = tuple(each.get("value") if isinstance(each, dict) else each for each in found.value)
    if not all(isinstance(each, str) for each in texts):
        found.fail('must be a list of texts, or of objects such as {"value": "NA"}')
    if "" not in texts:
        found.fail('must contain "": an empty value is missing in every dataset')
    return texts


def _field(node: _Node, missing: tuple[str, ...] | None, key: tuple[str, ...]) -> Field:
    node.only(_FIELD_KEYS)
    name = node.text("name")
    if not _NAME.fullmatch(name) or name in RESERVED_COLUMNS:
        node.fail(f"name must be {_NAMES_RULE} and none of {', '.join(sorted(RESERVED_COLUMNS))}", name)
    kind = node.text("type") or "any"
    if kind in _NOT_LOADED:
        node.fail(f"type {kind} is not supported: {_NOT_LOADED[kind]}", kind)
    if kind not in _CONSTRAINTS:
        node.fail(f"type must be one of {', '.join(_CONSTRAINTS)}", kind)
    constraints = node.get("constraints") or _Node(node.path, f"{node.pointer}/constraints", {})
    constraints.only(_CONSTRAINTS[kind])
    if constraints.value.get("unique") and key != (name,):
        constraints.fail("unique is supported for the primary key only", True)
    extension = node.get("x-field") or _Node(node.path, f"{node.pointer}/x-field", {})
    extension.only(_X_FIELD_KEYS)
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
        made.column  # noqa: B018 - builds the rules, which finds what they don't support
    except UnsupportedError as error:
        node.fail(str(error), error.value)
    if name in key and made.column.sql_type == "text" and not 0 < (made.column.max_length or 0) <= MAX_KEY_CHARACTERS:
        constraints.fail(
            f"maxLength must be a whole number from 1 to {MAX_KEY_CHARACTERS} in a key: an index has no room for more"
        )
    return made


_OPTIONS = ("decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues")


def _constraints(node: _Node, constraints: _Node) -> dict[str, Any]:
    found = dict(constraints.value)
    categories = node.get("categories")
    if categories and "enum" not in found:
        found["enum"] = [each["value"] if isinstance(each, dict) else each for each in categories.value]
    if "enum" in found and not (isinstance(found["enum"], list) and found["enum"]):
        constraints.fail("enum must be a list with at least one value", found["enum"])
    for name in _LENGTHS:
        constraints.integer(name, 0, 1_000_000)
    return found


def _check_names(root: _Node, fields: tuple[Field, ...], key: tuple[str, ...]) -> None:
    names = [each.name for each in fields]
    by_name = dict(zip(names, fields, strict=True))
    for name in key:
        if name not in names:
            root.fail(f"primaryKey must name fields, which are {', '.join(names)}", name)
        if by_name[name].type in ("object", "array"):
            root.fail("primaryKey must not name an object or an array: they have no order", name)
    taken: dict[str, str] = {}
    for each in fields:
        for alias in (each.name, each.title, *each.aliases):
            if alias and taken.setdefault(folded(alias), each.name) != each.name:
                root.fail(f"two fields, {taken[folded(alias)]} and {each.name}, have the same name or alias", alias)
        decider = each.decimals if isinstance(each.decimals, str) else None
        if decider and (decider not in names or by_name[decider].semantic_type != "currency"):
            root.fail(f"decimals of {each.name} must name a field with the semanticType currency", decider)
    if len(set(names)) != len(names):
        root.fail("a field's name occurs more than once", names)


def _foreign_key(node: _Node, own: str) -> ForeignKey:
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
        node = _Node(path, f"/foreignKeys/{number}", {"fields": each.fields, "reference": each.dataset})
        if unknown := set(each.fields) - set(dataset.columns):
            node.fail(f"fields must name fields, which are {', '.join(dataset.columns)}", sorted(unknown))
        if each.dataset not in datasets:
            node.fail(f"reference/resource must be a dataset, which are {', '.join(datasets)}", each.dataset)
        if each.key != datasets[each.dataset].primary_key or len(each.key) != len(each.fields):
            node.fail(f"reference/fields must be the primary key of {each.dataset}", each.key)


def _is_quoted(extension: _Node) -> bool:
    """Whether quotes are syntax in the dataset's CSV files (Table Dialect: quoteChar)."""
    dialect = extension.get("dialect")
    if dialect is None:
        return True
    dialect.only(("quoteChar",))
    if dialect.value.get("quoteChar", '"') not in ('"', None):
        dialect.fail("quoteChar must be \"\\\"\", or null where quotes are ordinary characters")
    return dialect.value.get("quoteChar", '"') is not None


def _page(extension: _Node, fields: tuple[Field, ...], key: tuple[str, ...]) -> Page:
    node = extension.get("page") or _Node(extension.path, f"{extension.pointer}/page", {})
    node.only(("columns", "search", "chart"))
    names = [each.name for each in fields]
    for name in (*node.texts("columns"), *filter(None, (node.text("search"), node.text("chart")))):
        if name not in names:
            node.fail(f"must name fields, which are {', '.join(names)}", name)
    chart = node.text("chart") or None
    if chart and next(each for each in fields if each.name == chart).type not in ("date", "datetime"):
        node.fail("chart must name a date or a datetime", chart)
    search = node.text("search") or key[0]
    if search not in key[:1]:
        node.fail(f"search must name the first column of the primary key, {key[0]}: an index finds it", search)
    return Page(columns=node.texts("columns") or tuple(names[:7]), search=search, chart=chart)


def _shown(file: Path) -> str:
    return "/".join(file.parts[-3:])
