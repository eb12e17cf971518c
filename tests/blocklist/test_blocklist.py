"""A carrier's copy: names under names, several blocks on one name, ends by the clock, files that resolvers accept."""

import csv
import itertools
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.kit import CARRIER, POLICE, WAIT
from tests.wire.samples import header
from tocsin import BlockDomains, Executed, UnblockDomains
from tocsin.blocklist import Blocklist, write_csv, write_hosts, write_rpz
from tocsin.client.answering import Context
from tocsin.core.errors import LocalFault, NotPermitted, Reason
from tocsin.core.message import Thread, delivered
from tocsin.testing import LocalHub, VirtualClock

HOUR_US = 3_600_000_000


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_767_225_600_000_000)


@pytest.fixture
def copy(tmp_path: Path, clock: VirtualClock) -> Iterator[Blocklist]:
    with Blocklist(tmp_path / "block.db", clock) as made:
        yield made


def order(clock: VirtualClock, n: int, *domains: str, hours: int = 48) -> BlockDomains:
    head = header(message_id=bytes([1, 137, 10, 93, 172, 150, 119, 75, 188]) + bytes(6) + bytes([n]), target=None, parts=())
    made = BlockDomains(header=head, region="CN", domains=domains)
    how = Context(
        repeat=False, attempt=1, accepted_us=1, started_us=1, ends_us=clock.now_us() + hours * HOUR_US, key=made.id
    )  # fmt: skip
    return delivered(made, how)


def withdrawal(of: BlockDomains, *domains: str) -> UnblockDomains:
    root = of.header.message_id
    return UnblockDomains(header=header(target=None, parts=(), thread=Thread(root_id=root, parent_id=root)), domains=domains)


def test_a_name_and_what_is_under_it_are_blocked_and_nothing_beside_it(copy: Blocklist, clock: VirtualClock) -> None:
    assert copy.apply(order(clock, 1, "shop.example", "www.bank.example")) == {}
    for name in ("shop.example", "www.shop.example", "a.b.shop.example", "www.bank.example"):
        assert copy.is_blocked(name), name
    for name in ("example", "xshop.example", "bank.example", "shop.example.net"):
        assert not copy.is_blocked(name), name


def test_a_name_stays_while_one_block_holds_it(copy: Blocklist, clock: VirtualClock) -> None:
    first, second = order(clock, 1, "a.example", "b.example"), order(clock, 2, "a.example", hours=96)
    copy.apply(first)
    copy.apply(second)
    assert len(copy) == 2
    copy.withdraw(withdrawal(first, "a.example"))
    assert copy.is_blocked("a.example")
    copy.end(second.thread_id)
    assert not copy.is_blocked("a.example")
    assert [one.name for one in copy.names()] == ["b.example"]


def test_an_order_that_comes_again_after_it_was_withdrawn_changes_nothing(copy: Blocklist, clock: VirtualClock) -> None:
    block = order(clock, 1, "a.example", "b.example")
    copy.apply(block)
    copy.withdraw(withdrawal(block, "a.example"))
    copy.apply(block)
    assert not copy.is_blocked("a.example")
    assert copy.is_blocked("b.example")


async def test_a_block_ends_by_the_clock_of_the_carrier(copy: Blocklist, clock: VirtualClock) -> None:
    copy.apply(order(clock, 1, "a.example", hours=1))
    await clock.advance(3_599)
    assert copy.is_blocked("a.example")
    await clock.advance(1)
    assert not copy.is_blocked("a.example")
    assert (len(copy), list(copy.names())) == (0, [])


def test_what_this_carriers_list_calls_a_public_suffix_is_left_out_and_named(copy: Blocklist, clock: VirtualClock) -> None:
    left = copy.apply(order(clock, 1, "evil.github.io", "github.io"))
    assert {name: getattr(why, "name", why) for name, why in left.items()} == {"github.io": "EXEMPT"}
    assert copy.is_blocked("evil.github.io")
    assert not copy.is_blocked("github.io")


def test_what_is_applied_is_there_after_the_process_and_a_damaged_file_is_named(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "kept.db"
    with Blocklist(path, clock) as copy:
        copy.apply(order(clock, 1, "a.example"))
    with Blocklist(path, clock) as copy:
        assert copy.is_blocked("a.example")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(LocalFault) as refused:
        Blocklist(damaged, clock)
    assert refused.value.reason is Reason.CORRUPT


def test_files_are_written_whole_and_the_serial_rises(copy: Blocklist, clock: VirtualClock, tmp_path: Path) -> None:
    copy.apply(order(clock, 1, "a.example", "xn--fiqs8s.example"))
    zone = tmp_path / "block.zone"
    serials = []
    for _ in range(3):
        assert write_rpz(copy, zone) == 2
        soa = next(line for line in zone.read_text().splitlines() if " SOA " in line)
        serials.append(int(soa.split()[5]))
    assert serials == sorted(set(serials))
    assert "*.a.example CNAME .\n" in zone.read_text()
    assert write_hosts(copy, tmp_path / "hosts") == 2
    assert (tmp_path / "hosts").read_text() == "0.0.0.0 a.example\n0.0.0.0 xn--fiqs8s.example\n"
    assert write_csv(copy, tmp_path / "list.csv") == 2
    rows = list(csv.DictReader((tmp_path / "list.csv").read_text().splitlines()))
    assert (rows[0]["domain"], rows[0]["ends_at"]) == ("a.example", "2026-01-03T00:00:00Z")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


@pytest.mark.skipif(shutil.which("named-checkzone") is None, reason="named-checkzone is in Debian's bind9-utils")
def test_bind_accepts_the_zone(copy: Blocklist, clock: VirtualClock, tmp_path: Path) -> None:
    long = ".".join(["a" * 60] * 3) + ".example"
    copy.apply(order(clock, 1, "a.example", long, "xn--fiqs8s.example"))
    write_rpz(copy, tmp_path / "block.zone")
    done = subprocess.run(
        ["named-checkzone", "block.invalid", str(tmp_path / "block.zone")], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stdout


def test_asking_takes_microseconds_among_a_hundred_thousand(copy: Blocklist, clock: VirtualClock) -> None:
    for n in range(100):
        copy.apply(order(clock, n, *(f"shop-{n:03}-{i:04}.example" for i in range(1_000))))
    assert len(copy) == 100_000
    started = time.perf_counter()
    for n in range(2_000):
        assert copy.is_blocked(f"www.shop-{n % 100:03}-{n % 1000:04}.example")
    assert (time.perf_counter() - started) / 2_000 < 200e-6  # some 10 µs; a scan would take 10 ms


async def test_a_carrier_keeps_its_copy_in_step_with_the_orders_it_receives(tmp_path: Path) -> None:
    async with LocalHub(tmp_path) as hub:
        await hub.enrol(CARRIER, role="carrier", region="CN")
        await hub.enrol(POLICE, role="police")
        carrier, told = hub.participant(CARRIER), []
        with Blocklist(tmp_path / "block.db") as copy:
            copy.serve(carrier, changed=lambda: told.append(len(copy)))
            async with carrier, hub.participant(POLICE) as police:
                job = await police.block_domains(["a.example", "b.example", "c.example"], region="420100", contact="x")
                assert all(isinstance(answer, Executed) for _, answer in await job.outcomes(WAIT))
                await (await police.unblock_domains(["a.example"])).orders[0].outcome(WAIT)
                assert isinstance(await (await police.release(job.orders[0])).outcome(WAIT), Executed)
        assert told == [3, 2, 0]


def test_changes_that_come_together_share_one_call_that_began_after_them() -> None:
    from tocsin.blocklist.copy import _Together

    begun, go_on, calls = threading.Event(), threading.Event(), []

    def work() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            begun.set()
            assert go_on.wait(20)

    together = _Together(work)
    first = threading.Thread(target=together)
    first.start()
    assert begun.wait(20)
    late = [threading.Thread(target=together) for _ in range(10)]
    for one in late:
        one.start()
    while together._asked < 11:
        pass
    go_on.set()
    for one in (first, *late):
        one.join(20)
    assert len(calls) == 2


def test_what_the_shared_call_raises_reaches_who_came_and_the_next_tries_again() -> None:
    from tocsin.blocklist.copy import _Together

    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("the resolver is away")

    together = _Together(work)
    with pytest.raises(OSError, match="away"):
        together()
    together()
    assert len(calls) == 2


def test_two_writers_are_kept_apart_by_the_database(tmp_path: Path, clock: VirtualClock) -> None:
    with Blocklist(tmp_path / "one.db", clock) as copy:
        other = sqlite3.connect(tmp_path / "one.db", isolation_level=None, timeout=0)
        other.execute("BEGIN IMMEDIATE")
        copy._conn.execute("PRAGMA busy_timeout=0")
        with pytest.raises(sqlite3.OperationalError):
            copy.apply(order(clock, 1, "a.example"))
        other.execute("ROLLBACK")
        copy.apply(order(clock, 1, "a.example"))
        assert copy.is_blocked("a.example")
        other.close()


@pytest.mark.parametrize("turn", list(itertools.permutations(("block", "withdrawal", "block again"))))
def test_a_withdrawal_counts_whether_it_comes_before_or_after_its_block(
    copy: Blocklist, clock: VirtualClock, turn: tuple[str, ...]
) -> None:
    block = order(clock, 1, "a.example", "b.example")
    for step in turn:
        if step == "withdrawal":
            copy.withdraw(withdrawal(block, "a.example"))
        else:
            copy.apply(block)
    assert [one.name for one in copy.names()] == ["b.example"]


@pytest.mark.parametrize("turn", list(itertools.permutations(("block", "withdrawal", "end"))))
def test_an_end_counts_whatever_it_comes_before(copy: Blocklist, clock: VirtualClock, turn: tuple[str, ...]) -> None:
    block = order(clock, 1, "a.example", "b.example")
    steps = {
        "block": lambda: copy.apply(block),
        "withdrawal": lambda: copy.withdraw(withdrawal(block, "a.example")),
        "end": lambda: copy.end(block.thread_id),
    }
    for step in turn:
        steps[step]()
    assert list(copy.names()) == []


def test_a_strangers_withdrawal_is_refused_and_before_the_block_it_is_nothing(copy: Blocklist, clock: VirtualClock) -> None:
    first, second = order(clock, 1, "a.example"), order(clock, 2, "b.example")
    strangers = [replace(w, header=replace(w.header, sender="police.440300")) for w in (
        withdrawal(first, "a.example"), withdrawal(second, "b.example")
    )]  # fmt: skip
    copy.apply(first)
    with pytest.raises(NotPermitted) as refused:
        copy.withdraw(strangers[0])
    assert refused.value.reason is Reason.NOT_ORIGIN
    copy.withdraw(strangers[1])
    copy.apply(second)
    assert [one.name for one in copy.names()] == ["a.example", "b.example"]


def test_an_order_that_was_handed_to_no_handler_is_not_applied(copy: Blocklist, clock: VirtualClock) -> None:
    with pytest.raises(LocalFault) as refused:
        copy.apply(BlockDomains(header=order(clock, 1, "a.example").header, region="CN", domains=("a.example",)))
    assert refused.value.reason is Reason.HANDLER_RESULT_INVALID
    assert len(copy) == 0
