"""Measures, directory entries, named values, and the layout of the file."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_rows import NOW_US, incoming, measure, message_id, outgoing

from tocsin.client import inbox, measures, outbox, schema
from tocsin.client.rows import DirectoryEntry, Finish, InboxState
from tocsin.client.store import FILE_NAME, ClientStore
from tocsin.core.errors import LocalFault, Reason, SignatureInvalid
from tocsin.core.measure import MeasureState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.fixture
async def store(path: Path) -> AsyncIterator[ClientStore]:
    async with await ClientStore.open(path) as opened:
        yield opened


async def test_a_measure_is_replaced_as_a_whole(store: ClientStore) -> None:
    await store.put_measure(measure(1))
    changed = measure(1, state=MeasureState.RELEASED, terms=2, exercise=True, report=b"", changed_us=NOW_US + 1)
    await store.put_measure(changed)
    assert await store.get_measure(message_id(1)) == changed
    assert await store.get_measure(message_id(2)) is None
    assert await store.measure_list() == [changed]


async def test_due_are_the_measures_in_force_whose_end_has_come_earliest_first(store: ClientStore) -> None:
    rows = [
        measure(1, ends_us=NOW_US + 3),
        measure(2, ends_us=NOW_US + 1, state=MeasureState.RELEASING),
        measure(3, ends_us=NOW_US + 2),
        measure(4, ends_us=NOW_US + 1, state=MeasureState.RELEASED),
        measure(5, ends_us=0),
        measure(6, ends_us=0, state=MeasureState.ORDERED),
    ]
    for row in rows:
        await store.put_measure(row)
    assert await store.due_measures(NOW_US) == []
    assert await store.next_end_us() == NOW_US + 1
    assert await store.due_measures(NOW_US + 2) == [rows[1], rows[2]]
    assert await store.due_measures(NOW_US + 2, limit=1) == [rows[1]]
    for number in (1, 2, 3):
        await store.put_measure(measure(number, state=MeasureState.LAPSED))
    assert await store.next_end_us() is None
    assert [row.root_id for row in await store.measure_list(MeasureState.LAPSED)] == [message_id(n) for n in (1, 2, 3)]


async def test_terms_are_counted_per_account_over_all_threads_and_drills_apart(store: ClientStore) -> None:
    await store.put_measure(measure(1, terms=1, state=MeasureState.LAPSED))
    await store.put_measure(measure(2, terms=2, origin="police.110000"))
    await store.put_measure(measure(3, terms=1, subject=b"another account"))
    await store.put_measure(measure(4, terms=1, exercise=True))
    assert await store.terms_of(b"subject token") == 3
    assert await store.terms_of(b"subject token", exercise=True) == 1
    assert await store.terms_of(b"nobody") == 0


async def test_several_functions_join_in_one_commit_and_all_go_when_one_raises(store: ClientStore) -> None:
    await store.receive([incoming(1)])

    def change(conn: sqlite3.Connection) -> int:
        terms = measures.terms_of(conn, b"subject token", exercise=False)
        measures.put(conn, [measure(1, terms=terms + 1)])
        inbox.finish(conn, [Finish(message_id=message_id(1), report=outgoing(2), now_us=NOW_US)])
        return measures.terms_of(conn, b"subject token", exercise=False)

    def fail(conn: sqlite3.Connection) -> None:
        change(conn)
        raise LookupError

    with pytest.raises(LookupError):
        await store.transact(fail)
    assert await store.get_measure(message_id(1)) is None
    assert [row.state for row in await store.inbox_list()] == [InboxState.RECEIVED]
    assert await store.transact(change) == 1
    assert await store.transact(lambda conn: outbox.get(conn, message_id(2))) == await store.get_outbox(message_id(2))


def entry(version: int, envelope: bytes | None = None) -> DirectoryEntry:
    return DirectoryEntry(version=version, envelope=envelope or b"entry %d" % version, sequencing=b"sequencing")


async def test_the_directory_grows_without_a_gap_and_repeats_are_harmless(store: ClientStore) -> None:
    assert await store.directory_version() == 0
    assert await store.append_directory([entry(1), entry(2), entry(2)]) == [True, True, False]
    assert await store.append_directory([entry(1), entry(2), entry(3)]) == [False, False, True]
    assert await store.directory_version() == 3
    assert await store.directory(after=1) == [entry(2), entry(3)]
    assert await store.directory(after=1, limit=1) == [entry(2)]


@pytest.mark.parametrize(
    "wrong", [[entry(4)], [entry(3), entry(5)], [entry(0)], [entry(2, b"forged")], [entry(3), entry(3, b"forged")]]
)
async def test_a_gap_or_a_changed_entry_is_refused_and_nothing_is_appended(
    store: ClientStore, wrong: list[DirectoryEntry]
) -> None:
    await store.append_directory([entry(1), entry(2)])
    with pytest.raises(SignatureInvalid) as caught:
        await store.append_directory(wrong)
    assert caught.value.reason is Reason.PROOF_INVALID
    assert await store.directory() == [entry(1), entry(2)]


async def test_named_values_are_replaced(store: ClientStore) -> None:
    assert await store.get_meta("epoch") is None
    await store.set_meta("epoch", b"1")
    await store.set_meta("epoch", b"2")
    await store.set_meta("checkpoint", b"")
    assert [await store.get_meta(key) for key in ("epoch", "checkpoint", "other")] == [b"2", b"", None]


async def test_the_file_carries_its_layout_and_is_private(store: ClientStore, path: Path) -> None:
    assert await store.transact(schema.version_of) == schema.VERSION == len(schema.STEPS)
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_newer_file_is_refused_and_left_as_it_is(path: Path) -> None:
    await (await ClientStore.open(path)).aclose()
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    conn.execute("CREATE TABLE of_the_future (x)")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    before = path.read_bytes()
    with pytest.raises(LocalFault) as caught:
        await ClientStore.open(path)
    assert caught.value.reason is Reason.STORE_NEWER
    assert caught.value.facts == {"value": str(schema.VERSION + 1), "limit": str(schema.VERSION)}
    assert path.read_bytes() == before


async def test_somebody_elses_database_is_refused_and_left_as_it_is(path: Path) -> None:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("CREATE TABLE customer (name)")
    conn.close()
    with pytest.raises(LocalFault) as caught:
        await ClientStore.open(path)
    assert caught.value.reason is Reason.CORRUPT
    conn = sqlite3.connect(path)
    assert [name for (name,) in conn.execute("SELECT name FROM sqlite_master")] == ["customer"]
    conn.close()


async def test_a_missing_directory_is_told_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(LocalFault) as caught:
        await ClientStore.open(tmp_path / "absent" / FILE_NAME)
    assert caught.value.reason is Reason.IDENTITY_INVALID
    assert "absent" not in str(caught.value)


async def test_a_damaged_file_is_corrupt_to_readers_and_writers(path: Path) -> None:
    async with await ClientStore.open(path) as store:
        await store.receive([incoming(n, envelope=bytes(2000)) for n in range(100)])
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    async with await ClientStore.open(path) as store:
        for call in (store.inbox_list(), store.receive([incoming(500)])):
            with pytest.raises(LocalFault) as caught:
                await call
            assert caught.value.reason is Reason.CORRUPT
