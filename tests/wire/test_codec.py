"""Envelope bytes ↔ messages: what is opened, what is refused, and that nothing else comes out."""

import contextlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.wire.samples import header, stop_payment
from tests.wire.strategies import any_message
from tocsin.core.envelope import message_hash, pae
from tocsin.core.errors import BusError, Malformed, Reason, RuleBroken, SignatureInvalid
from tocsin.core.message import MAX_ENVELOPE_BYTES, Message, Part
from tocsin.v1.envelope_pb2 import Envelope
from tocsin.wire.codec import Opened, open_envelope, seal_envelope, verify_author
from tocsin.wire.convert import to_proto

KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"tocsin test author").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(sha256(b"tocsin test stranger").digest())
PUBLIC = KEY.public_key().public_bytes_raw()
RAW = seal_envelope(stop_payment(), KEY.sign)


def test_what_is_sealed_opens_to_the_same_message() -> None:
    message = stop_payment(holder="", reason="")
    opened = open_envelope(seal_envelope(message, KEY.sign))
    assert opened.message == message
    assert opened.payload_type == "application/vnd.tocsin.stop-payment.v1+protobuf"
    assert opened.keyid == message.header.author_key
    assert opened.message_hash == message_hash(opened.payload_type, opened.payload)
    assert opened.envelope_bytes == seal_envelope(message, KEY.sign)


def test_the_signature_covers_the_signing_input_of_dsse() -> None:
    opened = open_envelope(RAW)
    signed = b"DSSEv1 47 application/vnd.tocsin.stop-payment.v1+protobuf %d " % len(opened.payload) + opened.payload
    assert pae(opened.payload_type, opened.payload) == signed
    assert opened.message_hash == sha256(signed).digest()
    KEY.public_key().verify(opened.signature, signed)


def test_private_fields_never_leave_in_the_envelope() -> None:
    assert "张三".encode() not in seal_envelope(stop_payment(holder="张三"), KEY.sign)


def test_the_author_is_proved_by_the_right_key_only() -> None:
    verify_author(open_envelope(RAW), "ed25519", PUBLIC)
    with pytest.raises(SignatureInvalid):
        verify_author(open_envelope(RAW), "ed25519", OTHER.public_key().public_bytes_raw())
    with pytest.raises(SignatureInvalid):
        verify_author(open_envelope(seal_envelope(stop_payment(), OTHER.sign)), "ed25519", PUBLIC)


@pytest.mark.parametrize("algorithm", ["x25519", "ed448", "none", ""])
def test_no_author_is_proved_by_an_algorithm_that_does_not_sign(algorithm: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify_author(open_envelope(RAW), algorithm, PUBLIC)


def change(spoil: Callable[[Envelope], object]) -> bytes:
    envelope = Envelope.FromString(RAW)
    spoil(envelope)
    return envelope.SerializeToString(deterministic=True)


REFUSED: dict[str, tuple[bytes, Reason]] = {
    "nothing": (b"", Reason.UNSIGNED),
    "no signature": (change(lambda e: e.ClearField("signatures")), Reason.UNSIGNED),
    "an empty signature": (change(lambda e: e.signatures[0].ClearField("sig")), Reason.UNSIGNED),
    "two signatures": (change(lambda e: e.signatures.add(sig=b"s")), Reason.FIELD_INVALID),
    "a huge signature": (change(lambda e: setattr(e.signatures[0], "sig", bytes(8193))), Reason.FIELD_INVALID),
    "a huge hint": (change(lambda e: setattr(e.signatures[0], "keyid", "k" * 129)), Reason.FIELD_INVALID),
    "no payload type": (change(lambda e: e.ClearField("payload_type")), Reason.UNKNOWN_PAYLOAD_TYPE),
    "a payload type of tomorrow": (
        change(lambda e: setattr(e, "payload_type", "application/vnd.tocsin.x.v9+protobuf")),
        Reason.UNKNOWN_PAYLOAD_TYPE,
    ),
    "another kind's payload type": (
        change(lambda e: setattr(e, "payload_type", "application/vnd.tocsin.release.v1+protobuf")),
        Reason.UNKNOWN_FIELD,
    ),
    "an empty payload": (change(lambda e: e.ClearField("payload")), Reason.FIELD_MISSING),
    "rubbish for a payload": (change(lambda e: setattr(e, "payload", b"\xff")), Reason.MALFORMED),
    "an envelope twice over": (RAW + RAW, Reason.NOT_CANONICAL),
    "an envelope cut short": (RAW[:-1], Reason.MALFORMED),
    "a JSON envelope": (b'{"payload":""}', Reason.MALFORMED),
    "too large": (change(lambda e: setattr(e, "payload", bytes(MAX_ENVELOPE_BYTES))), Reason.ENVELOPE_TOO_LARGE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_envelope_is_refused_with_its_reason(case: str) -> None:
    raw, reason = REFUSED[case]
    with pytest.raises(BusError) as caught:
        open_envelope(raw)
    assert caught.value.reason is reason
    assert str(caught.value)


def test_size_is_judged_before_anything_is_read() -> None:
    with pytest.raises(Malformed) as caught:
        open_envelope(b"\xff" * (MAX_ENVELOPE_BYTES + 1))
    assert caught.value.facts == {"value": str(MAX_ENVELOPE_BYTES + 1), "limit": str(MAX_ENVELOPE_BYTES)}


def test_the_largest_envelope_passes() -> None:
    def sealed(size: int) -> bytes:
        part = Part(name="p", media_type="m", plaintext_hash=b"h", ciphertext=bytes(size), wraps=())
        return seal_envelope(stop_payment(header=header(parts=(part,))), KEY.sign)

    room = MAX_ENVELOPE_BYTES - len(sealed(MAX_ENVELOPE_BYTES - 2000)) + MAX_ENVELOPE_BYTES - 2000
    assert len(sealed(room)) == MAX_ENVELOPE_BYTES
    assert isinstance(open_envelope(sealed(room)), Opened)
    with pytest.raises(Malformed) as caught:
        sealed(room + 1)
    assert caught.value.reason is Reason.ENVELOPE_TOO_LARGE


def test_a_message_that_breaks_a_rule_is_neither_sealed_nor_signed() -> None:
    def sign(data: bytes) -> bytes:
        raise AssertionError("nothing may be signed")

    with pytest.raises(Malformed) as caught:
        seal_envelope(stop_payment(amount=None), sign)
    assert caught.value.facts["field"] == "amount"


FAMILY = (Malformed, SignatureInvalid, RuleBroken)


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_flipped_bit_is_refused_or_fails_verification() -> None:
    """Only the hint may change unnoticed: it is no part of what is signed and decides nothing."""
    hint = open_envelope(RAW).keyid.encode()
    outside = range(RAW.rindex(hint) * 8, (RAW.rindex(hint) + len(hint)) * 8)
    for bit in range(len(RAW) * 8):
        try:
            opened = open_envelope(flipped(RAW, bit))
            verify_author(opened, "ed25519", PUBLIC)
        except FAMILY:
            assert bit not in outside or RAW[bit // 8] ^ 1 << bit % 8 > 127, "a changed hint must not matter"
        else:
            assert bit in outside
            assert opened.message_hash == open_envelope(RAW).message_hash


@given(st.binary(max_size=4096))
@example(RAW)
@settings(max_examples=500, deadline=None)
def test_any_bytes_at_all_are_opened_or_refused(raw: bytes) -> None:
    with contextlib.suppress(*FAMILY):
        open_envelope(raw)


PIECES = st.one_of(st.binary(max_size=12), st.sampled_from([RAW, RAW[:40], b"\x0a\x00", b"\x1a\x00", b"\xff" * 11]))


@given(any_message(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_envelope_is_opened_or_refused(message: Message, data: st.DataObject) -> None:
    raw = seal_envelope(message, lambda signed: bytes(64))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 8)))
        raw = raw[:start] + data.draw(PIECES) + raw[end:]
    with contextlib.suppress(*FAMILY):
        assert open_envelope(raw).envelope_bytes == raw


@given(any_message(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_payload_under_a_sound_envelope_is_opened_or_refused(message: Message, data: st.DataObject) -> None:
    """Deeper than damage to the envelope reaches: the payload's own lengths, values and enums."""
    envelope: Any = Envelope.FromString(seal_envelope(message, lambda signed: bytes(64)))
    at = data.draw(st.integers(0, len(envelope.payload) - 1))
    change = data.draw(st.integers(1, 255))
    payload = bytearray(envelope.payload)
    payload[at] ^= change
    envelope.payload = bytes(payload)
    raw = envelope.SerializeToString(deterministic=True)
    with contextlib.suppress(*FAMILY):
        assert to_proto(open_envelope(raw).message) == bytes(payload), "one value has one encoding"
