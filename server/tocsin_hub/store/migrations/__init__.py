"""The layout of the stores: numbered SQL files, forward only, applied in order, all that is pending in one transaction.

* ``NNNN_pre_name.sql`` runs before a hub that needs it serves, ``NNNN_post_name.sql`` once no hub is left that needs what
  it removes. One hub alone can have an SQLite file open, so there both run at its start.
* A file that was applied is never edited: its hash is kept, and a difference refuses to start.
* A database that knows files this hub does not is newer than the hub, and is refused. One with other tables is not a hub's.
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from tocsin.core.errors import Reason, error

_NAME = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")

_TABLE = """CREATE TABLE schema_migration (
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

    def statements(self) -> list[str]:
        """The statements of the file, one by one: ``executescript`` would commit the caller's transaction.

        Raises:
            ValueError: The last statement does not end.
        """
        statements, rest = [], ""
        for line in self.sql.splitlines(keepends=True):
            rest += line
            if sqlite3.complete_statement(rest):
                statements.append(rest.strip())
                rest = ""
        if any(line.strip() and not line.lstrip().startswith("--") for line in rest.splitlines()):
            raise ValueError(f"{self.name} ends within a statement")
        return statements


def available(engine: str = "sqlite") -> list[Migration]:
    """The migrations of an engine, in order.

    Raises:
        ValueError: A file is misnamed, or the numbers are not 1, 2, 3, …
    """
    files = resources.files("tocsin_hub.store.migrations").joinpath(engine).iterdir()
    return in_order([(item.name, item.read_text(encoding="utf-8")) for item in files])


def in_order(files: Sequence[tuple[str, str]]) -> list[Migration]:
    """Migrations from names and contents. Raises as ``available`` does."""
    found = []
    for name, sql in files:
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"not the name of a migration: {name}")
        found.append(Migration(int(match[1]), name, sql))
    found.sort()
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are numbered without gaps")
    return found


def pending(conn: sqlite3.Connection, known: Sequence[Migration]) -> list[Migration]:
    """Those of ``known`` that this database lacks.

    Raises:
        LocalFault: CORRUPT when an applied file was changed, or the database is none of a hub; STORE_NEWER when one
            was applied that is not known.
    """
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}
    if not tables:
        return list(known)
    if "schema_migration" not in tables:
        raise error(Reason.CORRUPT, hint="not a hub's database")
    applied = conn.execute("SELECT number, sha256 FROM schema_migration ORDER BY number").fetchall()
    if len(applied) > len(known):
        raise error(Reason.STORE_NEWER, value=applied[-1][0], limit=len(known))
    for migration, stored in zip(known, applied, strict=False):
        if (migration.number, migration.sha256) != stored:
            raise error(Reason.CORRUPT, hint=f"migration {migration.number} was changed after it was applied")
    return list(known[len(applied) :])


def migrate(conn: sqlite3.Connection, now_us: int, known: Sequence[Migration] | None = None) -> list[str]:
    """Applies what is pending, inside the caller's transaction; returns the names.

    Args:
        conn: A connection with an open write transaction.
        now_us: What the applied ones are dated, microseconds since 1970 UTC.
        known: The migrations of this hub, in order; those it ships by default.

    Raises:
        LocalFault: As ``pending`` does; nothing was changed.
    """
    known = available() if known is None else known
    lacking = pending(conn, known)
    if lacking and lacking[0].number == 1:
        conn.execute(_TABLE)
    for migration in lacking:
        for statement in migration.statements():
            conn.execute(statement)
        conn.execute(
            "INSERT INTO schema_migration (number, name, sha256, applied_us) VALUES (?, ?, ?, ?)",
            (migration.number, migration.name, migration.sha256, now_us),
        )
    return [migration.name for migration in lacking]
