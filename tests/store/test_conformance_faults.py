"""What every store promises when it is killed, or the disk fails it. No store is named here."""

import asyncio
import signal

import pytest

from tests.store.engines import Engine
from tests.store.makers import ICBC, batch, everything, next_batch, uid, write
from tocsin.core.errors import Reason, StoreBusy
from tocsin_hub.store.base import HubStore

BIG = b"x" * 200_000


async def refused(store: HubStore, index: int) -> Reason:
    with pytest.raises(StoreBusy) as caught:
        await write(store, batch(index, 4, body=BIG))
    return caught.value.reason


async def test_a_full_disk_refuses_what_does_not_fit_and_the_store_goes_on_when_there_is_room(
    engine: Engine, store: HubStore
) -> None:
    await write(store, batch(0, 4))
    before = await everything(store)
    await engine.fill_disk(store)
    for _ in range(3):
        assert await refused(store, 4) is Reason.STORE_FULL
    assert await store.by_id(uid(3)) is not None
    await engine.free_disk(store)
    assert await everything(store) == before
    await write(store, batch(4, 4, body=BIG))
    assert len(await store.entries(ICBC, after_seq=0, limit=99)) == 8


async def test_a_full_disk_refuses_only_the_jobs_that_do_not_fit(engine: Engine, store: HubStore) -> None:
    await write(store, batch(0, 4))
    await engine.fill_disk(store)
    small = [store.transact(lambda tx, n=n: tx.set_meta("generation", b"%d" % n)) for n in range(10)]
    large = [write(store, batch(4, 4, body=BIG)) for _ in range(10)]
    calls = [call for pair in zip(small, large, strict=True) for call in pair]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results[::2] == [None] * 10
    assert {str(result) for result in results[1::2]} == {str(StoreBusy(Reason.STORE_FULL))}
    assert await store.transact(lambda tx: (tx.get_meta("generation"), tx.head().log_size)) == (b"9", 4)


async def test_a_store_that_may_not_be_written_says_so_reads_on_and_recovers(engine: Engine, store: HubStore) -> None:
    await write(store, batch(0, 4))
    before = await everything(store)
    await engine.forbid_writes(store, True)
    assert await refused(store, 4) is Reason.STORE_FULL
    assert [item.entry.seq for item in await store.entries(ICBC, after_seq=0, limit=9)] == [1, 2, 3, 4]
    await engine.forbid_writes(store, False)
    assert await everything(store) == before
    await write(store, batch(4, 4))


@pytest.mark.parametrize(
    ("plan", "size"), [("in-job", 4), ("before-commit", 4), ("after-commit", 12), ("idle", 4)], ids=lambda v: str(v)
)
async def test_after_a_kill_what_was_committed_is_there_and_nothing_else(engine: Engine, plan: str, size: int) -> None:
    assert await engine.crash(plan) == -signal.SIGKILL
    store = await engine.open()
    assert await store.transact(lambda tx: tx.head().log_size) == size
    assert len(await store.message_range(0, 99)) == size
    assert [item.entry.seq for item in await store.entries(ICBC, after_seq=0, limit=99)] == list(range(1, size + 1))
    await store.transact(lambda tx: next_batch(tx, 3))
    assert (await store.mailbox_state(ICBC, "main")).head_seq == size + 3
    await store.aclose()


async def test_a_store_killed_again_and_again_keeps_every_batch(engine: Engine) -> None:
    for _ in range(3):
        assert await engine.crash("after-commit") == -signal.SIGKILL
    store = await engine.open()
    assert await store.transact(lambda tx: tx.head().log_size) == 36
    await store.aclose()
