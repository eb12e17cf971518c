"""Rows in files: what is read, what is refused and by which line, and that nothing but named errors comes out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import BusError, Malformed, Reason
from tocsin.gateway.rows import answer_in, order_in
from tocsin.gateway.tables import MAX_ROWS, Broken, Row, csv_bytes, give_back, neutral, plain, read_table

HEAD = "message_id,outcome,held\n"


def refused(name: str, data: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        read_table(name, data)
    assert caught.value.facts["field"] == "file"
    return caught.value.facts["rule"]


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.txt", b"x", ".json or .csv"),
        ("a", b"x", ".json or .csv"),
        ("a.json", b"", "one JSON document"),
        ("a.json", b'{"a": 1', "one JSON document"),
        ("a.json", b'{"a": 1, "a": 2}', "one JSON document"),
        ("a.json", b"[NaN]", "one JSON document"),
        ("a.json", b'["\\ud800"]', "one JSON document"),
        ("a.json", b"[" * 100_000, "one JSON document"),
        ("a.json", b"[" + b"9" * 5_000 + b"]", "one JSON document"),
        ("a.json", b"[" + b"{}," * MAX_ROWS + b"{}]", "at most 1000 rows"),
        ("a.csv", b"", "names of the columns"),
        ("a.csv", b"a,a\n1,2\n", "each once"),
        ("a.csv", b"a,,b\n", "each once"),
        ("a.csv", b'"a\n', "names of the columns"),
        ("a.csv", b"a\n" + b"1\n" * (MAX_ROWS + 1), "at most 1000 rows"),
        ("a.csv", "a\n张三\n".encode("gbk"), "UTF-8"),
        ("a.csv", "a\n张三\n".encode("utf-16"), "UTF-8"),
        ("a.csv", b"a\nx\0y\n", "NUL"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_its_rule(name: str, data: bytes, rule: str) -> None:
    assert rule in refused(name, data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_utf_8_with_and_without_mark_and_any_of_three_separators(encoding: str, comma: str) -> None:
    table = read_table("A.CSV", f"Name{comma} Note \r\n张三{comma}x\r\n".encode(encoding))
    (row,) = table.rows
    assert isinstance(row, Row)
    assert (row.line, dict(row.cells)) == (2, {"name": "张三", "note": "x"})


def test_gb18030_is_read_when_its_own_mark_says_so() -> None:
    table = read_table("a.csv", "\ufeffname\n张三\n".encode("gb18030"))
    assert [dict(row.cells) for row in table.rows if isinstance(row, Row)] == [{"name": "张三"}]


def test_a_broken_row_is_named_by_its_line_and_costs_only_itself() -> None:
    table = read_table("a.csv", b'a,b\n1,"x\ny"\n\n2\n3,z\n')
    assert [(type(row), row.line) for row in table.rows] == [(Row, 2), (Broken, 5), (Row, 6)]
    assert give_back(table, [5]).decode("utf-8-sig") == "a,b\n2\n"


def test_a_quotation_mark_that_is_not_closed_takes_the_rest_with_it() -> None:
    table = read_table("a.csv", b'a,b\n1,x\n2,"y\n3,z\n')
    assert [(type(row), row.line) for row in table.rows] == [(Row, 2), (Broken, 3)]
    assert give_back(table, [3]).decode("utf-8-sig") == 'a,b\n2,"y\n3,z\n'


def test_a_row_without_its_end_may_be_half_a_row() -> None:
    whole, half = read_table("a.csv", b"id,held\nx,1 CNY\ny,5").rows
    assert isinstance(whole, Row)
    assert isinstance(half, Broken)
    assert "ended" in half.failure.facts["rule"]


def test_a_list_in_json_names_what_is_no_object() -> None:
    table = read_table("a.json", b'[{"a": 1}, 7, {"a": 2}]')
    assert [(type(row), row.line) for row in table.rows] == [(Row, 1), (Broken, 2), (Row, 3)]
    assert json.loads(give_back(table, [2])) == [7]


@pytest.mark.parametrize("cell", ["=1+1", "+86 27", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "'tis"])
def test_no_cell_of_ours_is_a_formula_and_each_is_read_as_it_was(cell: str) -> None:
    assert neutral(cell).startswith("'")
    assert plain(neutral(cell)) == cell


@given(st.text())
def test_what_neutral_does_plain_undoes(cell: str) -> None:
    assert plain(neutral(cell)) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=9), min_size=1, max_size=4))
def test_what_we_write_we_read(cells: list[str]) -> None:
    columns = [f"c{place}" for place in range(len(cells))]
    table = read_table("a.csv", csv_bytes(columns, [dict(zip(columns, cells, strict=True))]))
    found = [row.cells for row in table.rows if isinstance(row, Row)]
    assert found == ([{c: v for c, v in zip(columns, cells, strict=True) if v}] if any(cells) else [])


LIKELY = st.sampled_from(["message_id", "outcome", "held", "kind", "account", "amount", "thread", "reason", "exercise", "domains"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["done", "mismatch", "50000 CNY", "01890a5d-ac96-774b-bcce-b302099a8057", "stop-payment", "block-domains"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["amount", "currency"]), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


def read_all(name: str, data: bytes) -> None:
    try:
        table = read_table(name, data)
    except BusError as failure:
        assert failure.reason is Reason.FIELD_INVALID
        return
    for row in table.rows:
        if isinstance(row, Broken):
            assert failure_is_named(row.failure)
            continue
        for read in (answer_in, order_in):
            try:
                read(row)
            except BusError as failure:
                assert failure_is_named(failure)
    give_back(table, [row.line for row in table.rows])


def failure_is_named(failure: BusError) -> bool:
    return bool(failure.text("en")) and bool(failure.text("zh"))


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.json", "a"]))
def test_any_bytes_give_rows_or_a_named_error(data: bytes, name: str) -> None:
    read_all(name, data)


@given(st.lists(st.dictionaries(LIKELY, VALUES, max_size=5), max_size=3))
def test_any_json_rows_give_an_answer_an_order_or_a_named_error(rows: list[object]) -> None:
    read_all("a.json", json.dumps(rows).encode("utf-8", "replace"))


@given(st.lists(LIKELY, min_size=1, max_size=4, unique=True), st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=3))
def test_any_csv_rows_give_an_answer_an_order_or_a_named_error(columns: list[str], rows: list[list[str]]) -> None:
    text = "\n".join(",".join(cells) for cells in [columns, *rows]) + "\n"
    read_all("a.csv", text.encode("utf-8", "replace"))
