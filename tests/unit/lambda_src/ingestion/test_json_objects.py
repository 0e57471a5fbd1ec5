"""JSON without one object per line gives the same rows as JSON Lines, and no part is lost without a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.content import MAX_RECORD_BYTES
from ingestion.json_objects import json_lines
from ingestion.refusal import RefusedError
from tests.support.reading import HEADER, ROW, read

GOOD = dict(zip(HEADER.decode().strip().split(","), ROW.decode().split(","), strict=True))
# The fast path and the rules write this time in the same way.
ORDERS = [
    GOOD | {"order_id": f"A-{number}", "ordered_at": "2026-03-31T12:05:00+00:00", "notes": 'a } ] " \\ \n {'}
    for number in range(5)
]

FORMS: dict[str, Callable[[Sequence[object]], str]] = {
    "array": json.dumps,
    "array, pretty": lambda values: json.dumps(values, indent=4),
    "array, one per line": lambda values: "[\r\n" + ",\r\n".join(map(json.dumps, values)) + "\r\n]\r\n",
    "concatenated": lambda values: "".join(map(json.dumps, values)),
    "one behind the other, pretty": lambda values: "\n".join(json.dumps(each, indent=2) for each in values),
    "sequence": lambda values: "".join(f"\x1e{json.dumps(each)}\n" for each in values),
    "arrays": lambda values: "".join(json.dumps([each]) for each in values),
}


def lines(text: str, size: int = 100_000) -> list[bytes]:
    data = text.encode()
    return b"".join(json_lines(data[at : at + size] for at in range(0, len(data), size))).split(b"\n")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", ["", "\ufeff", " \n\n"])
def test_every_form_gives_the_rows_of_json_lines(form: str, mark: str) -> None:
    expected = read("\n".join(map(json.dumps, ORDERS)).encode())
    found = read((mark + FORMS[form](ORDERS)).encode())
    assert len(expected.rows) == 5
    assert (found.rows, found.rejects) == (expected.rows, [])


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["{", "}]", '"', "\\", "\n", "[,"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(
    objects=st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3), min_size=1, max_size=4),
    form=st.sampled_from(sorted(FORMS)),
    size=st.integers(1, 40),
)
def test_each_object_becomes_a_line_however_the_bytes_are_split(objects: list[object], form: str, size: int) -> None:
    found = [json.loads(line) for line in lines(FORMS[form](objects), size) if line.strip()]
    assert found == objects


def test_a_rejected_object_has_the_line_on_which_it_begins() -> None:
    orders = [GOOD | {"quantity": "0"} if number % 2 else GOOD for number in range(6)]
    pretty = json.dumps(orders, indent=2)
    begins = [number for number, line in enumerate(pretty.split("\n"), 1) if line == "  {"]
    assert [each.line_number for each in read(pretty.encode()).rejects] == begins[1::2]
    # Several on a line are counted.
    assert [each.line_number for each in read(json.dumps(orders).encode()).rejects] == [2, 4, 6]
    assert [each.line_number for each in read(FORMS["array, one per line"](list(orders)).encode()).rejects] == [3, 5, 7]


def test_an_object_with_a_mistake_is_the_only_one_rejected() -> None:
    good = json.dumps(GOOD)
    for bad in (
        '{"order_id": }',
        '{"a": "never closed}\n}',
        '{"a" {"b": 1}}',
        "1, 2",
        "nul",
        "}",
    ):
        found = read(f"[{good},\n{bad},\n{good}]".encode())
        assert len(found.rows) == 2
        assert {each.line_number for each in found.rejects} <= {2, 3}
        assert found.rejects


def test_a_line_end_inside_a_text_is_not_left_out() -> None:
    broken = json.dumps(GOOD | {"notes": "two lines"}).replace("two ", "two\n")
    with pytest.raises(RefusedError, match="contains a line end"):
        read(f"[{broken}]".encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "no end"),
        ("[{},", "no end"),
        ('[{"a": 1', "ends inside the JSON object that begins on line 1"),
        ('[\n{"a": 1}\n,{"a": {"b": 1}', "ends inside the JSON object that begins on line 3"),
        ("[" * 100_000, "no end"),
        ('[{"a": ' + '"x"' * 40_000 + "}]", "longer than 64 KiB"),
        (
            '{\n"orders": [\n' + '{"sku": "x"},\n' * 10_000 + "{}]}",
            "longer than 64 KiB, or has no end: the rows are inside",
        ),
    ],
)
def test_a_file_that_ends_too_early_or_can_t_be_divided_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        read(text.encode())


@pytest.mark.parametrize(
    ("wrapper", "words"),
    [
        ({"orders": [GOOD]}, 'the rows are inside the list "orders"'),
        ({"count": 1, "data": {"orders": {"edges": [{"node": GOOD}]}}}, 'inside the list "data.orders.edges"'),
        ({"schema": {"fields": [{"type": "string"}]}, "payload": GOOD}, 'the values are inside "payload"'),
        ({"type": "x", "features": [{"properties": {"a": 1}}]}, 'inside the list "features"'),
        ({"id": 1, "payload": {"record": GOOD}}, 'the values are inside "payload.record"'),
    ],
)
def test_rows_inside_an_object_are_rejected_and_their_place_named(wrapper: object, words: str) -> None:
    (found,) = read(json.dumps(wrapper).encode()).rejects
    assert len(found.reasons) == 1
    assert words in found.reasons[0]


def test_a_long_line_with_a_list_of_rows_is_rejected_and_the_list_named() -> None:
    (found,) = read(json.dumps({"orders": [GOOD] * 1_000}).encode()).rejects
    assert 'longer than 64 KiB: the rows are inside the list "orders"' in found.reasons[0]


def test_several_objects_on_a_line_of_json_lines_are_rejected_with_that_reason() -> None:
    good = json.dumps(GOOD)
    (found,) = read(f"{good}\n{good}{good}\n".encode()).rejects
    assert "several JSON objects on the line" in found.reasons[0]


def test_memory_is_bounded_whatever_stands_between_objects() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"[{},"
        for _ in range(100):
            yield b" \n," * 20_000
        yield b"{}]"

    assert max(map(len, json_lines(pieces()))) <= 4 * MAX_RECORD_BYTES


def test_values_nested_too_deeply_are_rejected() -> None:
    deep = '{"notes": ' + "[" * 900 + "]" * 900 + "}"
    for text in (deep, f"[{deep}]", '{"notes": ' + '{"a": ' * 300 + "1" + "}" * 301):
        (found,) = read(text.encode()).rejects
        assert "not a JSON object" in found.reasons[0]


@pytest.mark.parametrize("text", ['{"quantity": 1\n2}', '{"quantity": 1 \r\n  2\n}', '{"quantity": tr\nue}'])
def test_a_line_end_inside_a_value_doesn_t_join_its_parts(text: str) -> None:
    (found,) = read(f"[{text}]".encode()).rejects
    assert "is not a JSON object" in found.reasons[0]
    assert lines('[{\n "a"\n :\n 1\n ,\n "b": [\n 2\n ]\n }\n]')[0] == b'{"a":1,"b": [2]}'


@pytest.mark.parametrize("before", ["", "[", "\n"])
def test_a_number_of_thousands_of_digits_is_rejected_with_its_row(before: str) -> None:
    good = json.dumps(ORDERS[0])
    data = f'{before}{good[:-1]}, "size": {"1" * 5_000}}}{"," if before == "[" else ""}\n{good}'
    assert len(read(data.encode() + (b"]" if before == "[" else b"")).rows) == 2
    wrong = data.replace("size", "quantity")
    (reject,) = read(wrong.encode() + (b"]" if before == "[" else b"")).rejects
    assert "quantity occurs more than once" in reject.reasons
