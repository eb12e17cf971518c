"""Exactly once: effect and mark in the bank's own transaction."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from tocsin.client.mark import MAX_KEY, TABLE_SQL, mark, mark_in, mark_in_async

KEY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE hold (account TEXT)")
    conn.commit()
    yield conn
    conn.close()


def hold(conn: sqlite3.Connection, key: str) -> bool:
    if not mark_in(conn, key):
        return False
    conn.execute("INSERT INTO hold VALUES (?)", (key,))
    return True


def count(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM hold").fetchone()[0])


def test_the_effect_happens_once_however_often_the_order_comes(ledger: sqlite3.Connection) -> None:
    for expected in (True, False, False):
        assert hold(ledger, KEY) is expected
        ledger.commit()
    assert hold(ledger, "another order") is True
    ledger.commit()
    assert count(ledger) == 2


def test_a_rolled_back_effect_takes_its_mark_with_it(ledger: sqlite3.Connection) -> None:
    assert hold(ledger, KEY) is True
    ledger.rollback()
    assert count(ledger) == 0
    assert hold(ledger, KEY) is True
    ledger.commit()
    assert count(ledger) == 1


def test_nothing_is_committed_here(ledger: sqlite3.Connection, path: Path) -> None:
    hold(ledger, KEY)
    ledger.commit()
    hold(ledger, "second")
    assert ledger.in_transaction
    other = sqlite3.connect(path)
    assert [key for (key,) in other.execute("SELECT key FROM tocsin_mark")] == [KEY]
    other.close()


def test_of_two_transactions_at_once_one_is_refused_and_finds_the_mark_later(
    ledger: sqlite3.Connection, path: Path
) -> None:
    mark_in(ledger, "makes the table")
    ledger.commit()
    other = sqlite3.connect(path, timeout=0)
    assert hold(ledger, KEY) is True
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        hold(other, KEY)
    ledger.commit()
    other.rollback()
    assert hold(other, KEY) is False
    other.close()
    assert count(ledger) == 1


def test_the_table_may_be_made_beforehand(ledger: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        mark_in(ledger, KEY, create=False)
    ledger.rollback()
    ledger.execute(TABLE_SQL)
    assert [mark_in(ledger, KEY, create=False) for _ in range(2)] == [True, False]


async def test_an_asynchronous_connection_is_marked_alike(path: Path) -> None:
    async with aiosqlite.connect(path) as conn:
        assert await mark_in_async(conn, KEY) is True
        await conn.rollback()
        answers = [await mark_in_async(conn, KEY), await mark_in_async(conn, KEY)]
        await conn.commit()
        assert answers == [True, False]
        again = mark(conn, KEY)
        assert not isinstance(again, bool)
        assert await again is False
        with pytest.raises(TypeError, match="mark_in_async"):
            mark_in(conn, KEY)


async def test_one_name_serves_both_kinds(ledger: sqlite3.Connection) -> None:
    assert mark(ledger, KEY) is True
    with pytest.raises(TypeError, match="not asynchronous"):
        await mark_in_async(ledger, KEY)


class Recorder:
    """A driver with ``%s`` parameters, as psycopg has; records what it is told."""

    paramstyle = "pyformat"

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.rowcount = 1

    def cursor(self) -> "Recorder":
        return self

    def execute(self, *statement: Any) -> None:
        self.told.append(statement)

    def close(self) -> None:
        self.told.append(("close",))


def test_the_parameter_style_is_the_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.paramstyle", "pyformat", raising=False)
    conn = Recorder()
    assert mark_in(conn, KEY) is True
    assert conn.told == [
        (TABLE_SQL,),
        ("INSERT INTO tocsin_mark (key) VALUES (%s) ON CONFLICT DO NOTHING", (KEY,)),
        ("close",),
    ]


@pytest.mark.parametrize("stranger", [object(), Recorder()])
def test_what_is_no_drivers_connection_is_refused(stranger: object) -> None:
    with pytest.raises(TypeError, match="driver's own connection"):
        mark_in(stranger, KEY)


@pytest.mark.parametrize("key", ["", "x" * (MAX_KEY + 1)])
def test_a_key_must_be_a_key(ledger: sqlite3.Connection, key: str) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        mark_in(ledger, key)
    assert not ledger.in_transaction
