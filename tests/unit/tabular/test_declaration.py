"""A declaration is read into a dataset, or refused with its file, the place in it, the value, and what is allowed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabular.declaration import ForeignKey, load_datasets, parse
from tabular.json_node import DeclarationError

FOLDER = Path(__file__).resolve().parents[3] / "datasets"
SHIPPED = {file.parent.name: json.loads(file.read_text()) for file in FOLDER.glob("*/schema.json")}


def schema(**changes: Any) -> dict[str, Any]:
    """A small declaration with these properties instead; None leaves one out."""
    fields = [
        {"name": "id", "type": "string", "constraints": {"maxLength": 9}},
        {"name": "day", "type": "date"},
        {"name": "price", "type": "number"},
    ]
    found = {"fieldsMatch": "partial", "primaryKey": "id", "fields": fields} | changes
    return {name: value for name, value in found.items() if value is not None}


def with_field(**properties: Any) -> dict[str, Any]:
    """The declaration with a fourth field, which is a string if it has no type."""
    return schema(fields=[*schema()["fields"], {"name": "value", "type": "string"} | properties])


def refusal(declaration: object, name: str = "things") -> str:
    with pytest.raises(DeclarationError) as caught:
        parse(json.dumps(declaration), name=name, path="datasets/things/schema.json")
    return str(caught.value)


def constrained(kind: str, **constraints: Any) -> dict[str, Any]:
    return with_field(type=kind, constraints=constraints)


def extended(kind: str = "string", **extension: Any) -> dict[str, Any]:
    return with_field(**{"type": kind, "x-field": extension})


def composite(characters: int) -> dict[str, Any]:
    """A declaration whose key has two texts with up to so many characters each."""
    fields = [{"name": name, "type": "string", "constraints": {"maxLength": characters}} for name in ("id", "other")]
    return schema(primaryKey=["id", "other"], fields=fields)


AT = "/fields/3"
LONG = {"maxLength": 9}

# A declaration, the JSON pointer, and words of the message.
WRONG = [
    ([], "/", "must be a JSON object, got []"),
    (schema(filds=[]), "/filds", "did you mean fields?"),
    (schema(zzz=1), "/zzz", "known here are $schema, name"),
    (
        schema(**{"$schema": "x"}),
        "/$schema",
        'must be "https://datapackage.org/profiles/2.0/tableschema.json", got "x"',
    ),
    (schema(fieldsMatch=None), "/", 'fieldsMatch is missing: write "partial"'),
    (schema(fieldsMatch="exact"), "/fieldsMatch", 'must be "partial"'),
    (schema(uniqueKeys=[["id"]]), "/uniqueKeys", "one key, the primary key"),
    (schema(primaryKey=None), "/", "primaryKey is missing: a file that comes twice would double its rows"),
    (schema(primaryKey=5), "/primaryKey", "must be a field's name, or a list of names, got 5"),
    (schema(primaryKey=["id", "id"]), "/primaryKey", "must not name a field twice"),
    (schema(primaryKey="nr"), "/primaryKey", 'must name fields, which are id, day, price, got "nr"'),
    (schema(fields=None), "/", "fields is missing"),
    (schema(fields=[]), "/fields", "must be a list with at least one item"),
    (schema(fields=["id"]), "/fields/0", 'must be a JSON object, got "id"'),
    (schema(title=5), "/title", "must be text, got 5"),
    (schema(title="a\0b"), "/", "NUL"),
    (schema(title="\ud800"), "/", "unpaired surrogate"),
    (schema(missingValues="NA"), "/missingValues", "must be a list"),
    (schema(missingValues=["NA"]), "/missingValues", 'must contain ""'),
    (schema(missingValues=["", " NA"]), "/missingValues", "no blanks around them"),
    (schema(missingValues=["", '"x"']), "/missingValues", "no double quotes"),
    (with_field(missingValues=["", 'a"']), f"{AT}/missingValues", "no double quotes"),
    (schema(missingValues=["", {"label": "x"}]), "/missingValues/1", "value is missing"),
    (schema(foreignKeys={}), "/foreignKeys", "must be a list"),
    (schema(foreignKeys=[{"fields": "id"}]), "/foreignKeys/0", "reference is missing"),
    (schema(foreignKeys=[{"fields": "id", "reference": 1}]), "/foreignKeys/0/reference", "must be a JSON object"),
    (schema(**{"x-dataset": {"known_key": "keep"}}), "/x-dataset/known_key", "did you mean knownKey?"),
    (schema(**{"x-dataset": {"knownKey": "drop"}}), "/x-dataset/knownKey", "must be one of replace, keep, reject, got"),
    (schema(**{"x-dataset": {"maxRejectedPercent": 0}}), "/x-dataset/maxRejectedPercent", "from 1 to 100, got 0"),
    (schema(**{"x-dataset": {"maxRejectedPercent": True}}), "/x-dataset/maxRejectedPercent", "got true"),
    (schema(**{"x-dataset": {"maxFileMb": 1.5}}), "/x-dataset/maxFileMb", "whole number from 1 to 100,000, got 1.5"),
    (schema(**{"x-dataset": {"retentionDays": 5}}), "/x-dataset/retentionDays", "must be a JSON object"),
    (schema(**{"x-dataset": {"retentionDays": {"rejects": -1}}}), "/x-dataset/retentionDays/rejects", "got -1"),
    (schema(**{"x-dataset": {"encoding": "latin-1"}}), "/x-dataset/encoding", "utf-8, cp1252"),
    (schema(**{"x-dataset": {"dialect": {"delimiter": ";"}}}), "/x-dataset/dialect/delimiter", "unknown property"),
    (schema(**{"x-dataset": {"dialect": {"quoteChar": "'"}}}), "/x-dataset/dialect/quoteChar", "null"),
    (schema(**{"x-dataset": {"page": {"columns": ["nr"]}}}), "/x-dataset/page/columns", "must name fields"),
    (schema(**{"x-dataset": {"page": {"columns": "id"}}}), "/x-dataset/page/columns", "must be a list of texts"),
    (schema(**{"x-dataset": {"page": {"chart": "price"}}}), "/x-dataset/page/chart", "a date or a datetime"),
    (with_field(name="Value"), f"{AT}/name", "a lower-case letter and up to 47 letters, digits"),
    (with_field(name="v" * 49), f"{AT}/name", "up to 47"),
    (with_field(name="file_id"), f"{AT}/name", "none of arrival, cmax, cmin, ctid, file_id, oid"),
    *(
        (with_field(name=name), f"{AT}/name", "none of")
        for name in ("xmin", "xmax", "cmin", "cmax", "ctid", "tableoid")
    ),
    (with_field(name="day"), AT, "its name or alias is also that of day"),
    (with_field(title="Day"), AT, 'also that of day, got "Day"'),
    (with_field(type="text"), f"{AT}/type", "must be one of string, any"),
    (with_field(type=5), f"{AT}/type", "must be text, got 5"),
    (with_field(type="geopoint"), f"{AT}/type", "is not supported: declare two number fields"),
    (with_field(type="list"), f"{AT}/type", "declare it as an array"),
    (with_field(format="binary"), f"{AT}/format", "must be default, email, uuid, uri"),
    (with_field(type="integer", format="default"), f"{AT}/format", "unknown property"),
    (with_field(type="date", format="any"), f"{AT}/format", "would guess"),
    (with_field(type="date", format="%d.%m.%y"), f"{AT}/format", "use the directives %Y %m %d only"),
    (with_field(type="date", format="%Y-%m"), f"{AT}/format", "must have the directives %d"),
    (with_field(type="date", format="%Y-%m-%d %H:%M"), f"{AT}/format", "directives %Y %m %d only"),
    (with_field(type="date", format="%Y-%m-%d%d"), f"{AT}/format", "each directive once"),
    (with_field(type="date", format="%Y-%m-%d%"), f"{AT}/format", "directives"),
    (with_field(type="datetime", format="%d.%m.%Y %H:%M"), f"{AT}/format", "%z if, and only if"),
    (with_field(type="time", format="%I:%M"), f"{AT}/format", "%H:%M"),
    (with_field(decimalChar=","), f"{AT}/decimalChar", "unknown property"),
    (with_field(type="number", decimalChar=";"), f"{AT}/decimalChar", 'must be . or ,, got ";"'),
    (with_field(type="number", decimalChar=[]), f"{AT}/decimalChar", "got []"),
    (with_field(type="number", decimalChar=",", groupChar=","), f"{AT}/decimalChar", "must differ from groupChar"),
    (with_field(type="number", groupChar="x"), f"{AT}/groupChar", "must be one of"),
    (with_field(type="number", bareNumber="no"), f"{AT}/bareNumber", "true or false"),
    (with_field(type="boolean", trueValues=[]), f"{AT}/trueValues", "a list of texts"),
    (with_field(type="boolean", trueValues=[1]), f"{AT}/trueValues", "a list of texts"),
    (with_field(type="boolean", trueValues=[" x"]), f"{AT}/trueValues", "without blanks"),
    (
        with_field(type="boolean", trueValues=["x"], falseValues=["x"]),
        f"{AT}/falseValues",
        'no word of trueValues, got ["x"]',
    ),
    (with_field(constraints=[]), f"{AT}/constraints", "must be a JSON object"),
    (constrained("string", minimum=1), f"{AT}/constraints/minimum", "known here are required, unique, enum, pattern"),
    (constrained("integer", pattern="x"), f"{AT}/constraints/pattern", "unknown property"),
    (constrained("string", required="yes"), f"{AT}/constraints/required", "must be true or false"),
    (constrained("string", unique=True), f"{AT}/constraints/unique", "for the primary key only"),
    (constrained("object", unique=True), f"{AT}/constraints/unique", "known here are required"),
    (constrained("string", enum=[]), f"{AT}/constraints/enum", "at least one item"),
    (constrained("string", enum="red"), f"{AT}/constraints/enum", "must be a list"),
    (constrained("string", enum=["red", 5]), f"{AT}/constraints/enum/1", "must be a value of the type string, got 5"),
    (constrained("string", enum=[" red"]), f"{AT}/constraints/enum/0", "must be a value"),
    (
        constrained("string", enum=["red"], maxLength=9),
        f"{AT}/constraints/maxLength",
        "can't stand beside constraints/enum",
    ),
    (constrained("integer", enum=["x"]), f"{AT}/constraints/enum/0", "the type integer"),
    (constrained("integer", enum=[1], minimum=0), f"{AT}/constraints/minimum", "can't stand beside constraints/enum"),
    (constrained("time", enum=["10:00"]), f"{AT}/constraints/enum", "unknown property"),
    (constrained("string", maxLength=10_001), f"{AT}/constraints/maxLength", "0 to 10,000 characters, got 10001"),
    (constrained("string", maxLength="9"), f"{AT}/constraints/maxLength", "whole number"),
    (constrained("string", minLength=10, maxLength=9), f"{AT}/constraints/maxLength", "10 to 10,000 characters, got 9"),
    (constrained("string", pattern=5), f"{AT}/constraints/pattern", "must be text"),
    (constrained("string", pattern="(", **LONG), f"{AT}/constraints/pattern", "regular expression"),
    (constrained("string", pattern="(?i)a", **LONG), f"{AT}/constraints/pattern", "it has flags"),
    (constrained("string", pattern="(?=a)a", **LONG), f"{AT}/constraints/pattern", "it has assert"),
    (constrained("string", pattern=r"(a)\1", **LONG), f"{AT}/constraints/pattern", "it has groupref"),
    (constrained("string", pattern="[[a]", **LONG), f"{AT}/constraints/pattern", "nested set"),
    (constrained("string", pattern="(a+)+b"), f"{AT}/constraints/pattern", "declare a maxLength of at most 4, or"),
    (constrained("integer", minimum=1.5), f"{AT}/constraints/minimum", "must be a value of the type integer, got 1.5"),
    (constrained("integer", maximum="1_000"), f"{AT}/constraints/maximum", "type integer"),
    (constrained("integer", minimum=True), f"{AT}/constraints/minimum", "got true"),
    (constrained("integer", minimum=2, maximum=1), f"{AT}/constraints", "the limits allow no value"),
    (constrained("integer", exclusiveMinimum=1, exclusiveMaximum=2), f"{AT}/constraints", "allow no whole number"),
    (constrained("number", minimum="many"), f"{AT}/constraints/minimum", "type number"),
    (constrained("number", exclusiveMinimum=1, maximum=1), f"{AT}/constraints", "allow no value"),
    (constrained("date", minimum="01.01.2020"), f"{AT}/constraints/minimum", "type date"),
    (constrained("date", minimum=20200101), f"{AT}/constraints/minimum", "type date"),
    (constrained("datetime", maximum="soon"), f"{AT}/constraints/maximum", "type datetime"),
    (constrained("datetime", maximum="0001-01-01T00:00:00+14:00"), f"{AT}/constraints/maximum", "type datetime"),
    (constrained("time", minimum="10:00+02:00"), f"{AT}/constraints/minimum", "type time"),
    (constrained("year", minimum=5), f"{AT}/constraints/minimum", "type year"),
    (constrained("yearmonth", minimum="2020"), f"{AT}/constraints/minimum", "type yearmonth"),
    (with_field(**{"x-field": []}), f"{AT}/x-field", "must be a JSON object"),
    (extended(semantictype="code"), f"{AT}/x-field/semantictype", "did you mean semanticType?"),
    (extended(semanticType="iban"), f"{AT}/x-field/semanticType", "code, currency, country"),
    (extended("integer", semanticType="code"), f"{AT}/x-field/semanticType", "unknown property"),
    (extended(aliases="x"), f"{AT}/x-field/aliases", "must be a list of texts"),
    (extended(aliases=["ID"]), AT, 'also that of id, got "ID"'),
    (extended(personal=1), f"{AT}/x-field/personal", "true or false"),
    (
        with_field(**{"type": "number", "constraints": {"enum": [1]}, "x-field": {"decimals": 2}}),
        f"{AT}/x-field/decimals",
        "can't stand beside constraints/enum, got 2",
    ),
    (extended("number", decimals=-1), f"{AT}/x-field/decimals", "0 to 18"),
    (extended("number", decimals="day"), f"{AT}/x-field/decimals", "semanticType currency"),
    (extended("datetime", timezone="CET"), f"{AT}/x-field/timezone", "required, none, UTC"),
    (with_field(categories=5), f"{AT}/categories", "must be a list"),
    (with_field(categories=[{"label": "x"}]), f"{AT}/categories/0", "value is missing"),
    (schema(primaryKey="day", fields=[{"name": "day", "type": "object"}]), "/primaryKey", "must not name an object"),
    (
        composite(324),
        "/primaryKey",
        "may have 2,608 bytes together, but an index has room for 2,600: lower the maxLength",
    ),
    (schema(fields=[{"name": "id", "type": "string"}]), "/fields/0/constraints/maxLength", "1 to 600 in a key"),
]


@pytest.mark.parametrize(
    ("declaration", "pointer", "words"), WRONG, ids=[f"{each[1]}: {each[2]}"[:60] for each in WRONG]
)
def test_a_wrong_declaration_is_refused_at_its_place_with_what_is_allowed(
    declaration: object, pointer: str, words: str
) -> None:
    message = refusal(declaration)
    assert message.startswith(f"datasets/things/schema.json at {pointer}: ")
    assert words in message
    assert ", got " in message
    assert len(message) < 700


@pytest.mark.parametrize(
    "name", ["files", "rejected_rows", "Things", "1st", "a" * 49, "a-b", "incoming_x", "counted_x", "pg_x"]
)
def test_a_folder_with_a_name_that_no_table_can_have_is_refused(name: str) -> None:
    assert "the folder's name must be" in refusal(schema(), name)


@pytest.mark.parametrize("text", ["", "{", "nope", "[" * 100_000])
def test_a_file_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match=r"schema\.json: not JSON: "):
        parse(text, name="things", path="schema.json")


def test_a_declaration_of_the_smallest_size_has_defaults() -> None:
    dataset = parse(json.dumps(schema()), name="some_things", path="")
    assert (dataset.title, dataset.columns, dataset.primary_key) == ("Some things", ("id", "day", "price"), ("id",))
    assert (dataset.known_key, dataset.max_rejected_percent, dataset.quoted) == ("replace", 20, True)
    assert (dataset.originals_days, dataset.rejects_days, dataset.max_file_mb) == (None, 90, None)
    assert dataset.required_columns == {"id"}
    assert dataset.page.columns == ("id", "day", "price")


def test_a_key_of_several_texts_may_have_as_many_characters_as_an_index_has_room_for() -> None:
    assert parse(json.dumps(composite(323)), name="things", path="").primary_key == ("id", "other")


def test_names_in_files_are_compared_without_case_and_separators() -> None:
    dataset = parse(json.dumps(extended(aliases=["Order No."])), name="things", path="")
    assert {dataset.names_in_files[name] for name in ("order_no_", "value")} == {"value"}


def test_categories_are_the_choices_of_a_field() -> None:
    dataset = parse(json.dumps(with_field(categories=["a", {"value": "b", "label": "B"}])), name="things", path="")
    assert dataset.by_name["value"].column.rule == "one of a, b"


def test_a_missing_value_of_a_field_replaces_those_of_the_dataset() -> None:
    declaration = with_field(missingValues=["", "-"]) | {"missingValues": ["", "NA"]}
    dataset = parse(json.dumps(declaration), name="things", path="")
    assert [each.missing_values for each in dataset.fields[2:]] == [("", "NA"), ("", "-")]


class TestReferences:
    """Foreign keys refer to the primary key of a dataset that exists."""

    @staticmethod
    def load(folder: Path, **foreign_key: Any) -> ForeignKey:
        for name, declaration in {"things": schema(), "parts": schema(foreignKeys=[foreign_key])}.items():
            (folder / name).mkdir()
            (folder / name / "schema.json").write_text(json.dumps(declaration))
        return load_datasets(folder)["parts"].foreign_keys[0]

    def test_a_reference_to_a_primary_key_is_read(self, tmp_path: Path) -> None:
        found = self.load(tmp_path, fields="id", reference={"resource": "things", "fields": "id"})
        assert found == ForeignKey(fields=("id",), dataset="things", key=("id",))

    @pytest.mark.parametrize(
        ("fields", "reference", "pointer", "words"),
        [
            (
                "nr",
                {"resource": "things", "fields": "id"},
                "fields",
                'must name fields, which are id, day, price, got ["nr"]',
            ),
            (
                "id",
                {"resource": "thing", "fields": "id"},
                "reference/resource",
                "must be a dataset, which are parts, things",
            ),
            (
                "id",
                {"resource": "things", "fields": "day"},
                "reference/fields",
                "the primary key of things, which is id",
            ),
            ("day", {"resource": "things", "fields": "id"}, "fields", "day must have the type of id, text"),
            (["id", "day"], {"fields": ["id", "day"]}, "reference/fields", "the primary key of parts"),
        ],
    )
    def test_a_reference_to_anything_else_is_refused(
        self, tmp_path: Path, fields: Any, reference: Any, pointer: str, words: str
    ) -> None:
        with pytest.raises(DeclarationError) as caught:
            self.load(tmp_path, fields=fields, reference=reference)
        assert f"parts/schema.json at /foreignKeys/0/{pointer}: " in str(caught.value)
        assert words in str(caught.value)

    def test_a_file_that_is_not_utf8_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "things").mkdir()
        (tmp_path / "things" / "schema.json").write_bytes(b'{"title": "caf\xe9"}')
        with pytest.raises(DeclarationError, match=r"things/schema\.json: not UTF-8 text"):
            load_datasets(tmp_path)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value in a declaration."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in inside for place in _places(each, (*path, name)))]


PLACES = [(name, path) for name, declaration in SHIPPED.items() for path in _places(declaration) if path]
WORDS = [
    "",
    "id",
    "name",
    "partial",
    "string",
    "date",
    "any",
    "%Y-%m-%d",
    "%",
    "2020-01-01",
    "orders",
    "\0",
    "\ud800",
    "(",
    "a*",
]
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "type", "value", "fields", "minimum", "required", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(PLACES), json_values)
def test_any_value_at_any_place_is_accepted_or_refused_with_a_message(
    place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    name, path = place
    declaration = copy.deepcopy(SHIPPED[name])
    inside = declaration
    for each in path[:-1]:
        inside = inside[each]
    inside[path[-1]] = value
    try:
        dataset = parse(json.dumps(declaration), name=name, path="schema.json")
    except DeclarationError as error:
        assert str(error).startswith("schema.json at /")
        str(error).encode()
    else:
        assert all(each.column.rule for each in dataset.fields)


TYPES = [
    "string",
    "any",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "time",
    "year",
    "yearmonth",
    "duration",
    "object",
]
PROPERTIES = [
    *(
        f"constraints/{name}"
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")
    ),
    *(f"constraints/{name}" for name in ("enum", "pattern", "required", "unique")),
    *("format", "decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues", "categories", "missingValues"),
    *(f"x-field/{name}" for name in ("aliases", "semanticType", "decimals", "timezone", "rule")),
]


@settings(deadline=None, max_examples=400)
@given(
    kind=st.sampled_from(TYPES),
    properties=st.dictionaries(st.sampled_from(PROPERTIES), st.one_of(json_values, st.integers(0, 99)), max_size=3),
)
def test_any_property_of_any_type_is_accepted_or_refused_with_a_message(kind: str, properties: dict[str, Any]) -> None:
    field: dict[str, Any] = {"name": "value", "type": kind}
    for path, value in properties.items():
        outer, _, inner = path.rpartition("/")
        (field.setdefault(outer, {}) if outer else field)[inner] = value
    try:
        parse(json.dumps(with_field(**field)), name="things", path="schema.json")
    except DeclarationError as error:
        assert str(error).startswith("schema.json at /")
