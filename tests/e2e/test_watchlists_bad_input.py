"""Checks that must be refused, and hubs that must not be believed: a named reason, and nothing has changed."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.kit import CUSTOMS, OTHER_CUSTOMS, OTHER_POLICE, POLICE, WAIT, Hand, standing
from tests.e2e.watch import DESK, LIST, checked, filled, known, listed, opened, passport
from tocsin import Participant, Pending
from tocsin.client.channel import calling
from tocsin.client.rows import InboxState
from tocsin.core.errors import BusError, QuotaExceeded, Reason, SignatureInvalid, WrongState, error
from tocsin.core.message import LegalBasis, Thread
from tocsin.core.orders.watch_answer import WatchAnswered, WatchInstruction
from tocsin.core.orders.watch_check import WatchCheck
from tocsin.core.orders.watch_list import WatchList
from tocsin.core.orders.watch_publish import WatchPublish
from tocsin.core.orders.watch_withdraw import WatchWithdraw
from tocsin.core.subjects import subject
from tocsin.core.watch import ListStep, commitment
from tocsin.testing import LocalHub, VirtualClock
from tocsin.v1 import watchlist_service_pb2 as pb
from tocsin.wire.sequencing import receipt_from_proto
from tocsin_hub.domain import decide_lists
from tocsin_hub.service import check as check_service
from tocsin_hub.service.check import Met

SALT = bytes(32)
BASIS = LegalBasis(profile="cn", statute="customs law")
DAY_US = 24 * 3_600_000_000


class Asking(Hand):
    """A checker that makes its checks by hand."""

    def check(self, tokens: list[bytes], key_check: bytes, **more: Any) -> WatchCheck:
        """A signed statement about ``tokens``."""
        values: dict[str, Any] = {
            "list_id": LIST, "epoch": 1, "key_check": key_check, "count": len(tokens),
            "commitment": commitment(SALT, tokens), "purpose": "entry",
        }  # fmt: skip
        header = self.header(recipients=(), legal_basis=BASIS, contact="", remedy="", holder_notice=None)
        return WatchCheck(header=header, **(values | more))

    async def ask(self, message: WatchCheck, tokens: list[bytes], salt: bytes = SALT, start: int = 0) -> Any:
        """The hub's answer, or its refusal."""
        request = pb.CheckRequest(envelope=self.seal(message), salt=salt, tokens=tokens, from_position=start)
        try:
            return await calling(self.connection.watchlists.Check(request))
        except BusError as refusal:
            return refusal


async def keyed(customs: Participant, *numbers: int) -> tuple[bytes, list[bytes]]:
    """The check value of the list's key, and the tokens of these passports."""
    await known(customs)
    (row,) = await customs.store.watch_epochs(LIST)
    key = await customs.list_keys.key(customs.store, row)
    return key.check, [key.token(subject(passport(n))) for n in numbers]


async def test_whatever_is_wrong_with_a_check_is_refused_before_it_is_logged(hub: LocalHub) -> None:
    async with (
        hub.participant(POLICE) as police,
        hub.participant(CUSTOMS) as customs,
        Asking(hub, CUSTOMS) as hand,
        Asking(hub, OTHER_CUSTOMS) as stranger,
    ):
        await filled(hub, police, [1, 2])
        check, tokens = await keyed(customs, 1, 2)
        many = [os.urandom(32) for _ in range(1001)]
        before = await standing(hub)
        refused = {
            "another salt": (await hand.ask(hand.check(tokens, check), tokens, os.urandom(32)), Reason.COMMITMENT_DIFFERS),
            "another token": (await hand.ask(hand.check(tokens, check), [tokens[0], many[0]]), Reason.COMMITMENT_DIFFERS),
            "another number": (await hand.ask(hand.check(tokens, check, count=1), tokens), Reason.COMMITMENT_DIFFERS),
            "another order": (await hand.ask(hand.check(tokens, check), tokens[::-1]), Reason.COMMITMENT_DIFFERS),
            "a short salt": (await hand.ask(hand.check(tokens, check), tokens, b"salt"), Reason.FIELD_INVALID),
            "a short token": (await hand.ask(hand.check([b"t"], check), [b"t"]), Reason.FIELD_INVALID),
            "no token": (await hand.ask(hand.check(tokens, check), []), Reason.FIELD_MISSING),
            "1,001 tokens": (await hand.ask(hand.check(tokens, check), many), Reason.TOO_MANY_ITEMS),
            "a token twice": (await hand.ask(hand.check(tokens[:1] * 2, check), tokens[:1] * 2), Reason.ITEM_REPEATED),
            "a later epoch": (await hand.ask(hand.check(tokens, check, epoch=2), tokens), Reason.EPOCH_UNKNOWN),
            "another epoch's key": (await hand.ask(hand.check(tokens, bytes(16)), tokens), Reason.LIST_KEY_DIFFERS),
            "a stranger": (await stranger.ask(stranger.check(tokens, check), tokens), Reason.NOT_CHECKER),
            "another's name": (await stranger.ask(hand.check(tokens, check), tokens), Reason.SENDER_MISMATCH),
            "no such list": (await hand.ask(hand.check(tokens, check, list_id="none"), tokens), Reason.NOT_CHECKER),
        }
        for what, (refusal, reason) in refused.items():
            assert isinstance(refusal, BusError), what
            assert refusal.reason is reason, what
            assert "?" not in refusal.text("en") + refusal.text("zh"), what
        assert await standing(hub) == before
        no_check = await hand.ask(WatchWithdraw(header=hand.header(recipients=()), list_id=LIST, epoch=1, tokens=(tokens[0],)),  # type: ignore[arg-type]
                                  tokens[:1])  # fmt: skip
        assert no_check.reason is Reason.UNKNOWN_PAYLOAD_TYPE
        assert await standing(hub) == before


async def test_a_check_asked_again_is_answered_again_and_logged_and_counted_once(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs, Asking(hub, CUSTOMS) as hand:
        await filled(hub, police, [1, 2])
        check, tokens = await keyed(customs, 1, 2, 3)
        message = hand.check(tokens, check)
        first = await hand.ask(message, tokens)
        after = await standing(hub)
        again = await hand.ask(message, tokens, start=1)
        assert receipt_from_proto(again.receipt) == receipt_from_proto(first.receipt)
        assert ([h.position for h in first.hits], [h.position for h in again.hits]) == ([0, 1], [1])
        assert await standing(hub) == after
        await police.watchlists.open(LIST, checkers=[OTHER_CUSTOMS], valid=timedelta(days=9))
        left_out = await hand.ask(message, tokens)
        assert left_out.reason is Reason.NOT_CHECKER


async def test_an_answer_shows_of_a_token_nothing_but_its_hit(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs, Asking(hub, CUSTOMS) as hand:
        await filled(hub, police, [1])
        check, tokens = await keyed(customs, 1, 2)
        for asked, hits in ((tokens[:1], 1), (tokens[1:], 0)):
            answer = await hand.ask(hand.check(asked, check), asked)
            assert (len(answer.hits), len(answer.entries), answer.next_position) == (hits, hits, 0)


async def test_what_does_not_fit_one_answer_is_fetched_from_the_next_position(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_service, "MAX_PROOF_BYTES", 20_000)
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await opened(police)
        for number in range(6):
            entries = [listed(hub, 100 * number + n) for n in range(60)]
            await police.watchlists.publish(LIST, entries, contact=DESK)
        await known(customs)
        result = await checked(customs, *(100 * number for number in range(6)), 999)
        assert len(result.hits) == 6
    assert (await hub.serving.hub.store.dump("watch-uses"))[0][4] == 7


async def test_the_quota_holds_through_a_restart_and_says_when_to_come_back(path: Any) -> None:
    async with LocalHub(path, watch_tokens_per_minute=1000, watch_tokens_per_day=1500, clock=(clock := VirtualClock())) as hub:
        async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
            await filled(hub, police, [1])
            await known(customs)
            (met,) = (await checked(customs, *range(900))).hits
            await met.notice.accepted(WAIT)
            before = await standing(hub)
            with pytest.raises(QuotaExceeded) as spent:
                await checked(customs, *range(101))
            assert 0 < (spent.value.retry_after_ms or 0) <= 60_000
            assert await standing(hub) == before
        await hub.stop()
        await hub.start()
        async with hub.participant(CUSTOMS) as customs:
            with pytest.raises(QuotaExceeded):
                await checked(customs, *range(101))
            await clock.advance(61)
            await checked(customs, *range(600))
            with pytest.raises(QuotaExceeded) as day:
                await checked(customs, 1)
            assert (day.value.retry_after_ms or 0) > 60_000


async def test_an_expired_epoch_is_refused(timed: LocalHub, clock: VirtualClock) -> None:
    async with timed.participant(POLICE) as police, timed.participant(CUSTOMS) as customs:
        await filled(timed, police, [1], days=1)
        await known(customs)
        await clock.advance(25 * 3600)
        with pytest.raises(WrongState) as refused:
            await checked(customs, 1)
        assert refused.value.reason is Reason.EPOCH_OVER


async def test_an_entry_matches_no_more_from_its_end_on(timed: LocalHub, clock: VirtualClock) -> None:
    async with timed.participant(POLICE) as police, timed.participant(CUSTOMS) as customs:
        await opened(police)
        await police.watchlists.publish(LIST, [listed(timed, 1, days=1), listed(timed, 2, days=3)], contact=DESK)
        await known(customs)
        assert len((await checked(customs, 1, 2)).hits) == 2
        await clock.advance(25 * 3600)
        assert [one.entry_no for one in (await checked(customs, 1, 2)).hits] == [2]


async def test_a_stranger_neither_withdraws_nor_publishes_nor_opens_anothers_list(hub: LocalHub) -> None:
    async with (
        hub.participant(POLICE) as police,
        hub.participant(OTHER_POLICE) as other,
        hub.participant(CUSTOMS) as customs,
        Hand(hub, OTHER_POLICE) as hand,
    ):
        await filled(hub, police, [1])
        _, tokens = await keyed(customs, 1)
        before = await standing(hub)
        header = hand.header(recipients=(), legal_basis=BASIS)
        stolen = (
            WatchWithdraw(header=header, list_id=LIST, epoch=1, tokens=tuple(tokens)),
            WatchPublish(header=header, list_id=LIST, epoch=1, complete=True),
            WatchList(header=hand.header(CUSTOMS), list_id=LIST, epoch=2, key_check=bytes(16),
                      valid_until_us=hub.now_us() + DAY_US),
        )  # fmt: skip
        for message in stolen:
            refusal = await hand.offer(hand.seal(message))
            assert isinstance(refusal, BusError)
            assert refusal.reason is Reason.NOT_ORIGIN
        with pytest.raises(BusError) as unknown:
            await other.watchlists.withdraw(LIST, [passport(1)])
        assert unknown.value.reason is Reason.LIST_UNKNOWN
        assert await standing(hub) == before
        assert len((await checked(customs, 1)).hits) == 1


async def test_a_list_of_which_a_part_was_refused_is_never_called_complete(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = decide_lists._publish

    def refusing(message: Any, *rest: Any) -> Any:
        if message.entries and message.entries[0].entry_no == 101:
            raise error(Reason.ENTRY_EXISTS, field="entries[0]")
        return honest(message, *rest)

    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await opened(police)
        steps = dict(decide_lists._STEPS) | {ListStep.PUBLISH: refusing}
        monkeypatch.setattr(decide_lists, "_STEPS", steps)
        entries = [listed(hub, n) for n in range(450)]
        with pytest.raises(BusError) as refused:
            await police.watchlists.publish(LIST, entries, contact=DESK)
        assert refused.value.reason is Reason.ENTRY_EXISTS
        await known(customs)
        with pytest.raises(WrongState) as filling:
            await checked(customs, 1)
        assert filling.value.reason is Reason.LIST_NOT_READY
        monkeypatch.setattr(decide_lists, "_STEPS", steps | {ListStep.PUBLISH: honest})
        await police.watchlists.publish(LIST, entries, contact=DESK)
        assert len((await checked(customs, *range(450))).hits) == 450


# -- a hub that lies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", ["another entry", "another token", "no such message", "the same twice"])
async def test_a_hit_the_owner_did_not_sign_is_not_believed(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    honest = check_service.Checks._answer

    async def forged(self: Any, receipt: Any, *rest: Any) -> Any:
        told = await honest(self, receipt, *rest)
        hits = {
            "another entry": [Met(position=0, message=0, entry=1)],
            "another token": [Met(position=1, message=0, entry=0)],
            "no such message": [Met(position=0, message=7, entry=0)],
            "the same twice": [Met(position=0, message=0, entry=0)] * 2,
        }[lie]
        return replace(told, hits=hits)

    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, [1, 2])
        await known(customs)
        monkeypatch.setattr(check_service.Checks, "_answer", forged)
        with pytest.raises(SignatureInvalid) as refused:
            await checked(customs, 1, 9)
        assert refused.value.reason is Reason.PROOF_INVALID
        assert await customs.store.outbox_list() == []


async def test_a_list_of_a_stranger_under_a_known_name_is_not_taken_for_the_owners(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        hub.participant(POLICE) as police,
        hub.participant(CUSTOMS) as customs,
        hub.participant(OTHER_POLICE) as other,
    ):
        await filled(hub, police, [1])
        await known(customs)
        monkeypatch.setattr(decide_lists, "newest_epoch", lambda *_: None)  # the hub forgets whose it is
        await other.watchlists.open(LIST, checkers=[CUSTOMS], valid=timedelta(days=9))
        message_id = (await other.store.outbox_list())[0].message_id
        await _parked(customs, message_id, "NOT_ORIGIN")
        assert [row.owner for row in await customs.store.watch_epochs(LIST)] == [POLICE]


async def test_an_answer_by_somebody_we_did_not_tell_is_not_believed(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        hub.participant(POLICE) as police,
        hub.participant(CUSTOMS) as customs,
        Hand(hub, OTHER_POLICE) as hand,
    ):
        await filled(hub, police, [1])
        await known(customs)
        (one,) = (await checked(customs, 1)).hits
        await one.notice.accepted(WAIT)
        hit_id = one.notice.message.header.message_id
        monkeypatch.setattr(decide_lists, "check_relation", lambda *_, **__: None)
        header = hand.header(CUSTOMS, thread=Thread(root_id=hit_id, parent_id=hit_id), legal_basis=None)
        forged = WatchAnswered(header=header, instruction=WatchInstruction.LET_GO)
        await hand.accepted(forged)
        await _parked(customs, header.message_id, "NOT_ADDRESSEE")
        assert await one.answer(0) == Pending()
        await _given_up(hub)
    # The delivery that was given up ends nothing: no thread of orders waits on it.
    assert (await hub.serving.hub.store.dump("timers")) == []


async def _given_up(hub: LocalHub) -> None:
    async with asyncio.timeout(WAIT):
        while not await hub.serving.hub.store.dead_letters(CUSTOMS):
            await asyncio.sleep(0.01)


async def _parked(party: Participant, message_id: bytes, reason: str) -> None:
    async with asyncio.timeout(WAIT):
        while True:
            row = await party.store.get_inbox(message_id)
            if row is not None and row.state is InboxState.PARKED:
                assert row.park_reason == reason
                return
            await asyncio.sleep(0.01)


async def test_no_subject_and_no_name_is_in_the_hubs_files_or_logs(
    hub: LocalHub, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    planted = range(1_000)
    async with hub.participant(POLICE) as police, hub.participant(CUSTOMS) as customs:
        await filled(hub, police, planted)
        await known(customs)
        result = await checked(customs, *planted)
        assert len(result.hits) == 1_000
        await result.hits[-1].notice.accepted(WAIT)
    await hub.stop()
    needles = [f"XX{n:07}" for n in planted] + [f"invented traveller {n}" for n in planted] + ["officer 0042", "hall 2, desk 7"]
    files = [p for p in (hub.path / "hub").rglob("*") if p.is_file()]
    assert {"hub.db"} <= {p.name for p in files}
    logged = caplog.text + "".join(capfd.readouterr())
    for content in [p.read_bytes() for p in files] + [logged.encode()]:
        assert [needle for needle in needles if needle.encode() in content] == []
    await hub.start()
