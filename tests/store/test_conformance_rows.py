"""What every store keeps and gives back. No store is named here."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.engines import Engine
from tests.store.makers import (
    ABC,
    ICBC,
    NOW_US,
    POLICE,
    TABLES,
    attempt,
    batch,
    cursor,
    digest,
    directory,
    entry,
    everything,
    keyed,
    message,
    next_batch,
    order,
    subject,
    thread,
    timer,
    uid,
    write,
)
from tocsin.core.errors import LocalFault, Malformed, Reason
from tocsin_hub.domain.rows import AttemptRow, Changes, CursorRow, Head, Known, MailboxKey, Needs, TimerKey
from tocsin_hub.store.base import HubStore, MailboxState

NEVER = MailboxKey("bank.never", 2)


async def save(store: HubStore, cursors: list[CursorRow], attempts: list[AttemptRow]) -> None:
    def job(tx: object) -> None:
        tx.save_attempts(attempts)  # type: ignore[attr-defined]
        tx.save_cursors(cursors)  # type: ignore[attr-defined]

    await store.transact(job)


async def test_a_new_store_is_empty(store: HubStore) -> None:
    assert await store.transact(lambda tx: tx.head()) == Head(
        log_size=0, accepted_us=0, directory_version=0, directory_head=bytes(32), epoch=1
    )
    assert [await store.dump(table) for table in TABLES] == [[]] * len(TABLES)
    assert await store.mailbox_state(NEVER, "main") == MailboxState(0, 0, [])
    assert await store.entries(NEVER, after_seq=0, limit=10) == []
    assert (await store.newest_batch(), await store.batch(1), await store.next_due_us()) == (None, None, None)
    assert (await store.all_mailboxes(), await store.pending(POLICE)) == ({}, {})


async def test_the_head_follows_the_log_and_the_directory(store: HubStore) -> None:
    changes = batch(0, 4)
    changes.directory = directory(1, 3)
    await write(store, changes)
    head = Head(log_size=4, accepted_us=NOW_US + 3, directory_version=3, directory_head=digest(3), epoch=1)
    assert await store.transact(lambda tx: tx.head()) == head
    await write(store, Changes(timers_set=keyed(timer(1, 1, 5))))
    assert await store.transact(lambda tx: tx.head()) == head
    await write(store, batch(4, 1))
    assert await store.transact(lambda tx: tx.head()) == replace(head, log_size=5, accepted_us=NOW_US + 4)


async def test_a_batch_is_loaded_as_it_was_written_and_absent_keys_are_absent(store: HubStore) -> None:
    written = batch(0, 150)
    await write(store, written)
    ids = {uid(n) for n in range(300)}
    subjects = {digest(n)[:16] for n in range(300)}
    needs = Needs(message_ids=ids, roots=ids, orders=ids, subjects=subjects)
    loaded = await store.transact(lambda tx: tx.load(needs))
    assert loaded.threads == written.threads
    assert loaded.orders == written.orders
    assert loaded.subjects == written.subjects
    assert loaded.known == {
        row.message_id: Known(
            message_id=row.message_id, sender=row.sender, message_hash=row.message_hash, log_index=row.log_index,
            kind=row.kind,
        )
        for row in written.messages
    }
    assert type(loaded.threads[uid(1)].exercise) is bool
    nothing = await store.transact(lambda tx: tx.load(Needs()))
    assert (nothing.known, nothing.threads, nothing.orders, nothing.subjects) == ({}, {}, {}, {})


async def test_states_are_replaced_whole(store: HubStore) -> None:
    await write(store, batch(0, 3))
    later = Changes(
        threads={uid(1): replace(thread(1, state="in-force"), ends_us=NOW_US + 9)},
        orders={uid(1): replace(order(1, state="executed"), decided_us=NOW_US + 7)},
        subjects={digest(1)[:16]: subject(1, 2, 1)},
    )
    await write(store, later)
    assert await store.thread(uid(1)) == later.threads[uid(1)]
    assert await store.order(uid(1)) == later.orders[uid(1)]
    assert await store.thread(uid(2)) == thread(2)
    found = await store.transact(lambda tx: tx.load(Needs(subjects={digest(1)[:16]})))
    assert found.subjects == later.subjects
    assert (await store.thread(uid(99)), await store.order(uid(99))) == (None, None)


async def test_timers_come_by_due_time_then_order_then_deadline_and_are_cleared_before_they_are_set(
    store: HubStore,
) -> None:
    timers = [timer(3, 1, 50), timer(1, 2, 70), timer(1, 1, 70), timer(2, 1, 60), timer(9, 1, 90)]
    await write(store, Changes(timers_set=keyed(*timers)))
    assert await store.next_due_us() == 50
    assert await store.transact(lambda tx: tx.due_timers(70, 10)) == [timers[i] for i in (0, 3, 2, 1)]
    assert await store.transact(lambda tx: tx.due_timers(70, 2)) == [timers[0], timers[3]]
    assert await store.transact(lambda tx: tx.due_timers(49, 10)) == []
    moved = timer(3, 1, 80)
    keys = {TimerKey(uid(3), 1), TimerKey(uid(2), 1), TimerKey(uid(77), 1)}
    await write(store, Changes(timers_set=keyed(moved), timers_cleared=keys))
    assert await store.transact(lambda tx: tx.due_timers(2**62, 10)) == [timers[2], timers[1], moved, timers[4]]
    assert await store.next_due_us() == 70


async def test_entries_are_numbered_in_the_order_given_and_read_with_their_messages(store: HubStore) -> None:
    await write(store, batch(0, 2))
    changes = Changes(
        messages=[message(2), message(3, root=0)],
        entries=[entry(2, ABC), entry(2, ICBC), entry(3, ICBC, root=0, generation=7)],
    )
    numbered = await write(store, changes)
    assert numbered == [replace(e, seq=seq) for e, seq in zip(changes.entries, (1, 3, 4), strict=True)]
    found = await store.entries(ICBC, after_seq=2, limit=10)
    assert [item.entry for item in found] == numbered[1:]
    assert [item.message for item in found] == changes.messages
    assert await store.entries(ICBC, after_seq=2, limit=1) == found[:1]
    assert await store.entries(ICBC, after_seq=4, limit=9) == await store.entries(ICBC, after_seq=9, limit=9) == []
    assert type(found[0].entry.urgent_exempt) is bool


@pytest.mark.parametrize("lost", [1, 3, 5])
async def test_a_hole_in_a_mailbox_is_damage_wherever_it_is(engine: Engine, store: HubStore, lost: int) -> None:
    await write(store, batch(0, 5))
    await engine.lose_entry(store, ICBC, lost)
    with pytest.raises(LocalFault) as caught:
        await store.entries(ICBC, after_seq=0, limit=10)
    assert caught.value.reason is Reason.CORRUPT


async def test_messages_are_found_by_index_range_id_and_thread(store: HubStore) -> None:
    changes = batch(0, 130)
    changes.messages[5] = replace(changes.messages[5], root_id=uid(2))
    await write(store, changes)
    rows = changes.messages
    assert await store.messages([7, 3, 500, 120, 3]) == [rows[7], rows[3], rows[120], rows[3]]
    assert await store.messages([]) == []
    assert await store.messages(range(130)) == rows
    assert await store.message_range(3, 2) == rows[3:5]
    assert await store.message_range(130, 2) == []
    assert await store.by_id(uid(4)) == rows[4]
    assert await store.by_id(uid(400)) is None
    assert await store.thread_messages(uid(2)) == [rows[2], rows[5]]
    assert await store.thread_messages(uid(400)) == []


async def test_orders_are_listed_newest_first_to_those_who_sent_or_received_them(store: HubStore) -> None:
    orders = [
        order(n, recipient=("bank.icbc", "bank.abc")[n % 2], state=("open", "executed")[n % 3 == 0]) for n in range(12)
    ]
    orders.append(order(12, sender="bank.abc", recipient="bank.abc"))
    orders.append(order(13, sender="bank.abc", recipient="bank.icbc", root=2))
    await write(store, Changes(threads={uid(n): thread(n) for n in range(13)}, orders={o.order_id: o for o in orders}))

    async def listed(party: str, state: str = "", before: int = 99, limit: int = 99) -> list[int]:
        found = await store.orders_of(party, state=state, before_index=before, limit=limit)
        assert all(row == orders[row.log_index] and of.root_id == row.root_id for row, of in found)
        return [row.log_index for row, _ in found]

    assert await listed("bank.abc") == [13, 12, 11, 9, 7, 5, 3, 1]
    assert await listed("bank.abc", limit=3) == [13, 12, 11]
    assert await listed("bank.abc", before=11, limit=2) == [9, 7]
    assert await listed("bank.abc", state="executed") == [9, 3]
    assert await listed(POLICE, limit=4) == [11, 10, 9, 8]
    assert await listed("bank.icbc", before=1) == [0]
    assert await listed("bank.none") == []


async def test_orders_to_a_party_come_oldest_first_with_their_threads(store: HubStore) -> None:
    orders = [order(n, recipient=("bank.icbc", "bank.abc")[n % 2], root=n // 4 * 4) for n in range(12)]
    await write(store, Changes(threads={uid(n): thread(n) for n in range(12)}, orders={o.order_id: o for o in orders}))

    async def listed(party: str, after: int = -1, limit: int = 99) -> list[int]:
        found = await store.orders_to(party, after_index=after, limit=limit)
        assert all(row == orders[row.log_index] and of == thread(row.log_index // 4 * 4) for row, of in found)
        return [row.log_index for row, _ in found]

    assert await listed("bank.abc") == [1, 3, 5, 7, 9, 11]
    assert await listed("bank.abc", after=3, limit=2) == [5, 7]
    assert await listed("bank.icbc", after=10) == []
    assert await listed(POLICE) == []


async def test_nodes_batches_and_directory_are_read_back(store: HubStore) -> None:
    changes = batch(0, 200)
    changes.directory = directory(1, 5)
    await write(store, changes)
    await write(store, batch(200, 1))
    keys = [(0, n) for n in range(150)] + [(9, 9)]
    assert await store.nodes(keys) == {(0, n): digest(n) for n in range(150)}
    assert await store.nodes([]) == {}
    assert await store.batch(200) == changes.batch
    assert await store.batch(150) is None
    assert await store.newest_batch() == batch(200, 1).batch
    assert await store.directory_rows(0, 2) == changes.directory[:2]
    assert await store.directory_rows(3, 9) == changes.directory[3:]
    assert await store.directory_heads([0, 2, 5, 8]) == {0: bytes(32), 2: digest(2), 5: digest(5)}
    assert await store.directory_heads([1]) == {1: digest(1)}


async def test_cursors_never_go_back(store: HubStore) -> None:
    await write(store, batch(0, 9))
    for given, stands in [(4, 4), (2, 4), (4, 4), (7, 7), (0, 7)]:
        await save(store, [cursor(given)], [])
        assert (await store.mailbox_state(ICBC, "main")).cursor == stands
    await save(store, [cursor(8), cursor(3)], [])
    assert (await store.mailbox_state(ICBC, "main")).cursor == 8
    assert (await store.mailbox_state(ICBC, "audit")).cursor == 0
    assert (await store.mailbox_state(ABC, "main")).cursor == 0


async def test_a_cursor_drops_the_attempts_it_passed_but_for_the_dead(store: HubStore) -> None:
    await write(store, batch(0, 9))
    rows = [attempt(2, "acked"), attempt(3, "dead"), attempt(4, "delayed"), attempt(5, "delayed"), attempt(6, "dead")]
    other = attempt(2, "delayed", subscription="audit")
    elsewhere = attempt(2, "delayed", ABC)
    await save(store, [cursor(4)], [*rows, other, elsewhere])
    assert await store.mailbox_state(ICBC, "main") == MailboxState(9, 4, [rows[1], rows[3], rows[4]])
    assert (await store.mailbox_state(ICBC, "audit")).attempts == [other]
    assert (await store.mailbox_state(ABC, "main")).attempts == [elsewhere]


async def test_attempts_are_replaced_and_dropped_by_name(store: HubStore) -> None:
    await write(store, batch(0, 9))
    await save(store, [], [attempt(n, "delayed") for n in range(1, 9)])
    await save(store, [], [attempt(2, "delayed", attempts=5)])
    await store.transact(lambda tx: tx.drop_attempts(ICBC, "main", [1, 3, 4, 5, 6, 7, 99]))
    assert (await store.mailbox_state(ICBC, "main")).attempts == [
        attempt(2, "delayed", attempts=5),
        attempt(8, "delayed"),
    ]
    await store.transact(lambda tx: tx.drop_attempts(ICBC, "main", []))
    await store.transact(lambda tx: tx.drop_attempts(ICBC, "audit", [2, 8]))
    assert len((await store.mailbox_state(ICBC, "main")).attempts) == 2


async def test_acked_is_what_the_cursor_passed_or_was_acked_ahead_of_it_and_never_what_was_given_up(
    store: HubStore,
) -> None:
    await write(store, batch(0, 8))
    await save(
        store,
        [cursor(3), cursor(8, subscription="audit")],
        [attempt(2, "dead"), attempt(5, "acked"), attempt(6, "delayed"), attempt(7, "dead")],
    )
    acked = await store.transact(lambda tx: [tx.acked(ICBC, index) for index in range(8)])
    assert [index + 1 for index, is_acked in enumerate(acked) if is_acked] == [1, 3, 5]
    assert await store.transact(lambda tx: tx.acked(ABC, 0)) is False
    assert await store.transact(lambda tx: tx.acked(ICBC, 99)) is False


async def test_dead_letters_are_listed_with_their_messages(store: HubStore) -> None:
    await write(store, batch(0, 6, [ICBC, ABC]))
    rows = [attempt(1, "dead"), attempt(2, "delayed"), attempt(3, "dead"), attempt(2, "dead", ABC)]
    await save(store, [cursor(1)], rows)
    icbc = [(rows[0], message(0, number=0)), (rows[2], message(4))]
    abc = [(rows[3], message(3))]
    assert await store.dead_letters(ICBC.party) == icbc
    assert await store.dead_letters("") == abc + icbc
    assert await store.dead_letters(NEVER.party) == []


async def test_pending_counts_what_was_neither_acked_nor_given_up(store: HubStore) -> None:
    routine = MailboxKey(ICBC.party, 2)
    await write(store, batch(0, 12, [ICBC, routine, ABC]))
    assert await store.pending(ICBC.party) == {1: 4, 2: 4}
    await save(store, [cursor(1)], [attempt(3, "acked"), attempt(4, "delayed")])
    assert await store.pending(ICBC.party) == {1: 2, 2: 4}
    await save(store, [], [attempt(1, "acked")])
    assert await store.pending(ICBC.party) == {1: 2, 2: 4}, "it lies below the cursor, which counted it"
    await save(store, [cursor(4)], [])
    assert await store.pending(ICBC.party) == {1: 0, 2: 4}
    assert await store.all_mailboxes() == {ICBC: (4, 4), routine: (4, 0), ABC: (4, 0)}


async def test_small_values_are_kept_by_name(store: HubStore) -> None:
    assert await store.transact(lambda tx: tx.get_meta("generation")) is None
    await store.transact(lambda tx: tx.set_meta("generation", b"\x00\xff"))
    await store.transact(lambda tx: tx.set_meta("bus", b""))
    await store.transact(lambda tx: tx.set_meta("generation", b"2"))
    assert await store.transact(lambda tx: (tx.get_meta("generation"), tx.get_meta("bus"))) == (b"2", b"")


async def test_a_dump_depends_on_what_is_stored_alone_and_leaves_out_the_generation(
    engine: Engine, store: HubStore, tmp_path: Path
) -> None:
    first = batch(0, 10, [ICBC, ABC])
    first.directory = directory(1, 2)
    await write(store, first)
    dumps = {table: await store.dump(table) for table in TABLES}
    assert {table: len(rows) for table, rows in dumps.items()} == dict.fromkeys(TABLES, 10) | {
        "directory": 2,
        "batches": 1,
    }
    assert all(rows == sorted(rows) and all(type(row) is tuple for row in rows) for rows in dumps.values())

    (tmp_path / "other").mkdir()
    other = await type(engine)(tmp_path / "other").open()  # type: ignore[call-arg]
    again = batch(0, 10, [ICBC, ABC])
    again.directory = directory(1, 2)
    again.entries = [replace(e, generation=99) for e in again.entries]
    again.subjects[b"spent"] = replace(subject(1, 0), subject=b"spent")
    for part in ("threads", "orders", "subjects", "timers_set"):
        setattr(again, part, dict(reversed(getattr(again, part).items())))
    await write(other, again)
    assert {table: await other.dump(table) for table in TABLES} == dumps
    await write(other, Changes(threads={uid(3): thread(3, state="lapsed")}))
    assert await other.dump("threads") != dumps["threads"]
    await other.aclose()
    with pytest.raises(ValueError, match="no projection"):
        await store.dump("message; DROP TABLE message")


async def test_a_backup_made_while_the_hub_writes_is_one_state_of_the_store(
    engine: Engine, store: HubStore, tmp_path: Path
) -> None:
    await write(store, batch(0, 300, [ICBC, ABC]))
    copy = tmp_path / "copy.db"
    going_on = [store.transact(lambda tx: next_batch(tx, 5, [ICBC, ABC])) for _ in range(40)]
    results = [store.backup(copy), *going_on]
    import asyncio

    size, *_ = await asyncio.gather(*results)
    assert size == copy.stat().st_size > 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    opened = await engine.open_backup(copy)
    held = await everything(opened)
    head = held["head"]
    assert isinstance(head, Head)
    assert 300 <= head.log_size <= 500
    assert (head.log_size - 300) % 5 == 0
    assert held["messages"] == (await store.message_range(0, head.log_size))
    assert sum(mailbox[0] for mailbox in (await opened.all_mailboxes()).values()) == head.log_size
    await write(opened, batch(head.log_size, 1))
    await opened.aclose()


async def test_a_backup_never_touches_a_file_that_is_there(store: HubStore, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"precious")
    for path in (there, tmp_path / "missing" / "copy"):
        with pytest.raises(Malformed) as caught:
            await store.backup(path)
        assert caught.value.reason is Reason.FIELD_INVALID
    assert there.read_bytes() == b"precious"


async def test_a_store_tells_its_facts(store: HubStore) -> None:
    facts = await store.facts()
    assert {"schema", "synchronous", "journal_mode", "library"} <= set(facts)
    assert int(facts["schema"]) >= 1
