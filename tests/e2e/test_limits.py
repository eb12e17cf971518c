"""Quotas, full mailboxes and oversize frames: who is over the limit is told when to come back, and nobody else is touched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kit import BANK, OTHER_POLICE, POLICE, WAIT, Hand, executing, ordered, standing, until
from tocsin.client.rows import OutboxState, Outgoing
from tocsin.core.errors import Malformed, QuotaExceeded, Reason
from tocsin.core.message import MAX_FRAME_BYTES, Lane
from tocsin.testing import LocalHub, VirtualClock
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.sequencing import Receipt, encode_receipt


@asynccontextmanager
async def limited(path: Path, clock: VirtualClock | None = None, **settings: Any) -> AsyncIterator[LocalHub]:
    async with LocalHub(path, clock=clock, **settings) as hub:
        yield hub


async def test_a_sender_over_its_quota_is_told_when_to_come_back_and_others_go_on(path: Path, clock: VirtualClock) -> None:
    async with (
        limited(path, clock, rate_per_s=2.0, burst=3) as hub,
        Hand(hub, POLICE) as police,
        Hand(hub, OTHER_POLICE) as other,
        Hand(hub, BANK) as bank,
    ):
        stops = [police.stop(n) for n in range(4)]
        envelopes = [police.seal(one) for one in stops]
        *good, over = await police.publish(envelopes)
        assert all(isinstance(one, Receipt) for one in good)
        assert isinstance(over, QuotaExceeded)
        assert (over.reason, over.retryable) == (Reason.QUOTA_EXCEEDED, True)
        assert over.retry_after_ms is not None
        assert 0 < over.retry_after_ms <= 500
        before = await standing(hub)
        for envelope, receipt in zip(envelopes, good, strict=False):  # what is known costs nothing, however often
            for _ in range(3):
                again = await police.offer(envelope)
                assert isinstance(again, Receipt)
                assert isinstance(receipt, Receipt)
                assert encode_receipt(again) == encode_receipt(receipt)
        assert isinstance(await police.offer(envelopes[3]), QuotaExceeded)
        assert await standing(hub) == before
        await bank.accepted(bank.report(stops[0]))
        await police.accepted(police.release(stops[0]))  # a release is never limited
        await other.accepted(other.stop(9))
        await clock.advance(over.retry_after_ms / 1000)
        assert isinstance(await police.offer(envelopes[3]), Receipt)


async def test_the_sdk_waits_out_a_quota_and_loses_nothing(path: Path) -> None:
    async with limited(path, rate_per_s=50.0, burst=5) as hub:
        bank = hub.participant(BANK)
        executing(bank)
        async with bank, hub.participant(POLICE) as police:
            orders = [await ordered(police, n) for n in range(25)]
            receipts = [await one.accepted(WAIT) for one in orders]
            indexes = [one.sequencing.log_index for one in receipts]
            assert len(set(indexes)) == 25
            assert (await police.store.outbox_counts())[OutboxState.REFUSED] == 0


async def test_a_full_mailbox_refuses_routine_orders_and_takes_urgent_ones(path: Path) -> None:
    async with limited(path, mailbox_limit=5) as hub, Hand(hub, POLICE) as police:
        for n in range(5):
            await police.accepted(police.stop(n, lane=Lane.ROUTINE))
        before = await standing(hub)
        refused = await police.offer(police.seal(police.stop(6, lane=Lane.ROUTINE)))
        assert isinstance(refused, QuotaExceeded)
        assert (refused.reason, refused.facts["party"]) == (Reason.MAILBOX_FULL, BANK)
        assert refused.retry_after_ms
        assert await standing(hub) == before
        for n in range(7, 27):
            await police.accepted(police.stop(n))
        bank = hub.participant(BANK)
        executing(bank)
        async with bank:
            await until(lambda: hub.serving.hub.post_office.backlog(_routine()) == 0)
            assert isinstance(await police.offer(police.seal(police.stop(30, lane=Lane.ROUTINE))), Receipt)


def _routine() -> Any:
    from tocsin_hub.domain.rows import MailboxKey

    return MailboxKey(BANK, Lane.ROUTINE.value)


async def test_a_frame_above_8_mib_ends_the_call_and_the_connection_goes_on(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        before = await standing(hub)
        for size in (MAX_FRAME_BYTES + 1, MAX_FRAME_BYTES + 2 * 1024 * 1024):
            with pytest.raises(Malformed) as refused:
                await police.publish([b"\0" * size])
            assert refused.value.reason is Reason.FRAME_TOO_LARGE
            assert refused.value.facts["limit"]
            assert "?" not in refused.value.text("zh") + refused.value.text("en")
        assert await standing(hub) == before
        assert isinstance(await police.offer(police.seal(police.stop(1))), Receipt)
        assert pb.PublishRequest(envelopes=[b"\0" * (MAX_FRAME_BYTES - 16)]).ByteSize() <= MAX_FRAME_BYTES
        (inside,) = await police.publish([b"\0" * (MAX_FRAME_BYTES - 16)])
        assert isinstance(inside, Malformed)
        assert inside.reason is Reason.ENVELOPE_TOO_LARGE


@pytest.mark.parametrize("size", [MAX_FRAME_BYTES + 1, MAX_FRAME_BYTES + 2 * 1024 * 1024])
async def test_the_sdk_parks_a_message_the_transport_refuses_and_sends_the_rest(hub: LocalHub, size: int) -> None:
    async with hub.participant(POLICE) as police, Hand(hub, POLICE) as hand:
        await (await ordered(police, 1)).accepted(WAIT)
        header = hand.stop(2).header
        huge = Outgoing(
            message_id=header.message_id, lane=Lane.URGENT, root_id=header.message_id, kind="stop-payment", recipient=BANK,
            envelope=b"\0" * size, now_us=hub.now_us(),
        )  # fmt: skip
        await police.link.enqueue(huge, None)
        after = await ordered(police, 3)
        await after.accepted(WAIT)
        row = await police.store.get_outbox(header.message_id)
        assert row is not None
        assert (row.state, row.reason) == (OutboxState.PARKED, Reason.FRAME_TOO_LARGE)
        assert row.facts["limit"]


async def test_a_routine_frame_is_committed_in_one_batch_or_as_few_as_its_deciding_takes(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        envelopes = [police.seal(police.stop(n, lane=Lane.ROUTINE)) for n in range(64)]
        answers = await police.publish(envelopes)
        assert all(isinstance(one, Receipt) for one in answers)
        checkpoints = {one.checkpoint for one in answers if isinstance(one, Receipt)}
        assert len(checkpoints) <= 3  # a batch closes after 5 ms of deciding; slices of the frame would make eight
