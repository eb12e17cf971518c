"""Watchlists from end to end: the owner's lists, the checker's questions, hits and their answers, rotation."""

import asyncio
from datetime import timedelta

import pytest

from tests.e2e.kit import CUSTOMS, OTHER_CUSTOMS, POLICE, WAIT, standing
from tests.e2e.watch import DESK, LIST, WHY, checked, filled, known, listed, opened, passport
from tocsin import Pending, WatchAnswer, WatchHit
from tocsin.core.errors import Malformed, NotPermitted, Reason, WrongState
from tocsin.core.orders.watch_answer import WatchInstruction
from tocsin.core.watch import WatchAction
from tocsin.testing import LocalHub
from tocsin.watching import Clear, Hit, RowError


async def test_a_traveller_on_the_list_is_a_hit_whose_owner_answers(hub: LocalHub) -> None:
    police = hub.participant(POLICE)
    told: list[WatchHit] = []

    @police.on(WatchHit)
    async def hit(one: WatchHit) -> WatchAnswer:
        told.append(one)
        entry = await police.watchlists.entry(one.list_id, one.entry_no)
        assert entry is not None
        return WatchAnswer("hold", note=f"we come for {entry.details}", contact="027-2222")

    async with police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, [1, 2, 3])
        await known(customs)
        result = await checked(customs, 9, 2, 8)
        assert [type(row) for row in result.rows] == [Clear, Hit, Clear]
        (one,) = result.hits
        assert (one.position, one.action, one.owner, one.contact) == (1, WatchAction.HOLD, POLICE, DESK)
        assert (one.details, one.entry_no) == ("invented traveller 2", 2)
        answer = await one.answer(WAIT)
        assert isinstance(answer, WatchAnswer)
        assert (answer.instruction, answer.note) == (WatchInstruction.HOLD, "we come for invented traveller 2")
        assert answer.contact == "027-2222"
    assert (told[0].place, told[0].officer) == (WHY["place"], WHY["officer"])


async def test_wrong_rows_and_repeats_are_named_and_the_rest_is_checked(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, [1])
        await known(customs)
        result = await customs.check([passport(1), "passport?", passport(2), passport(1)], **WHY)
        assert [type(row) for row in result.rows] == [Hit, RowError, Clear, RowError]
        assert [row.error.reason for row in result.errors] == [Reason.IDENTIFIER_INVALID, Reason.ITEM_REPEATED]
        nothing = await customs.check(["passport?"], **WHY)
        assert (nothing.log_index, len(nothing.errors)) == (-1, 1)


async def test_more_than_a_thousand_at_once_are_refused_before_anything_is_sent(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, [1])
        await known(customs)
        before = await standing(hub)
        with pytest.raises(Malformed) as refused:
            await checked(customs, *range(1001))
        assert refused.value.reason is Reason.TOO_MANY_ITEMS
        assert await standing(hub) == before
        assert len((await checked(customs, *range(1000))).hits) == 1


async def test_a_party_that_is_not_named_is_refused_by_name(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(OTHER_CUSTOMS) as stranger:
        await filled(hub, police, [1])
        with pytest.raises(NotPermitted) as refused:
            await checked(stranger, 1)
        assert refused.value.reason is Reason.NOT_CHECKER


async def test_a_list_still_being_published_says_so_instead_of_clear(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await opened(police)
        await police.watchlists.publish(LIST, [listed(hub, 1)], contact=DESK, complete=False)
        await known(customs)
        with pytest.raises(WrongState) as refused:
            await checked(customs, 1)
        assert refused.value.reason is Reason.LIST_NOT_READY
        await police.watchlists.publish(LIST, [listed(hub, 1)], contact=DESK)
        assert len((await checked(customs, 1)).hits) == 1


async def test_publishing_again_publishes_nothing_twice_and_corrections_are_seen(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        progress: list[int] = []
        await opened(police)
        entries = [listed(hub, n) for n in range(450)]
        lists = police.watchlists
        assert await lists.publish(LIST, entries, contact=DESK, progress=progress.append) == 450
        assert progress[-1] == 450
        assert await lists.publish(LIST, [*entries, listed(hub, 999)], contact=DESK) == 1
        await lists.correct(LIST, [listed(hub, 7, action="notify", details="found; return it")], contact="desk 9")
        await known(customs)
        (one,) = (await checked(customs, 7)).hits
        assert (one.action, one.details, one.contact, one.entry_no) == (WatchAction.NOTIFY, "found; return it", "desk 9", 8)
        (row,) = await lists.lists()
        assert (row.entries, row.withdrawn, row.complete, row.mine) == (451, 0, True, True)
        (seen,) = await customs.watchlists.lists()
        assert (seen.owner, seen.mine) == (POLICE, False)
        with pytest.raises(WrongState) as unknown:
            await lists.correct(LIST, [listed(hub, 5000)], contact=DESK)
        assert unknown.value.reason is Reason.ENTRY_UNKNOWN


async def test_what_is_withdrawn_matches_no_more_and_may_come_back(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, [1, 2])
        await known(customs)
        await police.watchlists.withdraw(LIST, [passport(1), 2], reason="found")
        assert (await checked(customs, 1, 2)).hits == []
        with pytest.raises(WrongState):
            await police.watchlists.withdraw(LIST, [passport(77)])
        assert await police.watchlists.publish(LIST, [listed(hub, 1)], contact=DESK) == 1
        assert [one.entry_no for one in (await checked(customs, 1)).hits] == [1]


async def test_a_hit_on_an_entry_withdrawn_a_moment_ago_is_answered_so_without_a_handler(hub: LocalHub) -> None:
    police, customs = hub.participant(POLICE), hub.participant(CUSTOMS)
    async with police:
        await filled(hub, police, [1])
        async with customs:
            await known(customs)
            result = await checked(customs, 1)
            (one,) = result.hits
            assert isinstance(await one.answer(0.2), Pending)  # no handler: it waits for a person
            await police.watchlists.answer(one.notice.id, WatchAnswer("let-go"))
            by_hand = await one.answer(WAIT)
            assert isinstance(by_hand, WatchAnswer)
            assert by_hand.instruction is WatchInstruction.LET_GO
            check = asyncio.create_task(checked(customs, 1))
            found = (await check).hits[0]
            await police.watchlists.withdraw(LIST, [1])
            again = await customs.compose(
                found.notice.message.KIND.name, recipients=[POLICE], lane=found.notice.message.header.lane,
                fields={name: getattr(found.notice.message, name)
                        for name in ("list_id", "epoch", "entry_no", "entry_hash", "check_id", "place", "officer", "met_us")},
            )  # fmt: skip
            from tocsin import SentOrder
            from tocsin.client.answering import outgoing

            await customs.link.enqueue(outgoing(*again, hub.now_us()), None)
            answer = await SentOrder(again[0], customs).outcome(WAIT)
            assert isinstance(answer, WatchAnswer)
            assert answer.instruction is WatchInstruction.WITHDRAWN


async def test_rotation_carries_everything_over_and_leaves_out_who_is_left_out(hub: LocalHub) -> None:
    async with (
        hub.participant(POLICE) as police,
        hub.participant(CUSTOMS) as customs,
        hub.participant(OTHER_CUSTOMS) as other,
    ):
        await filled(hub, police, range(250), checkers=(CUSTOMS, OTHER_CUSTOMS))
        await known(customs)
        await known(other)
        assert len((await checked(other, 1)).hits) == 1
        await police.watchlists.withdraw(LIST, [passport(5)])
        epoch = await police.watchlists.rotate(LIST, checkers=[CUSTOMS], valid=timedelta(days=30), contact=DESK)
        assert epoch == 2
        result = await checked(customs, 1, 5, 249)
        assert (result.epoch, [one.position for one in result.hits]) == (2, [0, 2])
        with pytest.raises(NotPermitted) as refused:
            await checked(other, 1)
        assert refused.value.reason is Reason.NOT_CHECKER


async def test_the_hub_comes_to_the_same_lists_by_replaying_its_log(hub: LocalHub) -> None:
    from tests.e2e.kit import PROJECTIONS
    from tocsin.testing.hub import PASSPHRASE
    from tocsin_hub.config import HubPaths
    from tocsin_hub.replay import TABLES, replay_and_compare

    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, range(20))
        await known(customs)
        await police.watchlists.withdraw(LIST, [passport(3)])
        (one,) = (await checked(customs, 4, 3)).hits
        await one.notice.accepted(WAIT)
    assert set(PROJECTIONS) == set(TABLES)
    rows = await hub.serving.hub.store.dump("watch-uses")
    assert rows[0][0] == CUSTOMS
    await hub.stop()
    replayed = await replay_and_compare(HubPaths(hub.path / "hub"), PASSPHRASE, lambda *_: None)
    assert replayed.differences == []
    await hub.start()
