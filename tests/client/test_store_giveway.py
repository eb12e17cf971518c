"""A thread gets on beside an event loop that is never idle."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from store_rows import incoming, message_id, outgoing

from tocsin import giveway
from tocsin.client.store import FILE_NAME, ClientStore
from tocsin.core.message import Lane
from tocsin.giveway import GRANT_S, GiveWay


@pytest.fixture
async def busy_loop() -> AsyncIterator[None]:
    """Keeps the loop busy with callbacks of half a millisecond, the length that starves threads most."""
    loop = asyncio.get_running_loop()
    going = True

    def burn() -> None:
        end = time.perf_counter() + 0.0005
        while time.perf_counter() < end:
            sum(range(50))
        if going:
            loop.call_soon(burn)

    loop.call_soon(burn)
    yield
    going = False


@pytest.mark.usefixtures("busy_loop")
async def test_batches_are_written_and_read_at_speed_beside_a_busy_loop(tmp_path: Path) -> None:
    async with await ClientStore.open(tmp_path / FILE_NAME) as store:
        begin = time.perf_counter()
        for batch in range(15):
            numbers = range(batch * 64 + 1, batch * 64 + 65)
            await store.receive([incoming(n) for n in numbers])
            await asyncio.gather(*(store.start(message_id(n), 1) for n in numbers))
            await asyncio.gather(*(store.finish(message_id(n), outgoing(n + 10_000), 2) for n in numbers))
            assert len(await store.next_to_send(Lane.URGENT, after=batch * 64)) == 64
        assert time.perf_counter() - begin < 10, "1 s is usual; without making way it takes minutes"


class Scene:
    """A ``GiveWay`` whose thread is played by the test."""

    def __init__(self) -> None:
        self.work = True
        self.asked = 0
        self.pausing = threading.Event()
        self.give_way = GiveWay(self._pending)

    def _pending(self) -> bool:
        self.asked += 1
        self.pausing.set()
        return self.work


async def turns(condition: Callable[[], bool]) -> None:
    """Lets the loop turn until ``condition`` holds."""
    while not condition():
        await asyncio.sleep(0)


async def test_the_loop_pauses_until_the_thread_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giveway, "GRANT_S", 20.0)
    scene = Scene()
    worked: list[int] = []

    def work() -> None:
        assert scene.pausing.wait(10)
        worked.extend(range(100_000))
        scene.give_way.away()

    thread = threading.Thread(target=work)
    thread.start()
    scene.give_way.watch(asyncio.get_running_loop())
    begin = time.perf_counter()
    await turns(lambda: scene.asked > 0)
    assert len(worked) == 100_000, "the loop went on before the thread was done"
    assert time.perf_counter() - begin < 10, "the loop paused on after the thread was done"
    scene.work = False
    thread.join()


async def test_while_the_thread_is_away_the_loop_hardly_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giveway, "GRANT_S", 20.0)
    scene = Scene()
    scene.give_way.away()
    scene.give_way.watch(asyncio.get_running_loop())
    begin = time.perf_counter()
    await turns(lambda: scene.asked == 3)
    assert time.perf_counter() - begin < 10
    scene.work = False


async def test_a_pause_is_bounded_when_the_thread_never_goes_away() -> None:
    scene = Scene()
    scene.give_way.watch(asyncio.get_running_loop())
    begin = time.perf_counter()
    await turns(lambda: scene.asked == 3)
    assert time.perf_counter() - begin > 2 * GRANT_S
    scene.work = False
    await turns(lambda: scene.asked == 4)


async def test_without_work_the_watch_ends_and_new_work_begins_another() -> None:
    scene = Scene()
    loop = asyncio.get_running_loop()
    scene.work = False
    scene.give_way.watch(loop)
    scene.give_way.watch(loop)
    await turns(lambda: scene.asked == 1)
    later = asyncio.Event()
    loop.call_later(0.01, later.set)
    await later.wait()
    assert scene.asked == 1
    scene.give_way.watch(loop)
    await turns(lambda: scene.asked == 2)
