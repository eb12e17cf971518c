"""The hub's disk against it: full, read-only, torn, put back, edited by hand. Nothing acked is lost; what is wrong is said."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kit import BANK, POLICE, WAIT, Hand, executing, ordered, until
from tests.e2e.stream import Stream
from tocsin import Executed
from tocsin.core.errors import BusError, LocalFault, Reason, StoreBusy, Unavailable
from tocsin.sqlitethread import Point
from tocsin.testing import LocalHub
from tocsin.testing.hub import PASSPHRASE
from tocsin.wire.sequencing import Receipt, encode_receipt
from tocsin_hub.config import HubPaths
from tocsin_hub.replay import Replayed, replay_and_compare

ROOT = Path(__file__).resolve().parents[2]


async def pragma(hub: LocalHub, text: str) -> None:
    """Changes what the hub's writing connection may do."""
    store: Any = hub.serving.hub.store
    await store._writer.ask(lambda conn: conn.execute(f"PRAGMA {text}").fetchall())


async def fill(hub: LocalHub) -> None:
    await pragma(hub, "max_page_count=1")


async def free(hub: LocalHub) -> None:
    await pragma(hub, "max_page_count=1073741823")


async def lock(hub: LocalHub) -> None:
    await pragma(hub, "query_only=1")


async def unlock(hub: LocalHub) -> None:
    await pragma(hub, "query_only=0")


async def sent(police: Hand, *numbers: int) -> list[tuple[bytes, Receipt]]:
    envelopes = [police.seal(police.stop(n)) for n in numbers]
    answers = await police.publish(envelopes)
    pairs = list(zip(envelopes, answers, strict=True))
    assert all(isinstance(answer, Receipt) for answer in answers), answers
    return pairs  # type: ignore[return-value]


async def known(police: Hand, pairs: list[tuple[bytes, Receipt]]) -> None:
    """Every acked message is there still: its bytes get the very receipt they got."""
    for envelope, receipt in pairs:
        again = await police.offer(envelope)
        assert isinstance(again, Receipt), again
        assert encode_receipt(again) == encode_receipt(receipt)


async def replayed(path: Path) -> Replayed:
    return await replay_and_compare(HubPaths(path / "hub"), PASSPHRASE, lambda done, of: None)


@pytest.mark.parametrize(("break_", "mend"), [(fill, free), (lock, unlock)], ids=["full", "read-only"])
async def test_a_disk_that_takes_nothing_is_said_to_be_so_and_the_service_resumes_by_itself(
    hub: LocalHub, break_: Any, mend: Any
) -> None:
    bank, police = hub.participant(BANK), hub.participant(POLICE)
    executing(bank)
    async with bank, police, Hand(hub, POLICE) as hand:
        acked = await sent(hand, 1)
        await until(lambda: hub.serving.hub.quiet)
        await break_(hub)
        for n in range(100, 200):  # what room is left in pages already there is used up
            waiting = hand.seal(hand.stop(n, contact="x" * 2000, remedy="y" * 2000))
            refused = await hand.offer(waiting)
            if isinstance(refused, BusError):
                break
        assert isinstance(refused, StoreBusy), refused
        assert refused.reason is Reason.STORE_FULL
        assert refused.retryable
        assert refused.text("zh") != refused.text("en")
        order = await ordered(police, 3, contact="x" * 2000, remedy="y" * 2000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.2):
                await order.accepted(None)
        row = await police.store.get_outbox(order.message.header.message_id)
        assert row is not None
        assert row.state.value in ("queued", "sent")
        await mend(hub)
        assert isinstance(await order.outcome(WAIT), Executed)
        assert isinstance(await hand.offer(waiting), Receipt)
        await known(hand, acked)
    await hub.stop()
    assert (await replayed(hub.path)).differences == []


@pytest.mark.parametrize("point", [Point.BEGIN, Point.COMMIT, Point.COMMITTED])
async def test_a_commit_that_fails_or_is_not_known_good_loses_nothing(path: Path, point: Point) -> None:
    struck = 0

    def strike(at: Point) -> None:
        nonlocal struck
        if at is point and struck < 3 and armed.is_set():
            struck += 1
            failure = sqlite3.OperationalError("disk I/O error")
            failure.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise failure

    armed = asyncio.Event()
    async with LocalHub(path, faults=strike) as hub:
        async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
            acked = await sent(police, 1, 2)
            stream = await Stream.open(bank)
            await stream.credit()
            armed.set()
            envelope = police.seal(police.stop(3))
            answers = [await police.offer(envelope) for _ in range(3)]
            assert struck
            assert all(isinstance(answer, Receipt | Unavailable) for answer in answers), answers
            receipt = await police.offer(envelope)
            assert isinstance(receipt, Receipt), receipt
            assert [one.seq for one in await stream.deliveries(3)] == [1, 2, 3]  # it waits for no later message
            later = await sent(police, 4, 5)
            assert later[0][1].sequencing.log_index == receipt.sequencing.log_index + 1
            await known(police, [*acked, (envelope, receipt), *later])
            found = await stream.deliveries(2)
            assert [(one.seq, one.repeat) for one in found] == [(4, False), (5, False)]
        await hub.stop()
        assert (await replayed(path)).differences == []


async def test_a_damaged_store_ends_the_hub_and_no_message_is_blamed(path: Path) -> None:
    damaged = asyncio.Event()

    def strike(at: Point) -> None:
        if at is Point.COMMIT and damaged.is_set():
            failure = sqlite3.DatabaseError("database disk image is malformed")
            failure.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise failure

    hub = LocalHub(path, faults=strike)
    async with hub:
        async with Hand(hub, POLICE) as police:
            acked = await sent(police, 1)
            damaged.set()
            answer = await police.offer(police.seal(police.stop(2)))
            assert isinstance(answer, Unavailable), answer
        with pytest.raises(LocalFault) as ended:
            await hub.stop()
        assert ended.value.reason is Reason.CORRUPT
        damaged.clear()
        await hub.start()
        async with Hand(hub, POLICE) as police:
            await known(police, acked)


def crashed_copy(path: Path) -> LocalHub:
    """The hub's directory as a power cut would leave it now, beside a hub that runs on."""
    after = path.parent / "after"
    shutil.copytree(path, after, ignore=shutil.ignore_patterns("*.sock"))
    return LocalHub(after)


async def test_a_torn_tail_of_the_wal_costs_nothing_that_was_acked(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        acked = await sent(police, *range(20))
    cut = crashed_copy(hub.path)
    wal = cut.path / "hub" / "hub.db-wal"
    assert wal.stat().st_size > 4096
    with wal.open("r+b") as file:  # the transaction after the last, half written
        whole = file.read()
        file.write(whole[32 : 32 + 4096 + 24][: 3000])
    async with cut, Hand(cut, POLICE) as police:
        await known(police, acked)
        await sent(police, 30)
        await cut.stop()
    assert (await replayed(cut.path)).differences == []


async def test_a_wal_that_lost_acked_commits_is_noticed_at_the_start(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        for n in range(5):
            await sent(police, n)
    cut = crashed_copy(hub.path)
    wal = cut.path / "hub" / "hub.db-wal"
    os.truncate(wal, wal.stat().st_size - 2 * 4096)
    with pytest.raises(LocalFault) as refused:
        await cut.start()
    assert refused.value.reason is Reason.ROLLBACK


async def test_a_database_put_back_from_an_older_copy_is_noticed_at_the_start(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        await sent(police, 1)
        await hub.stop()
        older = hub.path / "older.db"
        shutil.copy(hub.path / "hub" / "hub.db", older)
        await hub.start()
    async with Hand(hub, POLICE) as police:
        await sent(police, 2)
    await hub.stop()
    shutil.copy(older, hub.path / "hub" / "hub.db")
    with pytest.raises(LocalFault) as refused:
        await hub.start()
    assert refused.value.reason is Reason.ROLLBACK
    for lang in ("en", "zh"):
        assert "?" not in refused.value.text(lang)


async def test_a_backup_made_while_orders_flow_opens_and_holds_what_was_acked_before_it(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        acked = await sent(police, 1, 2)
        flow = asyncio.create_task(sent(police, *range(10, 40)))
        copy = hub.path / "backup.db"
        size, written = await hub.serving.hub.operations.backup(copy)
        await flow
    assert (copy.stat().st_size, copy.stat().st_mode & 0o777) == (written, 0o600)
    with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as conn:
        (count,) = conn.execute("SELECT count(*) FROM message").fetchone()
        assert count >= size >= acked[-1][1].sequencing.log_index + 1
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    conn.close()


async def test_a_backup_of_a_hub_at_rest_serves_in_its_place(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        acked = await sent(police, 1, 2)
        await hub.serving.hub.operations.backup(hub.path / "backup.db")
    await hub.stop()
    for one in (hub.path / "hub").glob("hub.db*"):
        one.unlink()
    shutil.move(hub.path / "backup.db", hub.path / "hub" / "hub.db")
    await hub.start()
    async with Hand(hub, POLICE) as police:
        await known(police, acked)
        await sent(police, 3)


async def test_a_replay_of_the_log_finds_what_was_changed_by_hand(hub: LocalHub) -> None:
    bank, police = hub.participant(BANK), hub.participant(POLICE)
    executing(bank)
    async with bank, police:
        order = await ordered(police, 1)
        assert isinstance(await order.outcome(WAIT), Executed)
        assert isinstance(await (await police.release(order)).outcome(WAIT), Executed)
        await ordered(police, 2)
    await hub.stop()
    clean = await replayed(hub.path)
    assert clean.messages > 18
    assert clean.differences == []
    with sqlite3.connect(hub.path / "hub" / "hub.db") as conn:
        changed = conn.execute("UPDATE thread SET state = 'in-force' WHERE state = 'released'").rowcount
    conn.close()
    assert changed == 1
    assert (await replayed(hub.path)).differences == ["the stored threads are not what the log says"]


async def test_a_drain_answers_everything_in_flight_and_loses_nothing_that_was_answered(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        envelopes = [police.seal(police.stop(n)) for n in range(200)]

        async def offer(envelope: bytes) -> Receipt | BusError:
            try:
                return await police.offer(envelope)
            except Unavailable as failure:
                return failure

        offers = [asyncio.create_task(offer(envelope)) for envelope in envelopes]
        await until(lambda: sum(task.done() for task in offers) > 20)
        await hub.stop()
        answers = await asyncio.gather(*offers)
        assert all(isinstance(answer, Receipt | Unavailable) for answer in answers)
    await hub.start()
    async with Hand(hub, POLICE) as police:
        pairs = [(e, a) for e, a in zip(envelopes, answers, strict=True) if isinstance(a, Receipt)]
        assert len(pairs) > 20
        await known(police, pairs)


async def test_sigterm_drains_the_hub_process_and_it_ends_well(path: Path) -> None:
    config = path / "hub" / "hub.toml"
    secret = path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/sdk:{ROOT}/server", "TOCSIN_PASSPHRASE_FILE": str(secret)}
    command = [sys.executable, "-m", "tocsin_hub.cli.main", "serve", str(config.parent)]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        hub = LocalHub(path)
        away = _Elsewhere(hub, line.split()[1])
        async with Hand(away, POLICE) as police:  # type: ignore[arg-type]
            acked = await sent(police, *range(30))
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    async with hub, Hand(hub, POLICE) as police:
        await known(police, acked)


class _Elsewhere:
    """A hub that another process serves, as ``Hand`` needs to know it."""

    def __init__(self, hub: LocalHub, address: str) -> None:
        self._hub, self._address = hub, address

    def identity(self, party: str) -> Any:
        from tocsin.client.identity import load_identity

        found = load_identity(self._hub.path / f"{party}.identity", passphrase=PASSPHRASE)
        return replace(found, hub_address=self._address)

    def now_us(self) -> int:
        return self._hub.now_us()


async def test_a_hub_whose_disk_takes_nothing_stops_all_the_same_and_repeats_what_was_acked_marked(path: Path) -> None:
    async with LocalHub(path) as hub:
        async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
            acked = await sent(police, 1)
            stream = await Stream.open(bank)
            await stream.credit()
            (first,) = await stream.deliveries(1)
            hub.disk.full = True
            await stream.ack(first)
            await until(lambda: hub.serving.hub.post_office._saving)
            hub.serving.hub.flush_seconds = 0.2
            await hub.stop()
        hub.disk.full = False
        await hub.start()
        async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
            stream = await Stream.open(bank)
            await stream.credit()
            (again,) = await stream.deliveries(1)
            assert (again.seq, again.repeat) == (first.seq, True)
            await known(police, acked)
