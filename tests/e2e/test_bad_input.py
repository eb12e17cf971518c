"""Bad input, one row each: refused with its own reason in words, nothing changed, and its neighbours in the frame unharmed."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.kit import (
    BANK,
    CONTACT,
    HOUR_US,
    OTHER_BANK,
    OTHER_POLICE,
    POLICE,
    SECOND_US,
    UNSERVED_BIN,
    Hand,
    card,
    ordered,
    standing,
)
from tocsin.client.scribe import Author, Scribe
from tocsin.core.directory_messages import HolderKind, Purpose
from tocsin.core.errors import (
    BusError,
    IdReused,
    Malformed,
    NotPermitted,
    NotRoutable,
    Reason,
    RuleBroken,
    SignatureInvalid,
    WrongState,
)
from tocsin.core.identifiers import new_message_id
from tocsin.core.message import MAX_ENVELOPE_BYTES, Thread
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.testing import LocalHub
from tocsin.v1.envelope_pb2 import Envelope
from tocsin.wire.errors import STATUS_OF
from tocsin.wire.sequencing import Receipt, encode_receipt

STRANGER = Ed25519Signer(b"\x07" * 32)


@dataclass(frozen=True)
class Row:
    """One kind of bad input: who offers it, what it is, how it is refused."""

    sentence: str
    make: Callable[[Hand], bytes]
    reason: Reason
    cls: type[BusError]
    facts: tuple[tuple[str, str], ...] = ()
    by: str = POLICE


def flipped(envelope: bytes, where: Callable[[Envelope], bytes]) -> bytes:
    """The envelope with one bit changed in the middle of what ``where`` names."""
    part = where(Envelope.FromString(envelope))
    at = envelope.index(part) + len(part) // 2
    return envelope[:at] + bytes([envelope[at] ^ 1]) + envelope[at + 1 :]


def unsigned(hand: Hand) -> bytes:
    envelope = Envelope.FromString(hand.seal(hand.stop(1)))
    del envelope.signatures[:]
    return envelope.SerializeToString(deterministic=True)


def with_unknown_field(hand: Hand) -> bytes:
    envelope = Envelope.FromString(hand.seal(hand.stop(1)))
    return hand.signed(envelope.payload_type, envelope.payload + b"\xfa\x3e\x01x")


def reencoded(hand: Hand) -> bytes:
    """The same fields in another order: the header, which comes first, moved to the end."""
    envelope = Envelope.FromString(hand.seal(hand.stop(1)))
    payload = envelope.payload
    size, at = payload[1] & 0x7F | payload[2] << 7, 3
    return hand.signed(envelope.payload_type, payload[at + size :] + payload[: at + size])


def header_of(**values: Any) -> Callable[[Hand], bytes]:
    return lambda hand: hand.seal(hand.stop(1, **values))


def proto(change: Callable[[Any], None]) -> Callable[[Hand], bytes]:
    return lambda hand: hand.altered(hand.stop(1), change)


def at_hub_time(created_s: int, lifetime_s: int) -> Callable[[Hand], bytes]:
    def make(hand: Hand) -> bytes:
        created_us = hand.hub.now_us() + created_s * SECOND_US
        return hand.seal(hand.stop(1, created_us=created_us, expires_us=created_us + lifetime_s * SECOND_US))

    return make


def wrong_check_digit(message: Any) -> None:
    number = message.header.target.value
    message.header.target.value = number[:-1] + str((int(number[-1]) + 1) % 10)


def in_unknown_thread(hand: Hand) -> bytes:
    nowhere = new_message_id(hand.hub.now_us() // 1000, bytes)
    return hand.seal(
        replace(hand.release(hand.stop(1)), header=hand.header(thread=Thread(root_id=nowhere, parent_id=nowhere)))
    )


BYTES = [
    Row("an unsigned envelope", unsigned, Reason.UNSIGNED, SignatureInvalid),
    Row(
        "a signature by another key",
        lambda h: h.seal(h.stop(1), STRANGER.sign),
        Reason.SIGNATURE_INVALID,
        SignatureInvalid,
    ),
    Row(
        "a flipped bit in the signature",
        lambda h: flipped(h.seal(h.stop(1)), lambda e: e.signatures[0].sig),
        Reason.SIGNATURE_INVALID,
        SignatureInvalid,
    ),
    Row(
        "a flipped bit in what was signed",
        lambda h: flipped(h.seal(h.stop(1, contact="027-1111 2222")), lambda e: b"1111 2222"),
        Reason.SIGNATURE_INVALID,
        SignatureInvalid,
    ),
    Row("an unknown field", with_unknown_field, Reason.UNKNOWN_FIELD, Malformed),
    Row("a payload encoded another way", reencoded, Reason.NOT_CANONICAL, Malformed),
    Row("an unknown enum value", proto(lambda m: setattr(m, "scope", 77)), Reason.UNKNOWN_ENUM, Malformed),
    Row(
        "an unknown kind",
        lambda h: h.signed("application/vnd.tocsin.ring-bells.v1+protobuf", b""),
        Reason.UNKNOWN_PAYLOAD_TYPE,
        Malformed,
    ),
    Row("bytes that are no envelope", lambda h: b"\xff" * 40, Reason.MALFORMED, Malformed),
    Row(
        "an envelope above 256 KiB",
        lambda h: h.signed("application/vnd.tocsin.stop-payment.v1+protobuf", b"\x00" * MAX_ENVELOPE_BYTES),
        Reason.ENVELOPE_TOO_LARGE,
        Malformed,
        (("limit", str(MAX_ENVELOPE_BYTES)),),
    ),
    Row("an expired message", at_hub_time(-3600, 1800), Reason.EXPIRED, RuleBroken, (("field", "expires"),)),
    Row(
        "a message made 3 minutes ahead",
        at_hub_time(180, 3600),
        Reason.CREATED_IN_FUTURE,
        RuleBroken,
        (("limit", "120"),),
    ),
    Row("a message for another bus", header_of(audience="other.example"), Reason.WRONG_AUDIENCE, NotPermitted),
]

PERMISSIONS = [
    Row(
        "a sender that is not the caller",
        header_of(sender=OTHER_POLICE),
        Reason.SENDER_MISMATCH,
        NotPermitted,
        (("sender", OTHER_POLICE),),
    ),
    Row("a sender nobody knows", header_of(sender="police.990000"), Reason.SENDER_MISMATCH, NotPermitted),
    Row("a recipient nobody knows", header_of(recipients=("bank.nowhere",)), Reason.PARTY_UNKNOWN, NotPermitted),
    Row("a key nobody knows", header_of(author_key="0" * 32), Reason.KEY_UNKNOWN, NotPermitted),
    Row(
        "a freeze sent by a bank",
        lambda h: h.seal(h.freeze(1, recipients=(OTHER_BANK,))),
        Reason.POLICY_DENIED,
        NotPermitted,
        (("row", "freeze"),),
        BANK,
    ),
    Row(
        "a stop-payment addressed to a police bureau",
        header_of(recipients=(OTHER_POLICE,)),
        Reason.POLICY_DENIED,
        NotPermitted,
        (("row", "stop-payment"),),
    ),
    Row(
        "a report by a police bureau",
        lambda h: h.seal(h.report(h.stop(1))),
        Reason.POLICY_DENIED,
        NotPermitted,
        (("row", "report"),),
    ),
]

RULES = [
    Row(
        "a card nobody serves",
        lambda h: h.seal(h.stop(1, bin_=UNSERVED_BIN)),
        Reason.TARGET_NOT_SERVED,
        NotRoutable,
    ),
    Row(
        "a card another bank serves",
        lambda h: h.seal(h.stop(1, recipients=(OTHER_BANK,))),
        Reason.ROUTE_DIFFERS,
        NotRoutable,
        (("field", "recipients"),),
    ),
    Row("a bad check digit", proto(wrong_check_digit), Reason.CHECK_DIGIT, Malformed, (("field", "target"),)),
    Row(
        "a freeze without a case-filing number",
        lambda h: h.altered(h.freeze(1), lambda m: m.header.ClearField("case_filing_no")),
        Reason.CASE_FILING_MISSING,
        RuleBroken,
        (("field", "case_filing_no"),),
    ),
    Row(
        "a stop without an amount",
        proto(lambda m: m.ClearField("amount")),
        Reason.FIELD_MISSING,
        Malformed,
        (("field", "amount"),),
    ),
    Row("the currency RMB", proto(lambda m: setattr(m.amount, "currency", "RMB")), Reason.CURRENCY_RMB, Malformed),
    Row(
        "an unknown currency", proto(lambda m: setattr(m.amount, "currency", "XQZ")), Reason.CURRENCY_UNKNOWN, Malformed
    ),
    Row(
        "a law that is not in force here",
        proto(lambda m: setattr(m.header.legal_basis, "profile", "xx")),
        Reason.PROFILE_UNKNOWN,
        RuleBroken,
    ),
    Row(
        "a stop without a contact",
        proto(lambda m: m.header.ClearField("contact")),
        Reason.FIELD_MISSING,
        Malformed,
        (("field", "contact"),),
    ),
    Row("a release of nothing", in_unknown_thread, Reason.THREAD_UNKNOWN, WrongState),
]


def leaks(text: str) -> list[str]:
    """Runs of digits long enough to be an account number, and words that only our own insides use."""
    digits = re.findall(r"\d{12,}", text.replace(" ", ""))
    return digits + [word for word in ("SELECT", "sqlite", "/tmp", "Traceback", "hub.db") if word in text]


def check_words(refusal: BusError, row: str = "") -> None:
    """An officer can read it in both languages, and nothing leaks."""
    english, chinese = refusal.text("en"), refusal.text("zh")
    assert re.search(r"[A-Za-z]{3}", english), row
    assert re.search(r"[\u4e00-\u9fff]{2}", chinese), row
    assert "?" not in english + chinese, f"a fact is missing in: {english} / {chinese}"
    assert not leaks(english + chinese + repr(dict(refusal.facts)))


@pytest.mark.parametrize("row", BYTES + PERMISSIONS + RULES, ids=lambda row: row.sentence)
async def test_is_refused_with_its_reason_and_nothing_changes(hub: LocalHub, row: Row) -> None:
    async with Hand(hub, row.by) as hand, Hand(hub, POLICE) as police:
        before = await standing(hub)
        refusal = await hand.offer(row.make(hand))
        assert isinstance(refusal, row.cls), refusal
        assert refusal.reason is row.reason
        assert set(row.facts) <= set(refusal.facts.items())
        check_words(refusal)
        assert await standing(hub) == before

        mates = [police.seal(police.stop(10)), police.seal(police.stop(11))]
        if row.by == POLICE:
            first, middle, last = await police.publish([mates[0], row.make(hand), mates[1]])
            assert isinstance(middle, row.cls)
        else:
            first, last = await police.publish(mates)
        assert isinstance(first, Receipt)
        assert isinstance(last, Receipt)
        assert last.sequencing.log_index == first.sequencing.log_index + 1 == before.log_size + 1


def test_every_reason_has_the_status_code_the_contract_names() -> None:
    codes = {row.reason: STATUS_OF[row.reason].name for row in PERMISSIONS}
    assert set(codes.values()) == {"PERMISSION_DENIED"}
    assert STATUS_OF[Reason.ID_REUSED].name == "ALREADY_EXISTS"
    assert STATUS_OF[Reason.QUOTA_EXCEEDED].name == "RESOURCE_EXHAUSTED"


async def test_a_key_that_may_only_ack_orders_nothing(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        weak = Ed25519Signer(os.urandom(32))
        scribe = Scribe(police.identity.bus, now_us=hub.now_us(), random=os.urandom)
        added = await police.offer(
            scribe.add_key(
                POLICE, weak, by=police.author, holder="reader", holder_kind=HolderKind.AGENT, purposes=[Purpose.ACK]
            )
        )
        assert isinstance(added, Receipt)
        before = await standing(hub)
        author = Author(party=POLICE, signer=weak)
        refusal = await police.offer(police.seal(police.stop(1, author_key=author.key_id), weak.sign))
        assert isinstance(refusal, NotPermitted)
        assert (refusal.reason, refusal.facts["row"]) == (Reason.KEY_PURPOSE, "stop-payment")
        check_words(refusal)
        assert await standing(hub) == before


async def test_a_role_that_may_not_send_a_kind_is_told_the_row(hub: LocalHub) -> None:
    await hub.enrol("regulator.nfra", role="regulator")
    async with Hand(hub, "regulator.nfra") as regulator:
        before = await standing(hub)
        refusal = await regulator.offer(regulator.seal(regulator.stop(1)))
        assert isinstance(refusal, NotPermitted)
        assert (refusal.reason, refusal.facts["row"]) == (Reason.POLICY_DENIED, "stop-payment")
        check_words(refusal)
        assert await standing(hub) == before


async def test_only_who_ordered_may_release_extend_or_freeze(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, OTHER_POLICE) as stranger, Hand(hub, BANK) as bank:
        stop = police.stop(1)
        await police.accepted(stop)
        await bank.accepted(bank.report(stop))
        before = await standing(hub)
        for message in (stranger.release(stop), stranger.extend(stop), stranger.freeze(1, root=stop)):
            refusal = await stranger.offer(stranger.seal(message))
            assert isinstance(refusal, NotPermitted)
            assert refusal.reason is Reason.NOT_ORIGIN
            check_words(refusal)
        assert await standing(hub) == before


async def test_only_who_was_asked_may_report(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, OTHER_BANK) as stranger:
        stop = police.stop(1)
        await police.accepted(stop)
        before = await standing(hub)
        refusal = await stranger.offer(stranger.seal(stranger.report(stop)))
        assert isinstance(refusal, NotPermitted)
        assert refusal.reason is Reason.NOT_ADDRESSEE
        check_words(refusal)
        assert await standing(hub) == before


async def test_a_third_term_is_refused_whoever_asks_and_in_whatever_thread(timed: LocalHub) -> None:
    async with Hand(timed, POLICE) as police, Hand(timed, OTHER_POLICE) as other, Hand(timed, BANK) as bank:
        first, second = police.stop(1), other.stop(1)
        for message, hand in ((first, police), (second, other)):
            await hand.accepted(message)
            await bank.accepted(bank.report(message))
        before = await standing(timed)
        for hand, third in ((police, police.stop(1)), (police, police.extend(first)), (other, other.extend(second))):
            refusal = await hand.offer(hand.seal(third))
            assert isinstance(refusal, RuleBroken)
            assert (refusal.reason, refusal.facts["limit"]) == (Reason.TERMS_EXHAUSTED, "2")
            assert "86" in refusal.facts["source"]
            check_words(refusal)
        assert await standing(timed) == before
        assert isinstance(await police.offer(police.seal(police.stop(2))), Receipt)


async def test_an_extension_after_the_end_is_refused(timed: LocalHub) -> None:
    async with Hand(timed, POLICE) as police, Hand(timed, BANK) as bank:
        stop = police.stop(1)
        await police.accepted(stop)
        await bank.accepted(bank.report(stop))
        assert timed.clock is not None
        await timed.clock.advance(48 * 3600 + 1)
        before = await standing(timed)
        refusal = await police.offer(police.seal(police.extend(stop)))
        assert isinstance(refusal, WrongState)
        assert refusal.reason is Reason.EXTEND_AFTER_END
        check_words(refusal)
        assert await standing(timed) == before


async def test_the_same_id_with_the_same_bytes_gets_the_same_receipt_and_with_others_none(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police:
        stop = police.stop(1)
        envelope = police.seal(stop)
        receipt = await police.offer(envelope)
        assert isinstance(receipt, Receipt)
        await police.accepted(police.stop(2))
        before = await standing(hub)
        again = await police.offer(envelope)
        assert isinstance(again, Receipt)
        assert encode_receipt(again) == encode_receipt(receipt)
        refusal = await police.offer(police.seal(replace(stop, header=replace(stop.header, contact="027-9"))))
        assert isinstance(refusal, IdReused)
        assert refusal.reason is Reason.ID_REUSED
        check_words(refusal)
        assert await standing(hub) == before


async def test_a_known_message_is_answered_even_after_it_expired(timed: LocalHub) -> None:
    async with Hand(timed, POLICE) as police:
        envelope = police.seal(police.stop(1))
        receipt = await police.offer(envelope)
        assert isinstance(receipt, Receipt)
        assert timed.clock is not None
        await timed.clock.advance(2 * HOUR_US / SECOND_US)
        again = await police.offer(envelope)
        assert isinstance(again, Receipt)
        assert encode_receipt(again) == encode_receipt(receipt)


async def test_the_second_of_two_stops_in_one_frame_is_judged_on_the_first(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        used = police.stop(1)
        await police.accepted(used)
        await bank.accepted(bank.report(used))
        first, second = await police.publish([police.seal(police.stop(1)), police.seal(police.stop(1))])
        assert isinstance(first, Receipt)
        assert isinstance(second, RuleBroken)
        assert second.reason is Reason.TERMS_EXHAUSTED


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [
        ({"account": card(1)[:-1] + str((int(card(1)[-1]) + 1) % 10)}, Reason.CHECK_DIGIT, None),
        ({"account": card(1, UNSERVED_BIN)}, Reason.TARGET_NOT_SERVED, None),
        ({"amount": "50000.123 CNY"}, Reason.AMOUNT_PRECISION, "amount"),
        ({"amount": "50000 RMB"}, Reason.CURRENCY_RMB, "amount"),
        ({"amount": "some CNY"}, Reason.AMOUNT_INVALID, "amount"),
        ({"amount": "-5 CNY"}, Reason.AMOUNT_INVALID, "amount"),
        ({"contact": ""}, Reason.FIELD_MISSING, "contact"),
        ({"transferred_us": "2026-07-01T10:00:00"}, Reason.TIME_ZONELESS, "transferred_us"),
        ({"scope": "whole-account"}, Reason.NECESSITY_MISSING, "necessity"),
        ({"lane": "fast"}, Reason.FIELD_INVALID, "lane"),
        ({"colour": "red"}, Reason.FIELD_INVALID, "colour"),
    ],
    ids=[
        "a bad check digit", "a card nobody serves", "yuan with three decimals", "RMB", "an amount that is none",
        "an amount below zero", "no contact", "a time without a zone", "a whole account without words why",
        "an unknown lane", "an unknown field",
    ],
)  # fmt: skip
async def test_the_sdk_refuses_before_anything_is_sent(
    hub: LocalHub, values: dict[str, Any], reason: Reason, field: str | None
) -> None:
    if isinstance(moment := values.get("transferred_us"), str):
        values = {"transferred_us": datetime.fromisoformat(moment)}
    good: dict[str, Any] = {"account": card(1), "amount": "50000.00 CNY", "contact": CONTACT, "holder": "张三"}
    async with hub.participant(POLICE) as police:
        before = await standing(hub)
        with pytest.raises(BusError) as refused:
            await police.stop_payment(**{**good, **values})
        assert refused.value.reason is reason
        assert field is None or refused.value.facts["field"] == field
        check_words(refused.value)
        assert await police.store.outbox_list() == []
        assert await police.store.measure_list() == []
        assert await standing(hub) == before


async def test_the_sdk_refuses_a_freeze_without_a_filed_case(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police:
        with pytest.raises(RuleBroken) as refused:
            await police.freeze(card(1), case_filing_no="", document_no="D-1", contact=CONTACT, amount="1 CNY")
        assert refused.value.reason is Reason.CASE_FILING_MISSING
        check_words(refused.value)
        assert await police.store.outbox_list() == []


async def test_a_refusal_by_the_hub_reaches_who_sent_it_as_the_same_error(timed: LocalHub) -> None:
    async with timed.participant(POLICE) as police, Hand(timed, BANK) as bank:
        orders = [await ordered(police, 1) for _ in range(2)]
        for order in orders:
            await order.accepted(10)
            await bank.accepted(bank.report(order.message))
        third = await ordered(police, 1)
        for ask in (third.accepted, third.outcome):
            with pytest.raises(RuleBroken) as refused:
                await ask(10)
            assert refused.value.reason is Reason.TERMS_EXHAUSTED
            assert refused.value.facts["limit"] == "2"
