"""Writes the layout that the hub's migrations come to; run it after adding one: ``python -m tests.golden.make_store_schema``."""

import sqlite3
from pathlib import Path

from tocsin_hub.store.migrations import migrate

GOLDEN = Path(__file__).parent / "store_sqlite.sql"


def dump(conn: sqlite3.Connection) -> str:
    """Every table and index, by name, as SQLite keeps it."""
    rows = conn.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name")
    return "".join(f"{sql};\n\n" for (sql,) in rows)


if __name__ == "__main__":
    made = sqlite3.connect(":memory:", isolation_level=None)
    migrate(made, 0)
    GOLDEN.write_text(dump(made), encoding="utf-8")
