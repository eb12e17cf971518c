"""Blocks of domains through hub and SDK: who gets them, what is applied and let go of, what is refused with nothing changed."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.kit import (
    BANK,
    CARRIER,
    FAR_CARRIER,
    HOUR,
    OTHER_CARRIER,
    OTHER_POLICE,
    POLICE,
    WAIT,
    Hand,
    standing,
    until,
)
from tocsin import BlockDomains, Executed, Lapsed, Outcome, Participant, Refused, Release, UnblockDomains
from tocsin.core import domains
from tocsin.core.errors import BusError, NotRoutable, Reason
from tocsin.core.message import Message
from tocsin.testing import LocalHub, VirtualClock
from tocsin.testing.hub import PASSPHRASE
from tocsin.wire.sequencing import Receipt, encode_receipt
from tocsin_hub.config import HubPaths
from tocsin_hub.replay import replay_and_compare

REGION = "420100"
DAYS = 24 * HOUR


def blocking(carrier: Participant, held: dict[str, str], *, exempt: frozenset[str] = frozenset()) -> None:
    """A carrier that keeps what it blocks in ``held``, name → thread."""

    @carrier.on(BlockDomains)
    async def block(order: BlockDomains) -> Executed:
        held.update({name: order.thread_id for name in order.domains if name not in exempt})
        return Executed(not_applied={name: Outcome.EXEMPT for name in order.domains if name in exempt})

    @carrier.on(UnblockDomains)
    async def unblock(order: UnblockDomains) -> Executed:
        for name in order.domains:
            held.pop(name, None)
        return Executed()

    @carrier.on(Release)
    async def release(order: Release) -> Executed:
        _forget(held, order.thread_id)
        return Executed()

    @carrier.on(Lapsed)
    async def lapsed(event: Lapsed) -> None:
        _forget(held, event.thread_id)


def _forget(held: dict[str, str], thread: str) -> None:
    for name in [name for name, of in held.items() if of == thread]:
        del held[name]


def names(count: int, first: int = 0) -> list[str]:
    return [f"shop-{n:05}.example" for n in range(first, first + count)]


async def test_a_list_reaches_every_carrier_of_the_region_and_each_answers_per_item(hub: LocalHub) -> None:
    one, other = hub.participant(CARRIER), hub.participant(OTHER_CARRIER)
    here: dict[str, str] = {}
    there: dict[str, str] = {}
    blocking(one, here)
    blocking(other, there, exempt=frozenset({"shop-00007.example"}))
    told: list[tuple[int, int]] = []
    async with one, other, hub.participant(POLICE) as police:
        job = await police.block_domains(
            names(1_500), region=REGION, contact="desk 4", progress=lambda done, of: told.append((done, of))
        )
        assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
        assert {order.recipient for order in job.orders} == {CARRIER, OTHER_CARRIER}
        answers = {}
        for order, answer in await job.outcomes(WAIT):
            assert isinstance(answer, Executed), answer
            answers.setdefault(order.recipient, {}).update(answer.not_applied)
        assert answers == {CARRIER: {}, OTHER_CARRIER: {"shop-00007.example": Outcome.EXEMPT}}
        assert len(here) == 1_500
        assert len(there) == 1_499
        again = await police.block_domains(names(1_501), region=REGION, contact="desk 4")
        assert again.standing == 1_500
        assert [order.message.items for order in again.orders] == [("shop-01500.example",)] * 2
        let_go = await police.unblock_domains(["shop-00003.example", "Shop-01500.example", "other.example"])
        assert {type(failure).__name__ for failure in let_go.refused.values()} == {"NotFound"}
        assert list(let_go.refused) == [3]
        for _, answer in await let_go.outcomes(WAIT):
            assert isinstance(answer, Executed)
        assert "shop-00003.example" not in here
        assert "shop-01500.example" not in there
        assert len(here) == 1_499


async def test_a_job_that_was_cut_off_goes_on_where_it_was(hub: LocalHub) -> None:
    class Cut(Exception):
        pass

    def cut(done: int, of: int) -> None:
        if done == 2:
            raise Cut

    async with hub.participant(POLICE) as police:
        with pytest.raises(Cut):
            await police.block_domains(names(2_000), region=REGION, contact="desk 4", progress=cut)
    async with hub.participant(POLICE) as police:
        job = await police.block_domains(names(2_000), region=REGION, contact="desk 4")
        assert len(job.orders) == 2
        made = await police.store.measures_of_kind("block-domains", POLICE)
        assert sorted(row.recipient for row in made) == [CARRIER, CARRIER, OTHER_CARRIER, OTHER_CARRIER]


async def test_an_entry_that_cannot_be_blocked_costs_only_itself(hub: LocalHub) -> None:
    held: dict[str, str] = {}
    carrier = hub.participant(FAR_CARRIER)
    blocking(carrier, held)
    listed = ["com.cn", "192.0.2.1", "evil.github.io", "github.io", "login.alipay.com", "shop.example", "аpple.example"]
    async with carrier, hub.participant(POLICE) as police:
        job = await police.block_domains([*listed, "SHOP.example"], region="440300", contact="desk 4")
        reasons = {place: failure.reason for place, failure in job.refused.items()}
        assert reasons == {
            1: Reason.DOMAIN_PUBLIC, 2: Reason.DOMAIN_INVALID, 4: Reason.DOMAIN_PUBLIC, 5: Reason.DOMAIN_PROTECTED,
            7: Reason.DOMAIN_INVALID,
        }  # fmt: skip
        (ours,) = [order for order in job.orders if order.recipient == FAR_CARRIER]
        assert isinstance(await ours.outcome(WAIT), Executed)
        assert sorted(held) == ["evil.github.io", "shop.example"]
        with pytest.raises(NotRoutable):
            await police.block_domains(["shop.example"], region="SG", contact="desk 4")


async def test_a_block_ends_by_itself_and_a_release_ends_all_of_it(timed: LocalHub, clock: VirtualClock) -> None:
    held: dict[str, str] = {}
    carrier = timed.participant(CARRIER)
    blocking(carrier, held)
    async with carrier, timed.participant(POLICE) as police:
        orders = [
            await police.order("block-domains", recipient=CARRIER, region=REGION, domains=(name,), contact="desk 4")
            for name in ("long.example", "short.example")
        ]
        for order in orders:
            answer = await order.outcome(WAIT)
            assert isinstance(answer, Executed)
            assert answer.applied_at is not None
            assert answer.expires_at is not None
            assert (answer.expires_at - answer.applied_at).total_seconds() == 90 * DAYS
        assert isinstance(await (await police.release(orders[1])).outcome(WAIT), Executed)
        assert list(held) == ["long.example"]
        await clock.advance(90 * DAYS + 10)
        assert held == {}
        row = await police.store.get_measure(orders[0].message.header.root_id)
        assert row is not None
        assert row.state.value == "lapsed"


async def test_a_withdrawal_is_carried_out_however_late_it_comes(timed: LocalHub, clock: VirtualClock) -> None:
    held: dict[str, str] = {}
    async with timed.participant(POLICE) as police:
        carrier = timed.participant(CARRIER)
        blocking(carrier, held)
        async with carrier:
            order = await police.order(
                "block-domains", recipient=CARRIER, region=REGION, domains=("a.example", "b.example"), contact="desk 4"
            )
            assert isinstance(await order.outcome(WAIT), Executed)
        let_go = await police.unblock_domains(["a.example"])
        await let_go.orders[0].accepted(WAIT)
        await clock.advance(10 * DAYS)
        carrier = timed.participant(CARRIER)
        blocking(carrier, held)
        async with carrier:
            await until(lambda: "a.example" not in held)
        assert list(held) == ["b.example"]


REFUSED: dict[str, tuple[Callable[[Hand], Message], Reason]] = {
    "a public suffix": (lambda hand: hand.block("com.cn", "shop.example"), Reason.DOMAIN_PUBLIC),
    "a shared host": (lambda hand: hand.block("github.io"), Reason.DOMAIN_PUBLIC),
    "a protected domain": (lambda hand: hand.block("login.alipay.com"), Reason.DOMAIN_PROTECTED),
    "what is above a protected domain": (lambda hand: hand.block("qq.com"), Reason.DOMAIN_PROTECTED),
    "a carrier of another region": (lambda hand: hand.block("shop.example", recipient=FAR_CARRIER), Reason.ROUTE_DIFFERS),
    "a bank": (lambda hand: hand.block("shop.example", recipient=BANK), Reason.POLICY_DENIED),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_must_not_be_blocked_is_refused_by_the_hub_and_nothing_changes(hub: LocalHub, case: str) -> None:
    make, reason = REFUSED[case]
    async with Hand(hub, POLICE) as police:
        before = await standing(hub)
        answer = await police.offer(police.seal(make(police)))
        assert isinstance(answer, BusError), answer
        assert answer.reason is reason
        assert await standing(hub) == before
        assert answer.text("zh") != answer.text("en")


WIRE: dict[str, tuple[Callable[[Any], None], Reason]] = {
    "1,001 domains": (lambda p: p.domains.extend(f"zz-{n:05}.example" for n in range(1_000)), Reason.FIELD_INVALID),
    "one twice": (lambda p: p.domains.append("shop.example"), Reason.FIELD_INVALID),
    "unsorted": (lambda p: p.domains.append("a.example"), Reason.FIELD_INVALID),
    "an IP address": (lambda p: p.domains.append("z.192.0.2.1"), Reason.DOMAIN_INVALID),
    "a U-label": (lambda p: p.domains.append("中国.example"), Reason.DOMAIN_INVALID),
    "upper case": (lambda p: p.domains.append("zShop.example"), Reason.DOMAIN_INVALID),
    "no domain": (lambda p: p.ClearField("domains"), Reason.FIELD_MISSING),
    "no region": (lambda p: p.ClearField("region"), Reason.FIELD_MISSING),
    "a region nobody has": (lambda p: setattr(p, "region", "Hubei"), Reason.FIELD_INVALID),
}


@pytest.mark.parametrize("case", WIRE)
async def test_a_list_that_is_not_in_its_form_is_refused_and_nothing_changes(hub: LocalHub, case: str) -> None:
    change, reason = WIRE[case]
    async with Hand(hub, POLICE) as police:
        before = await standing(hub)
        answer = await police.offer(police.altered(police.block("shop.example"), change))
        assert isinstance(answer, BusError), answer
        assert answer.reason is reason
        assert await standing(hub) == before


async def test_a_longer_list_of_public_suffixes_changes_neither_a_retry_nor_a_replay(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Hand(hub, POLICE) as police:
        envelope = police.seal(police.block("shop.example"))
        receipt = await police.offer(envelope)
        assert isinstance(receipt, Receipt)
        monkeypatch.setattr(domains, "is_public", lambda name: name == "shop.example")
        again = await police.offer(envelope)
        assert isinstance(again, Receipt)
        assert encode_receipt(again) == encode_receipt(receipt)
        refused = await police.offer(police.seal(police.block("shop.example")))
        assert isinstance(refused, BusError)
        assert refused.reason is Reason.DOMAIN_PUBLIC
    await hub.stop()
    replayed = await replay_and_compare(HubPaths(hub.path / "hub"), PASSPHRASE, lambda done, of: None)
    assert replayed.differences == []


async def test_nobody_lets_go_of_another_partys_block(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, OTHER_POLICE) as other, Hand(hub, CARRIER) as carrier:
        block = police.block("shop.example")
        await police.accepted(block)
        before = await standing(hub)
        answer = await other.offer(other.seal(other.unblock(block, "shop.example")))
        assert isinstance(answer, BusError)
        assert answer.reason is Reason.NOT_ORIGIN
        assert await standing(hub) == before
        await carrier.accepted(carrier.report(block, Outcome.REFUSED_LEGAL))
        await police.accepted(police.unblock(block, "shop.example"))  # asked in every state


async def test_an_answer_that_names_what_was_not_ordered_is_none(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[bool] = []
    carrier = timed.participant(CARRIER)

    @carrier.on(BlockDomains)
    async def block(order: BlockDomains) -> Executed | Refused:
        calls.append(order.repeat)
        return Executed(not_applied={"other.example": "exempt"}) if len(calls) == 1 else Refused("unsupported")

    async with carrier, timed.participant(POLICE) as police:
        order = await police.order("block-domains", recipient=CARRIER, region=REGION, domains=("a.example",), contact="x")
        await order.accepted(WAIT)
        await until(lambda: calls)
        await clock.advance(30)
        assert calls == [False, True]
        assert isinstance(await order.outcome(WAIT), Refused)
