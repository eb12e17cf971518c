"""Strict decoding: unknown fields at every depth, other encodings of the same value, and rubbish."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message as ProtoMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.samples import header, stop_payment
from tests.wire.strategies import any_message
from tocsin.core.errors import Malformed, Reason
from tocsin.core.message import Part, Thread, Wrap
from tocsin.v1.directory_pb2 import AddKey, GovernanceRoot
from tocsin.v1.envelope_pb2 import Envelope
from tocsin.v1.stop_payment_pb2 import StopPayment
from tocsin.wire.codec import seal_envelope
from tocsin.wire.convert import to_proto
from tocsin.wire.registry import payload_class
from tocsin.wire.strict import parse_strict, unknown_fields


def full_payload() -> bytes:
    """Every nested message of a header present, lists with two entries."""
    wraps = tuple(Wrap(party=f"bank.b{n}", key_id="0" * 32, sealed_key=b"s") for n in range(2))
    parts = tuple(
        Part(name=f"p{n}", media_type="m", plaintext_hash=b"h", ciphertext=b"c", wraps=wraps) for n in range(2)
    )
    place = Thread(root_id=header().message_id, parent_id=header().message_id[:-1] + b"2")
    return to_proto(stop_payment(header=header(parts=parts, thread=place)))


def nodes(message: ProtoMessage, place: str = "") -> Iterator[tuple[str, ProtoMessage]]:
    """The message and every message inside it, with its place."""
    yield place, message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                yield from nodes(one, f"{place}{field.name}.")


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


PLANTS = {
    "varint": tag(99, 0) + b"\x01",
    "fixed64": tag(99, 1) + bytes(8),
    "bytes": tag(99, 2) + b"\x03abc",
    "empty bytes": tag(99, 2) + b"\x00",
    "group": tag(99, 3) + tag(1, 0) + b"\x07" + tag(99, 4),
    "empty group": tag(99, 3) + tag(99, 4),
    "group in a group": tag(99, 3) + tag(98, 3) + tag(98, 4) + tag(99, 4),
    "fixed32": tag(99, 5) + bytes(4),
    "the largest field number": tag(2**29 - 1, 0) + b"\x00",
    "a known field with another wire type": tag(1, 5) + bytes(4),
}

FULL = full_payload()
PLACES = [place for place, _ in nodes(StopPayment.FromString(FULL))]


def test_the_planting_ground_reaches_every_nested_message() -> None:
    assert set(PLACES) == {
        "",
        "header.",
        "header.target.",
        "header.legal_basis.",
        "header.thread.",
        "header.parts.",
        "header.parts.wraps.",
        "amount.",
    }
    assert len(PLACES) == 12


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("at", range(len(PLACES)), ids=[f"{n}-{place}" for n, place in enumerate(PLACES)])
def test_an_unknown_field_is_refused_wherever_it_stands(at: int, plant: str) -> None:
    parsed = StopPayment.FromString(FULL)
    place, node = list(nodes(parsed))[at]
    node.MergeFromString(PLANTS[plant])
    raw = parsed.SerializeToString(deterministic=True)
    # The parser keeps it and a deterministic encoding writes it back: that alone would let it through.
    assert StopPayment.FromString(raw).SerializeToString(deterministic=True) == raw
    with pytest.raises(Malformed) as caught:
        parse_strict(StopPayment, raw)
    assert caught.value.reason is Reason.UNKNOWN_FIELD
    assert caught.value.facts["field"].startswith(f"{place}#")


@pytest.mark.parametrize("plant", PLANTS)
def test_an_unknown_field_around_the_payload_is_refused(plant: str) -> None:
    raw = seal_envelope(stop_payment(), lambda data: bytes(64))
    for at in range(2):
        parsed = Envelope.FromString(raw)
        list(nodes(parsed))[at][1].MergeFromString(PLANTS[plant])
        with pytest.raises(Malformed) as caught:
            parse_strict(Envelope, parsed.SerializeToString())
        assert caught.value.reason is Reason.UNKNOWN_FIELD


NOT_CANONICAL: dict[str, tuple[type[ProtoMessage], bytes]] = {
    "a default written out": (StopPayment, tag(2, 0) + b"\x00"),
    "a field twice": (StopPayment, (tag(4, 2) + b"\x01a") * 2),
    "fields out of order": (StopPayment, tag(5, 2) + b"\x01a" + tag(4, 2) + b"\x01a"),
    "a varint with a needless byte": (StopPayment, tag(2, 0) + b"\x81\x00"),
    "a tag with a needless byte": (StopPayment, b"\x90\x00\x01"),
    "a length with a needless byte": (StopPayment, tag(4, 2) + b"\x81\x00a"),
    "a nested message in two pieces": (
        StopPayment,
        tag(3, 2) + b"\x02" + tag(1, 0) + b"\x01" + tag(3, 2) + b"\x05" + tag(2, 2) + b"\x03CNY",
    ),
    "an unpacked list": (AddKey, tag(7, 0) + b"\x01" + tag(7, 0) + b"\x02"),
    "a packed list in two pieces": (AddKey, tag(7, 2) + b"\x01\x01" + tag(7, 2) + b"\x01\x02"),
    "an empty packed list": (AddKey, tag(7, 2) + b"\x00"),
    "a number wider than its field": (GovernanceRoot, tag(2, 0) + varint(2**32 + 1)),
    "a truth value of two": (StopPayment, tag(1, 2) + b"\x03" + tag(18, 0) + b"\x02"),
}


@pytest.mark.parametrize("case", NOT_CANONICAL)
def test_another_encoding_of_the_same_value_is_refused(case: str) -> None:
    cls, raw = NOT_CANONICAL[case]
    with pytest.raises(Malformed) as caught:
        parse_strict(cls, raw)
    assert caught.value.reason is Reason.NOT_CANONICAL


MALFORMED = {
    "cut short": FULL[:-1],
    "text that is not UTF-8": tag(4, 2) + b"\x01\xff",
    "a surrogate in UTF-8": tag(4, 2) + b"\x03\xed\xa0\x80",
    "an overlong varint": tag(2, 0) + b"\xff" * 10 + b"\x01",
    "field number zero": b"\x00\x01",
    "wire type six": b"\x0e\x01",
    "a group that never ends": tag(99, 3),
    "a group that never began": tag(99, 4),
    "a length beyond the end": tag(4, 2) + b"\x7fa",
    "groups nested too deep": tag(99, 3) * 1000 + tag(99, 4) * 1000,
    "not protobuf": b"GET / HTTP/1.1\r\n",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_not_protobuf_of_its_type_is_malformed(case: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_strict(StopPayment, MALFORMED[case])
    assert caught.value.reason is Reason.MALFORMED


def test_canonical_bytes_pass_unchanged() -> None:
    assert parse_strict(StopPayment, FULL).SerializeToString(deterministic=True) == FULL


FIELDS = st.one_of(
    st.sampled_from(sorted(PLANTS.values())),
    st.builds(
        lambda n, w, body: tag(n, w) + body, st.integers(1, 20), st.sampled_from([0, 1, 2, 5]), st.binary(max_size=9)
    ),
)


@given(any_message(), st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_passes_holds_no_unknown_field_by_the_walk_in_python(message: Any, data: st.DataObject) -> None:
    """The check in C and the explicit walk agree on payloads with a piece inserted, at any place."""
    raw = to_proto(message)
    at = data.draw(st.integers(0, len(raw)))
    mutated = raw[:at] + data.draw(FIELDS) + raw[at:]
    cls = payload_class(message.KIND)
    refused: Reason | None = None
    try:
        assert parse_strict(cls, mutated).SerializeToString(deterministic=True) == mutated
    except Malformed as exc:
        refused = exc.reason
    if refused is not Reason.MALFORMED:
        assert (refused is Reason.UNKNOWN_FIELD) == any(unknown_fields(cls.FromString(mutated)))
