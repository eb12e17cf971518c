"""How the hub's rows lie in its SQLite tables: one shape per row type.

* The columns of a table are the fields of its row type, by name; a ``MailboxKey`` is the two columns ``party`` and ``lane``.
"""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tocsin_hub.domain.rows import (
    AttemptRow,
    BatchRow,
    CursorRow,
    DirectoryRow,
    EntryRow,
    ListRow,
    MailboxKey,
    MessageRow,
    NoticeRow,
    OrderRow,
    SubjectRow,
    ThreadRow,
    TimerRow,
    WatchEntryRow,
    WatchUseRow,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


class Shape(Generic[R]):
    """The way between rows of one type and the columns of one table.

    Attributes:
        table: The table's name.
        columns: Its columns, in the order of ``values`` and ``row``.
        listed: The same, as SQL.
        values: A row's column values.
    """

    def __init__(self, table: str, row_type: type[R]) -> None:
        self.table = table
        self._type = row_type
        self._fields = tuple(f.name for f in fields(row_type))
        self._flags = tuple(place for place, f in enumerate(fields(row_type)) if f.type is bool)
        self._in_mailbox = "mailbox" in self._fields
        paths = ("mailbox.party", "mailbox.lane", *self._fields[1:]) if self._in_mailbox else self._fields
        self.columns = tuple(path.rpartition(".")[2] for path in paths)
        self.listed = ", ".join(self.columns)
        self.values: attrgetter[tuple[Any, ...]] = attrgetter(*paths)

    def of(self, alias: str) -> str:
        """The columns as SQL, under a table's alias."""
        return ", ".join(f"{alias}.{column}" for column in self.columns)

    def row(self, values: Sequence[Any]) -> R:
        """The row that stands in these column values."""
        if self._in_mailbox:
            values = (MailboxKey(values[0], values[1]), *values[2:])
        named = dict(zip(self._fields, values, strict=True))
        for place in self._flags:
            named[self._fields[place]] = bool(values[place])
        return self._type(**named)


MESSAGE = Shape("message", MessageRow)
BATCH = Shape("batch", BatchRow)
DIRECTORY = Shape("directory", DirectoryRow)
THREAD = Shape("thread", ThreadRow)
ORDER = Shape("orders", OrderRow)
SUBJECT = Shape("subject", SubjectRow)
TIMER = Shape("timer", TimerRow)
ENTRY = Shape("entry", EntryRow)
CURSOR = Shape("cursor", CursorRow)
ATTEMPT = Shape("attempt", AttemptRow)
LIST = Shape("watch_list", ListRow)
WATCH_ENTRY = Shape("watch_entry", WatchEntryRow)
WATCH_USE = Shape("watch_use", WatchUseRow)
NOTICE = Shape("notice", NoticeRow)
SHAPES = (
    MESSAGE, BATCH, DIRECTORY, THREAD, ORDER, SUBJECT, TIMER, ENTRY, CURSOR, ATTEMPT, LIST, WATCH_ENTRY, WATCH_USE, NOTICE,
)  # fmt: skip
