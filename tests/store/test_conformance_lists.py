"""What every store keeps of watchlists and notices. No store is named here."""

from dataclasses import replace

import pytest

from tests.store.makers import NOW_US, POLICE, digest, uid, write
from tocsin.core.errors import BusError
from tocsin_hub.domain.rows import Changes, ListRow, Loaded, Needs, NoticeRow, TokenKey, WatchEntryRow, WatchUseRow
from tocsin_hub.store.base import HubStore, WriteTx

LIST = "wanted"
CUSTOMS = "customs.wuhan"


def epoch(number: int, *, list_id: str = LIST, live: int = 0) -> ListRow:
    return ListRow(
        list_id=list_id, epoch=number, owner=POLICE, opened_index=100 * number, checkers=CUSTOMS, valid_until_us=NOW_US,
        key_check=digest(number)[:16], live_index=live,
    )  # fmt: skip


def entry(number: int, opened: int = 100, *, withdrawn: int = 0) -> WatchEntryRow:
    return WatchEntryRow(
        opened_index=opened, token=digest(number), entry_no=number, ends_us=NOW_US + number, log_index=opened + 1,
        position=number, withdrawn_index=withdrawn,
    )  # fmt: skip


def use(tokens: int) -> WatchUseRow:
    return WatchUseRow(party=CUSTOMS, minute=7, minute_tokens=tokens, day=1, day_tokens=tokens)


def notice(number: int) -> NoticeRow:
    return NoticeRow(notice_id=uid(number), kind="watch-hit", sender=CUSTOMS, recipient=POLICE, lane=1, log_index=number)


def changes(*epochs: ListRow, entries: int = 0) -> Changes:
    rows = [entry(n, e.opened_index) for e in epochs for n in range(entries)]
    return Changes(
        lists={(e.list_id, e.epoch): e for e in epochs},
        watch_entries={TokenKey(row.opened_index, row.token): row for row in rows},
        watch_uses={CUSTOMS: use(entries)},
        notices={uid(n): notice(n) for n in range(3)},
    )


async def load(store: HubStore, needs: Needs) -> Loaded:
    return await store.transact(lambda tx: tx.load(needs))


async def test_what_was_written_is_loaded_and_what_is_absent_is_absent(store: HubStore) -> None:
    written = changes(epoch(1), epoch(2), entries=150)
    await write(store, written)
    keys = {TokenKey(100, digest(n)) for n in range(300)}
    needs = Needs(lists={LIST, "none"}, tokens=keys, checkers={CUSTOMS, POLICE}, roots={uid(n) for n in range(9)})
    loaded = await load(store, needs)
    assert loaded.lists == written.lists
    assert loaded.watch_entries == {key: row for key, row in written.watch_entries.items() if key.opened_index == 100}
    assert (loaded.watch_uses, loaded.notices) == (written.watch_uses, written.notices)
    nothing = await load(store, Needs())
    assert (nothing.lists, nothing.watch_entries, nothing.watch_uses, nothing.notices) == ({}, {}, {}, {})


async def test_only_the_two_newest_epochs_of_each_list_are_read(store: HubStore) -> None:
    await write(store, changes(*(epoch(n) for n in range(1, 12)), epoch(1, list_id="other")))
    loaded = await load(store, Needs(lists={LIST, "other"}))
    assert set(loaded.lists) == {(LIST, 10), (LIST, 11), ("other", 1)}


async def test_a_match_is_one_snapshot_of_epochs_and_entries(store: HubStore) -> None:
    await write(store, changes(epoch(1), epoch(2), entries=100))
    tokens = [digest(n) for n in range(50, 1_050)]
    epochs, found = await store.watch_match(LIST, 2, tokens)
    assert set(epochs) == {(LIST, 1), (LIST, 2)}
    assert found == {digest(n): entry(n, 200) for n in range(50, 100)}
    assert (await store.watch_match(LIST, 9, tokens))[1] == {}
    assert await store.watch_match("none", 1, tokens) == ({}, {})
    assert (await store.watch_match(LIST, 1, []))[1] == {}


async def test_rows_are_replaced_whole(store: HubStore) -> None:
    await write(store, changes(epoch(1), entries=2))
    key = TokenKey(100, digest(1))
    gone = entry(1, withdrawn=777)
    await write(store, Changes(lists={(LIST, 1): epoch(1, live=5)}, watch_entries={key: gone}, watch_uses={CUSTOMS: use(9)}))
    epochs, found = await store.watch_match(LIST, 1, [digest(0), digest(1)])
    assert epochs == {(LIST, 1): epoch(1, live=5)}
    assert found == {digest(0): entry(0), digest(1): gone}
    assert (await load(store, Needs(checkers={CUSTOMS}))).watch_uses == {CUSTOMS: use(9)}


async def test_a_batch_that_fails_leaves_no_entry_and_no_count(store: HubStore) -> None:
    await write(store, changes(epoch(1), entries=3))
    before = [await store.dump(table) for table in ("watch-lists", "watch-entries", "watch-uses", "notices")]

    def job(tx: WriteTx) -> None:
        tx.write(changes(epoch(2), entries=9))
        raise RuntimeError("after the write")

    with pytest.raises(RuntimeError):
        await store.transact(job)
    broken = replace_batch(changes(epoch(3), entries=9))
    with pytest.raises(BusError):
        await write(store, broken)
    after = [await store.dump(table) for table in ("watch-lists", "watch-entries", "watch-uses", "notices")]
    assert after == before
    assert [len(rows) for rows in after] == [1, 3, 1, 3]


def replace_batch(broken: Changes) -> Changes:
    """``broken`` with messages that do not continue the log."""
    from tests.store.makers import batch

    return replace(broken, messages=batch(500, 1).messages)


async def test_dumps_come_in_the_order_of_their_keys(store: HubStore) -> None:
    await write(store, changes(epoch(2), epoch(1), entries=20))
    for table in ("watch-lists", "watch-entries", "watch-uses", "notices"):
        rows = await store.dump(table)
        assert rows == sorted(rows)
        assert rows
