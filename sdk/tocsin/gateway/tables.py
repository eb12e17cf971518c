"""Rows in files, JSON and CSV: what one side writes the other can read, and nothing is guessed.

 * JSON is one object or a list of them. CSV has the names of its columns in the first line; comma, semicolon or tab.
 * Text is UTF-8, with or without a mark. GB18030 is read only with its own mark: without one it cannot be told from
   other encodings, and a wrong guess would change a person's name.
 * A broken row is named by its line and costs only itself. The last line of a CSV file must be ended: a row that was cut
   off could hold a part of an amount.
 * In CSV that we write, a cell that a spreadsheet would take for a formula gets ``'`` in front; reading takes it away.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tocsin.core.errors import BusError, Reason, error
from tocsin.gateway.reports import refuse_constant

MAX_ROWS: Final = 1_000
"""Of one file: they are answered one after another, and a file is done within a second or two."""

MAX_COLUMNS: Final = 100
"""Three times what the widest of our own files has."""

_UTF8_MARK, _GB18030_MARK = b"\xef\xbb\xbf", b"\x84\x31\x95\x33"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ENDS = ("\n", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row that could be read.

    Attributes:
        line: Its first line in a CSV file, its place in a JSON list; from 1.
        cells: Its values by column: text in CSV, any JSON value in JSON.
        raw: The row as it stood in the file, to be given back: CSV text, or the JSON value.
        typed: Whether cells are JSON values.
    """

    line: int
    cells: Mapping[str, Any]
    raw: Any
    typed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One row that could not; see ``Row``."""

    line: int
    failure: BusError
    raw: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file's rows; ``head`` is the first line of a CSV file, empty for JSON."""

    rows: Sequence[Row | Broken]
    head: str


def read_table(name: str, data: bytes) -> Table:
    """The rows of a file called ``name``.

    Raises:
        Malformed: FIELD_INVALID for ``file`` as a whole: its suffix, encoding, form or length.
    """
    suffix = name.lower().rpartition(".")[2]
    if suffix == "json":
        return _json_table(_text(data))
    if suffix == "csv":
        return _csv_table(_text(data))
    raise _invalid("a name that ends in .json or .csv")


def give_back(table: Table, lines: Iterable[int]) -> bytes:
    """A file of the same form with those rows alone that begin at ``lines``, as they stood."""
    wanted = set(lines)
    raw = [row.raw for row in table.rows if row.line in wanted]
    if table.head:
        return ("\ufeff" + table.head + "".join(raw)).encode()
    return json_bytes(raw)


def json_bytes(value: Any) -> bytes:
    """A JSON document as a file for people and programs."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A CSV file with a mark, so that spreadsheets read it as UTF-8; lines end in CRLF (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([neutral(row.get(column, "")) for column in columns] for row in rows)
    return ("\ufeff" + text.getvalue()).encode()


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236); ``plain`` undoes it."""
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def plain(cell: str) -> str:
    """A cell without the ``'`` that ``neutral`` put in front."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in (*_FORMULA, "'") and len(cell) > 1 else cell


def _text(data: bytes) -> str:
    encoding = "gb18030" if data.startswith(_GB18030_MARK) else "utf-8"
    if encoding == "utf-8" and data.startswith(_UTF8_MARK):
        data = data.removeprefix(_UTF8_MARK)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as exc:
        raise _invalid("in UTF-8; in a spreadsheet save as CSV UTF-8") from exc
    if "\0" in text:
        raise _invalid("text without NUL characters")
    return text


def _json_table(text: str) -> Table:
    try:
        data = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=_no_repeats)
        json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError) as exc:
        raise _invalid("one JSON document") from exc
    items = data if isinstance(data, list) else [data]
    if len(items) > MAX_ROWS:
        raise _invalid(f"at most {MAX_ROWS} rows")
    rows: list[Row | Broken] = []
    for line, item in enumerate(items, 1):
        if isinstance(item, dict):
            rows.append(Row(line=line, cells=item, raw=item, typed=True))
        else:
            failure = error(Reason.FIELD_INVALID, field="row", rule="a JSON object")
            rows.append(Broken(line=line, failure=failure, raw=item))
    return Table(rows=rows, head="")


def _csv_table(text: str) -> Table:
    lines = list(io.StringIO(text, newline=""))
    if not lines:
        raise _invalid("a first line with the names of the columns")
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader)]
    except csv.Error as exc:
        raise _invalid("a first line with the names of the columns") from exc
    begun = reader.line_num
    if not all(columns) or len(set(columns)) != len(columns) or len(columns) > MAX_COLUMNS:
        raise _invalid(f"a first line with the names of the columns, each once, at most {MAX_COLUMNS}")
    head = "".join(lines[:begun])
    rows: list[Row | Broken] = []
    while begun < len(lines):
        try:
            cells = next(reader)
        except csv.Error:
            # Where the next row begins cannot be told any more.
            rule = "quotation marks in pairs, doubled inside a cell; no cell above 128 KiB"
            failure = error(Reason.FIELD_INVALID, field="row", rule=rule)
            rows.append(Broken(line=begun + 1, failure=failure, raw="".join(lines[begun:])))
            break
        raw, line = "".join(lines[begun : reader.line_num]), begun + 1
        begun = reader.line_num
        if any(cell.strip() for cell in cells):
            rows.append(_csv_row(line, columns, cells, raw))
    if len(rows) > MAX_ROWS:
        raise _invalid(f"at most {MAX_ROWS} rows")
    return Table(rows=rows, head=head)


def _csv_row(line: int, columns: Sequence[str], cells: Sequence[str], raw: str) -> Row | Broken:
    if len(cells) != len(columns):
        rule = "as many cells as the first line has columns"
    elif not raw.endswith(_ENDS):
        rule = "ended: write the file under a hidden name and rename it when it is whole"
    else:
        values = {column: plain(cell.strip()) for column, cell in zip(columns, cells, strict=True) if cell.strip()}
        return Row(line=line, cells=values, raw=raw, typed=False)
    return Broken(line=line, failure=error(Reason.FIELD_INVALID, field="row", rule=rule), raw=raw)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key twice")
    return made


def _invalid(rule: str) -> BusError:
    return error(Reason.FIELD_INVALID, field="file", rule=rule)
