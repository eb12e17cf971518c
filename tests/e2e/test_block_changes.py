"""A carrier's copy that asks the hub: what holds, what changed since, and what it does not believe."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kit import BANK, CARRIER, FAR_CARRIER, OTHER_CARRIER, OTHER_POLICE, POLICE, WAIT, Hand, standing, until
from tocsin import Executed, sync
from tocsin.blocklist import Blocklist
from tocsin.client.channel import HubConnection, calling
from tocsin.core import domains
from tocsin.core.errors import BusError, Malformed, NotPermitted, QuotaExceeded, Reason, SignatureInvalid, Unavailable
from tocsin.core.message import Message
from tocsin.core.orders.block_domains import BlockDomains
from tocsin.core.orders.report import Outcome
from tocsin.testing import LocalHub, VirtualClock
from tocsin.v1 import blocklist_service_pb2 as pb
from tocsin_hub.domain import decide_orders
from tocsin_hub.service import block_changes
from tocsin_hub.service.block_changes import BlockChanges, Frame

DAYS = 86_400.0


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Blocklist]:
    with Blocklist(tmp_path / "copy.db") as made:
        yield made


def names_of(copy: Blocklist) -> list[str]:
    return [one.name for one in copy.names()]


async def test_a_new_copy_takes_what_holds_and_then_only_what_changed(hub: LocalHub, copy: Blocklist) -> None:
    async with (
        Hand(hub, POLICE) as police,
        Hand(hub, CARRIER) as told,
        hub.participant(CARRIER, receive=False) as carrier,
    ):
        holds = police.block("a.example", "b.example")
        released, refused = police.block("released.example"), police.block("refused.example")
        for order in (
            holds, released, refused, police.block("drill.example", exercise=True), police.stop(1), police.release(released),
            police.unblock(holds, "b.example"), police.block("other.example", recipient=OTHER_CARRIER),
        ):  # fmt: skip
            await police.accepted(order)
        await told.accepted(told.report(refused, Outcome.REFUSED_LEGAL))
        assert await copy.refresh(carrier) == 3  # the block, its withdrawal, the drill
        assert names_of(copy) == ["a.example"]
        assert await copy.refresh(carrier) == 0
        more = police.block("c.example", "d.example")
        await police.accepted(more)
        await police.accepted(police.unblock(more, "c.example"))
        assert await copy.refresh(carrier) == 2
        assert names_of(copy) == ["a.example", "d.example"]
        await police.accepted(police.release(holds))
        await police.accepted(police.release(released))
        assert await copy.refresh(carrier) == 2
        assert names_of(copy) == ["d.example"]


async def test_a_copy_that_only_asks_lets_go_at_the_legal_end(
    timed: LocalHub, clock: VirtualClock, tmp_path: Path
) -> None:
    async with Hand(timed, POLICE) as police, timed.participant(CARRIER, receive=False) as carrier:
        receipt = await police.accepted(police.block("a.example"))
        with Blocklist(tmp_path / "timed.db", clock) as copy:
            await copy.refresh(carrier)
            (held,) = copy.names()
            assert (held.ends_at.timestamp() * 1e6 - receipt.sequencing.accepted_us) / 1e6 == pytest.approx(90 * DAYS)
            await clock.advance(90 * DAYS)
            assert not copy.is_blocked("a.example")


async def test_handlers_and_questions_may_feed_one_copy_and_the_handlers_end_stands(
    hub: LocalHub, copy: Blocklist
) -> None:
    carrier = hub.participant(CARRIER)
    copy.serve(carrier)
    async with carrier, hub.participant(POLICE) as police:
        job = await police.block_domains(["a.example", "b.example"], region="420100", contact="desk 4")
        (ours,) = [order for order in job.orders if order.recipient == CARRIER]
        answer = await ours.outcome(WAIT)
        assert isinstance(answer, Executed)
        await police.unblock_domains(["b.example"])
        assert await copy.refresh(carrier) >= 1
        (held,) = [one for one in copy.names() if one.name == "a.example"]
        assert held.ends_at == answer.expires_at


async def test_a_stream_that_is_cut_is_gone_on_with(
    hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Hand(hub, POLICE) as police, hub.participant(CARRIER, receive=False) as carrier:
        for n in range(20):
            await police.accepted(police.block(f"shop-{n:02}.example"))
        whole = BlockChanges.after

        async def cut(self: BlockChanges, after_index: int, *, caller: str) -> AsyncIterator[Frame]:
            async for frame in whole(self, after_index, caller=caller):
                yield frame
                raise OSError("the line is cut")

        with monkeypatch.context() as patched:
            patched.setattr(BlockChanges, "after", cut)
            with pytest.raises(Unavailable):
                await copy.refresh(carrier)
        assert len(copy) == 16
        assert await copy.refresh(carrier) == 4
        assert len(copy) == 20


async def test_pages_of_orders_and_frames_of_messages_lose_and_double_nothing(
    hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_changes, "PAGE", 5)
    async with Hand(hub, POLICE) as police, hub.participant(CARRIER, receive=False) as carrier:
        for n in range(23):
            await police.accepted(police.block(f"shop-{n:02}.example"))
        connection = HubConnection(hub.identity(CARRIER))
        frames = [frame async for frame in connection.blocklists.ListChanges(pb.ListChangesRequest())]
        await connection.aclose()
        assert [len(frame.messages) for frame in frames] == [16, 7]
        indexes = [one.sequencing.log_index for frame in frames for one in frame.messages]
        assert indexes == sorted(set(indexes))
        assert frames[-1].through_index == hub.serving.hub.sequencer.frontier.size - 1
        assert await copy.refresh(carrier) == 23
        assert len(copy) == 23


async def test_what_is_no_carriers_is_refused_before_anything_is_read_and_nothing_changes(hub: LocalHub) -> None:
    before = await standing(hub)
    for party, after, refusal, reason in (
        (BANK, 0, NotPermitted, Reason.POLICY_DENIED),
        (POLICE, 0, NotPermitted, Reason.POLICY_DENIED),
        (CARRIER, 2**62, Malformed, Reason.FIELD_INVALID),
    ):
        async with Hand(hub, party) as asking:
            call = asking.connection.blocklists.ListChanges(pb.ListChangesRequest(after_index=after))
            with pytest.raises(refusal) as refused:
                await calling(call.read())
            assert refused.value.reason is reason
    assert await standing(hub) == before


async def test_a_party_has_a_few_streams_at_a_time_and_may_come_again(hub: LocalHub) -> None:
    changes = hub.serving.hub.block_changes
    open_ones = [changes.after(0, caller=CARRIER) for _ in range(block_changes.MAX_STREAMS)]
    for one in open_ones:
        await anext(one)
    with pytest.raises(QuotaExceeded) as refused:
        await anext(changes.after(0, caller=CARRIER))
    assert refused.value.retry_after_ms
    assert await anext(changes.after(0, caller=OTHER_CARRIER))
    await open_ones[0].aclose()
    assert await anext(changes.after(0, caller=CARRIER))


async def test_a_carrier_of_no_region_with_orders_has_an_empty_copy(hub: LocalHub, copy: Blocklist) -> None:
    async with Hand(hub, POLICE) as police, hub.participant(FAR_CARRIER, receive=False) as carrier:
        await police.accepted(police.block("a.example"))
        assert await copy.refresh(carrier) == 0
        assert names_of(copy) == []


async def test_a_plain_program_refreshes_its_copy_too(hub: LocalHub, copy: Blocklist) -> None:
    async with Hand(hub, POLICE) as police:
        await police.accepted(police.block("a.example"))

    def program() -> int:
        with sync.Participant(hub.participant(CARRIER, receive=False)) as carrier:
            return carrier.refresh(copy)

    assert await asyncio.to_thread(program) == 1
    assert names_of(copy) == ["a.example"]


# -- a hub that lies --------------------------------------------------------------------------------------------------------


async def refused_answer(hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch, change: Any) -> BusError:
    """Why a copy with a.example refuses the hub's next answer, changed by ``change``."""
    async with Hand(hub, POLICE) as police, hub.participant(CARRIER, receive=False) as carrier:
        await police.accepted(police.block("a.example"))
        await copy.refresh(carrier)
        for name in ("b.example", "c.example"):
            await police.accepted(police.block(name))
        await police.accepted(police.block("other.example", recipient=OTHER_CARRIER))
        honest = BlockChanges.after

        async def lie(self: BlockChanges, after_index: int, *, caller: str) -> AsyncIterator[Frame]:
            frames = [frame async for frame in honest(self, after_index, caller=caller)]
            others = [frame async for frame in honest(self, after_index, caller=OTHER_CARRIER)]
            yield change(frames[-1], others[-1])

        monkeypatch.setattr(BlockChanges, "after", lie)
        with pytest.raises(BusError) as refused:
            await copy.refresh(carrier)
    assert names_of(copy) == ["a.example"]
    return refused.value


def _swapped(frame: Frame, _: Frame) -> Frame:
    return Frame(messages=frame.messages[::-1], through_index=frame.through_index)


def _doubled(frame: Frame, _: Frame) -> Frame:
    return Frame(messages=[frame.messages[0], *frame.messages], through_index=frame.through_index)


def _beyond(frame: Frame, _: Frame) -> Frame:
    return Frame(messages=frame.messages, through_index=frame.messages[0].sequencing.log_index)


def _behind(frame: Frame, _: Frame) -> Frame:
    return Frame(messages=[], through_index=1)


def _anothers(frame: Frame, other: Frame) -> Frame:
    return Frame(messages=other.messages, through_index=frame.through_index)


def _altered(frame: Frame, _: Frame) -> Frame:
    first = frame.messages[0]
    changed = first._replace(envelope=first.envelope.replace(b"b.example", b"d.example"))
    assert changed != first
    return Frame(messages=[changed], through_index=frame.through_index)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_swapped, Reason.PROOF_INVALID), (_doubled, Reason.PROOF_INVALID), (_beyond, Reason.PROOF_INVALID),
        (_behind, Reason.PROOF_INVALID), (_anothers, Reason.NOT_ADDRESSEE), (_altered, Reason.SIGNATURE_INVALID),
    ],
)  # fmt: skip
async def test_an_answer_that_does_not_hold_is_refused_as_a_whole(
    hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch, change: Any, reason: Reason
) -> None:
    failure = await refused_answer(hub, copy, monkeypatch, change)
    assert failure.reason is reason
    assert isinstance(failure, SignatureInvalid | NotPermitted)


@pytest.mark.parametrize("what", ["unblock", "release"])
async def test_a_stranger_lets_go_of_nothing_though_the_hub_lets_it_through(
    hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(decide_orders, "check_relation", lambda *_, **__: None)
    async with (
        Hand(hub, POLICE) as police,
        Hand(hub, OTHER_POLICE) as stranger,
        hub.participant(CARRIER, receive=False) as c,
    ):
        block = police.block("a.example")
        await police.accepted(block)
        await copy.refresh(c)
        follower: Message = stranger.unblock(block, "a.example") if what == "unblock" else stranger.release(block)
        await stranger.accepted(follower)
        with pytest.raises(NotPermitted) as refused:
            await copy.refresh(c)
        assert refused.value.reason is Reason.NOT_ORIGIN
        assert names_of(copy) == ["a.example"]


async def test_what_the_law_forbids_is_carried_out_by_no_carrier_though_the_hub_lets_it_through(
    hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch
) -> None:
    lawful = BlockDomains.check_law
    calls: list[str] = []
    carrier = hub.participant(CARRIER)
    copy.serve(carrier, changed=lambda: calls.append("changed"))
    async with Hand(hub, POLICE) as police:
        with monkeypatch.context() as patched:
            patched.setattr(BlockDomains, "check_law", lambda *_: None)
            order = police.block("login.alipay.com")
            await police.accepted(order)
        assert BlockDomains.check_law is lawful
        async with carrier, hub.participant(POLICE) as asking:
            await until(lambda: asking.waiters.result(order.header.message_id) is not None)
            answer = asking.waiters.result(order.header.message_id)
            assert getattr(answer, "outcome", None) is Outcome.REFUSED_LEGAL
            assert await copy.refresh(carrier) == 0
    assert (calls, names_of(copy)) == ([], [])


async def test_a_copy_takes_no_drill_no_forbidden_and_no_public_name(
    hub: LocalHub, copy: Blocklist, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Hand(hub, POLICE) as police, hub.participant(CARRIER, receive=False) as carrier:
        with monkeypatch.context() as patched:
            patched.setattr(BlockDomains, "check_law", lambda *_: None)
            patched.setattr(domains, "is_public", lambda name: False)
            for order in (police.block("login.alipay.com"), police.block("evil.github.io", "github.io")):
                await police.accepted(order)
        await police.accepted(police.block("drill.example", exercise=True))
        assert await copy.refresh(carrier) == 3
        assert names_of(copy) == ["evil.github.io"]


async def test_nobody_orders_what_the_law_forbids_by_the_sdk(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police:
        before = await standing(hub)
        with pytest.raises(BusError) as refused:
            await police.order(
                "block-domains", recipient=CARRIER, region="420100", domains=("login.alipay.com",), contact="desk 4"
            )
        assert refused.value.reason is Reason.DOMAIN_PROTECTED
        assert await police.store.measures_of_kind("block-domains", POLICE) == []
        assert await standing(hub) == before
