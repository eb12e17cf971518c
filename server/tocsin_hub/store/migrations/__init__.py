"""The layout of the stores: numbered SQL files, forward only, applied in order, each in one transaction.

 * ``NNNN_pre_name.sql`` runs before the hub's new code serves, ``NNNN_post_name.sql`` once no old hub is left.
 * A file that was applied is never edited: its hash is kept, and a difference refuses to start.
 * A database that knows files this hub does not is newer than the hub, and is refused.
"""

import hashlib
import re
import sqlite3
from importlib import resources
from typing import NamedTuple

from tocsin.core.errors import Reason, error

_NAME = re.compile(r"(\d{4})_(pre|post)_[a-z_]+\.sql")

_TABLE = """CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, applied_us INTEGER NOT NULL
) STRICT"""


class Migration(NamedTuple):
    """One file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> bytes:
        """What is kept to notice an edited file."""
        return hashlib.sha256(self.sql.encode()).digest()


def available(engine: str = "sqlite") -> list[Migration]:
    """The migrations of an engine, in order.

    Raises:
        ValueError: A file is misnamed or numbers are not 1, 2, 3, …
    """
    found = []
    for item in resources.files("tocsin_hub.store.migrations").joinpath(engine).iterdir():
        match = _NAME.fullmatch(item.name)
        if match is None:
            raise ValueError(f"not a migration: {item.name}")
        found.append(Migration(int(match[1]), item.name, item.read_text()))
    found.sort()
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are numbered without gaps")
    return found


def pending(conn: sqlite3.Connection) -> list[Migration]:
    """What this database lacks.

    Raises:
        LocalFault: CORRUPT when an applied file was changed or is unknown to this hub.
    """
    conn.execute(_TABLE)
    known = {m.number: m for m in available()}
    for number, sha256 in conn.execute("SELECT number, sha256 FROM schema_migration ORDER BY number").fetchall():
        migration = known.pop(number, None)
        if migration is None:
            raise error(Reason.CORRUPT, hint="the database is newer than this hub: start the newer hub")
        if migration.sha256 != sha256:
            raise error(Reason.CORRUPT, hint=f"migration {number} was changed after it was applied")
    return sorted(known.values())


def migrate(conn: sqlite3.Connection, now_us: int) -> list[str]:
    """Applies what is pending, inside the caller's transaction; returns the names. Raises as ``pending`` does."""
    applied = []
    for migration in pending(conn):
        for statement in _statements(migration.sql):
            conn.execute(statement)
        conn.execute(
            "INSERT INTO schema_migration VALUES (?, ?, ?, ?)",
            (migration.number, migration.name, migration.sha256, now_us),
        )
        applied.append(migration.name)
    return applied


def _statements(sql: str) -> list[str]:
    """The statements of a file; ``executescript`` would commit the caller's transaction."""
    statements, rest = [], ""
    for line in sql.splitlines(keepends=True):
        rest += line
        if sqlite3.complete_statement(rest):
            statements.append(rest)
            rest = ""
    return statements
