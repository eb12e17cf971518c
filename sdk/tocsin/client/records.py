"""What a party keeps beside its messages: the directory's entries, and small named values.

 * The directory is a chain: versions count from 1 without a gap, and a version never changes its bytes.

Functions take the connection of an open transaction or of a reader.
"""

import sqlite3
from collections.abc import Sequence

from tocsin import sqliterows as sql
from tocsin.client.rows import DirectoryEntry
from tocsin.core.errors import Reason, error
from tocsin.sqlitefile import one


def append(conn: sqlite3.Connection, entries: Sequence[DirectoryEntry]) -> list[bool]:
    """Appends directory entries; False for those that stood here already.

    Raises:
        SignatureInvalid: PROOF_INVALID, an entry before one of these is missing, or a version has other bytes.
    """
    head = head_version(conn)
    answers: list[bool] = []
    fresh: dict[int, DirectoryEntry] = {}
    for entry in entries:
        new = entry.version == head + len(fresh) + 1
        if new:
            fresh[entry.version] = entry
        elif not 1 <= entry.version <= head + len(fresh):
            raise error(Reason.PROOF_INVALID, rule="directory entries follow each other without a gap")
        elif _envelope(conn, entry.version, fresh) != entry.envelope:
            raise error(Reason.PROOF_INVALID, rule="a directory entry never changes")
        answers.append(new)
    sql.insert(
        conn,
        "directory",
        "version, envelope, sequencing",
        [(e.version, e.envelope, e.sequencing) for e in fresh.values()],
    )
    return answers


def head_version(conn: sqlite3.Connection) -> int:
    """The last version kept; 0 before the first."""
    head = one(conn, "SELECT max(version) FROM directory")
    return head if isinstance(head, int) else 0


def listed(conn: sqlite3.Connection, after: int, limit: int) -> list[DirectoryEntry]:
    """Directory entries after a version, in order."""
    rows = conn.execute(
        "SELECT version, envelope, sequencing FROM directory WHERE version > ? ORDER BY version LIMIT ?", (after, limit)
    )
    return [
        DirectoryEntry(version=version, envelope=envelope, sequencing=sequencing)
        for version, envelope, sequencing in rows
    ]


def set_meta(conn: sqlite3.Connection, values: Sequence[tuple[str, bytes]]) -> list[None]:
    """Stores small named values; of two under one name the later counts."""
    sql.each(conn, "INSERT OR REPLACE INTO meta (key, value) {values}", list(dict(values).items()))
    return [None] * len(values)


def get_meta(conn: sqlite3.Connection, key: str) -> bytes | None:
    """Reads a small named value."""
    found = one(conn, "SELECT value FROM meta WHERE key = ?", (key,))
    return found if isinstance(found, bytes) else None


def _envelope(conn: sqlite3.Connection, version: int, fresh: dict[int, DirectoryEntry]) -> object:
    if version in fresh:
        return fresh[version].envelope
    return one(conn, "SELECT envelope FROM directory WHERE version = ?", (version,))
