"""What the SQLite store reads of watchlists, for its writer and its readers alike.

* Only the two newest epochs of a list are read: no other is written to or checked against.
* Tokens are found by their key in one index, the same whether they are there or not.
"""

import sqlite3
from collections.abc import Collection, Sequence

from tocsin import sqliterows as sql
from tocsin_hub.domain.rows import ListRow, NoticeRow, TokenKey, WatchEntryRow, WatchUseRow
from tocsin_hub.store.sqlite_shapes import LIST, NOTICE, WATCH_ENTRY, WATCH_USE

_LISTS = f"""
    SELECT {LIST.of("w")} FROM ({{values}}) CROSS JOIN watch_list w ON w.list_id = column1
    WHERE w.epoch >= (SELECT max(epoch) FROM watch_list WHERE list_id = w.list_id) - 1
"""
_ENTRIES = f"""
    SELECT {WATCH_ENTRY.of("w")} FROM ({{values}}) CROSS JOIN watch_entry w
    ON w.opened_index = column1 AND w.token = column2
"""
_USES = f"""
    SELECT {WATCH_USE.of("w")} FROM ({{values}}) CROSS JOIN watch_use w ON w.party = column1
"""
_NOTICES = f"SELECT {NOTICE.listed} FROM notice WHERE notice_id IN ({{keys}})"


def epochs(conn: sqlite3.Connection, list_ids: Collection[str]) -> dict[tuple[str, int], ListRow]:
    """The two newest epochs of each list."""
    rows = map(LIST.row, sql.matching(conn, _LISTS, [(list_id,) for list_id in list_ids]))
    return {(row.list_id, row.epoch): row for row in rows}


def entries(conn: sqlite3.Connection, keys: Collection[TokenKey]) -> dict[TokenKey, WatchEntryRow]:
    """Entries by token; absent ones are left out."""
    rows = map(WATCH_ENTRY.row, sql.matching(conn, _ENTRIES, list(keys)))
    return {TokenKey(row.opened_index, row.token): row for row in rows}


def uses(conn: sqlite3.Connection, parties: Collection[str]) -> dict[str, WatchUseRow]:
    """How much each party has asked."""
    rows = map(WATCH_USE.row, sql.matching(conn, _USES, [(party,) for party in parties]))
    return {row.party: row for row in rows}


def notices(conn: sqlite3.Connection, ids: Collection[bytes]) -> dict[bytes, NoticeRow]:
    """Notices that may be answered, by id."""
    rows: Sequence[NoticeRow] = [NOTICE.row(row) for row in sql.select(conn, _NOTICES, list(ids))]
    return {row.notice_id: row for row in rows}
