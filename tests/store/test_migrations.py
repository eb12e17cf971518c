"""The layout is the sum of its migrations, and only of them."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.make_store_schema import GOLDEN, dump
from tests.store.engines import SqliteEngine
from tests.store.makers import NOW_US, batch, everything, write
from tocsin.core.errors import LocalFault, Reason
from tocsin_hub.store.migrations import Migration, available, in_order, migrate
from tocsin_hub.store.sqlite_shapes import SHAPES

SECOND = Migration(len(available()) + 1, "0002_pre_note.sql", "CREATE TABLE note (x TEXT) STRICT;")


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def schema(conn: sqlite3.Connection) -> list[tuple[str, ...]]:
    return conn.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()


def refused(conn: sqlite3.Connection, known: list[Migration]) -> LocalFault:
    before = schema(conn)
    with pytest.raises(LocalFault) as caught:
        migrate(conn, NOW_US, known)
    assert schema(conn) == before
    return caught.value


def test_the_migrations_make_the_committed_layout(conn: sqlite3.Connection) -> None:
    migrate(conn, NOW_US)
    assert dump(conn) == GOLDEN.read_text(encoding="utf-8"), "python -m tests.golden.make_store_schema"


def test_one_by_one_or_all_at_once_comes_to_the_same(conn: sqlite3.Connection) -> None:
    known = [*available(), SECOND]
    for count in range(1, len(known) + 1):
        assert migrate(conn, NOW_US, known[:count]) == [known[count - 1].name]
    other = sqlite3.connect(":memory:", isolation_level=None)
    assert migrate(other, NOW_US, known) == [m.name for m in known]
    assert schema(other) == schema(conn)
    other.close()


def test_what_was_applied_is_noted_and_not_applied_again(conn: sqlite3.Connection) -> None:
    known = available()
    assert migrate(conn, NOW_US) == [m.name for m in known]
    assert migrate(conn, NOW_US + 1) == []
    rows = conn.execute("SELECT * FROM schema_migration").fetchall()
    assert rows == [(m.number, m.name, m.sha256, NOW_US) for m in known]


def test_a_migration_edited_after_it_was_applied_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, NOW_US)
    first, *rest = available()
    failure = refused(conn, [first._replace(sql=first.sql + "-- improved\n"), *rest])
    assert failure.reason is Reason.CORRUPT
    assert "migration 1 was changed" in str(failure)


def test_a_database_of_a_newer_hub_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, NOW_US, [*available(), SECOND])
    failure = refused(conn, available())
    assert failure.reason is Reason.STORE_NEWER
    assert (failure.facts["value"], failure.facts["limit"]) == (str(SECOND.number), str(SECOND.number - 1))


def test_a_database_of_something_else_is_refused(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TABLE other (x)")
    assert refused(conn, available()).reason is Reason.CORRUPT


async def test_rows_survive_the_next_migration(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path)
    store = await engine.open()
    await write(store, batch(0, 5))
    before = await everything(store)
    await store.aclose()
    conn = sqlite3.connect(engine.path, isolation_level=None)
    conn.execute("BEGIN IMMEDIATE")
    assert migrate(conn, NOW_US, [*available(), SECOND]) == [SECOND.name]
    conn.execute("ROLLBACK")
    conn.close()
    store = await engine.open()
    assert await everything(store) == before
    await store.aclose()


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SqliteEngine(tmp_path)
    broken = SECOND._replace(sql="CREATE TABLE note (x TEXT) STRICT;\nINSERT INTO nowhere VALUES (1);\n")
    with monkeypatch.context() as patch:
        patch.setattr("tocsin_hub.store.migrations.available", lambda: [*available(), broken])
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            await engine.open()
    conn = sqlite3.connect(engine.path)
    assert schema(conn) == []
    conn.close()
    await (await engine.open()).aclose()


@pytest.mark.parametrize("name", ["1_pre_x.sql", "0001_x.sql", "0001_mid_x.sql", "0001_pre_x.txt", "0001_pre_X.sql"])
def test_a_file_that_is_not_named_as_a_migration_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a migration"):
        in_order([(name, "")])


@pytest.mark.parametrize("numbers", [[2], [1, 3], [1, 1]])
def test_migrations_are_numbered_without_gaps(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="without gaps"):
        in_order([(f"{n:04}_pre_{place}.sql", "") for place, n in enumerate(numbers)])


def test_statements_are_told_apart_and_an_unended_one_is_a_mistake() -> None:
    text = "-- why; and how\nCREATE TABLE a (x);\n\nINSERT INTO a VALUES (';\n--');\n-- the end\n"
    found = Migration(1, "0001_pre_a.sql", text).statements()
    assert found == ["-- why; and how\nCREATE TABLE a (x);", "INSERT INTO a VALUES (';\n--');"]
    with pytest.raises(ValueError, match="ends within a statement"):
        Migration(1, "0001_pre_a.sql", "CREATE TABLE a (x);\nDROP TABLE a").statements()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.table)
def test_each_table_has_the_columns_of_its_row_type(conn: sqlite3.Connection, shape: object) -> None:
    migrate(conn, NOW_US)
    columns = [row[1] for row in conn.execute(f"PRAGMA table_info({shape.table})")]  # type: ignore[attr-defined]
    assert sorted(columns) == sorted(shape.columns)  # type: ignore[attr-defined]
