"""CSV files of subjects: each row by its line, the wrong ones named, the others read.

 * UTF-8 with or without a mark, comma or semicolon or tab, a first line with the names of the columns.
 * A subject stands in one column ``subject`` (``document:passport/CHN/…``) or in ``document``, ``state`` and ``number``;
   columns with other names are passed over and go nowhere.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tocsin.core.errors import Reason, error

MAX_FILE_BYTES = 512 * 1024 * 1024
"""A watchlist of a million entries has about 100 MB."""


class CsvRow(NamedTuple):
    """One row: its line in the file, from 1, and its cells by column."""

    line: int
    cells: Mapping[str, str]

    @property
    def subject(self) -> str:
        """What it names, as typed."""
        if "subject" in self.cells:
            return self.cells["subject"]
        return "document:" + "/".join(self.cells.get(name, "") for name in ("document", "state", "number"))


def read_rows(path: Path, *needed: str) -> Iterator[CsvRow]:
    """The rows of a file; empty ones are passed over.

    Raises:
        LocalFault: SETUP_INVALID when it cannot be read, is no UTF-8, or lacks a column.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise error(Reason.SETUP_INVALID, field="file", rule="at most 512 MiB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise error(Reason.SETUP_INVALID, field="file", rule="a file that can be read") from exc
    except UnicodeDecodeError as exc:
        raise error(Reason.SETUP_INVALID, field="file", rule="CSV in UTF-8") from exc
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = {(name or "").strip().lower() for name in reader.fieldnames or ()}
    if "subject" not in columns and not {"document", "state", "number"} <= columns:
        raise error(Reason.SETUP_INVALID, field="file", rule="a column subject, or columns document, state and number")
    for name in needed:
        if name not in columns:
            raise error(Reason.SETUP_INVALID, field="file", rule=f"a column {name}")
    for row in reader:
        cells = {key.strip().lower(): (value or "").strip() for key, value in row.items() if isinstance(key, str)}
        if any(cells.values()):
            yield CsvRow(reader.line_num, cells)
