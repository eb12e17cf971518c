"""Sequencing records and receipts: round trip, and proof against every alteration."""

import contextlib
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.checkpoint import Checkpoint, sign_note
from tocsin.core.errors import BusError, Malformed, Reason, SignatureInvalid, error
from tocsin.core.merkle import leaf_hash, node_hash
from tocsin.wire.sequencing import (
    Receipt,
    Sequencing,
    decode_receipt,
    encode_receipt,
    receipt_from_proto,
    receipt_to_proto,
    sequencing_from_proto,
    sequencing_to_proto,
    verify_receipt,
)

LOG = Ed25519PrivateKey.from_private_bytes(sha256(b"tocsin test log").digest())
LOG_KEY = LOG.public_key().public_bytes_raw()
ORIGIN = "tocsin.example/1"
MESSAGE = sha256(b"message").digest()
SIGNATURE = bytes(range(64))
RECORD = Sequencing(
    log_index=1,
    accepted_us=1_767_225_600_000_000,
    salt=bytes(range(32)),
    directory_version=7,
    directory_head=bytes(range(32, 64)),
    policy_version=2,
    profile_version=3,
)


def verify(public_key: bytes, data: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except InvalidSignature as exc:
        raise error(Reason.SIGNATURE_INVALID) from exc


def make_receipt() -> Receipt:
    """The second of three leaves."""
    before, after = leaf_hash(b"before"), leaf_hash(b"after")
    root = node_hash(node_hash(before, leaf_hash(RECORD.leaf(MESSAGE, SIGNATURE))), after)
    note = sign_note(Checkpoint(ORIGIN, 3, root), ORIGIN, LOG_KEY, LOG.sign)
    return Receipt(sequencing=RECORD, inclusion_path=(before, after), checkpoint=note)


RECEIPT = make_receipt()


def check(receipt: Receipt, **changed: Any) -> Checkpoint:
    arguments: dict[str, Any] = {
        "message_hash": MESSAGE,
        "signature": SIGNATURE,
        "origin": ORIGIN,
        "log_key": LOG_KEY,
        "verify": verify,
    }
    return verify_receipt(receipt, **{**arguments, **changed})


def test_a_true_receipt_proves_its_message_and_gives_the_checkpoint() -> None:
    assert check(RECEIPT).size == 3
    assert check(decode_receipt(encode_receipt(RECEIPT))).origin == ORIGIN


def test_receipt_and_record_survive_the_round_trip() -> None:
    assert sequencing_from_proto(sequencing_to_proto(RECORD)) == RECORD
    assert receipt_from_proto(receipt_to_proto(RECEIPT)) == RECEIPT
    assert encode_receipt(decode_receipt(encode_receipt(RECEIPT))) == encode_receipt(RECEIPT)


def record(**changed: Any) -> Receipt:
    return replace(RECEIPT, sequencing=replace(RECORD, **changed))


FALSE: dict[str, tuple[Receipt, dict[str, Any]]] = {
    "another message": (RECEIPT, {"message_hash": bytes(32)}),
    "another signature": (RECEIPT, {"signature": bytes(64)}),
    "another salt": (record(salt=bytes(32)), {}),
    "another place": (record(log_index=0), {}),
    "a place beyond the tree": (record(log_index=3), {}),
    "another time": (record(accepted_us=RECORD.accepted_us + 1), {}),
    "another directory version": (record(directory_version=8), {}),
    "another directory head": (record(directory_head=bytes(32)), {}),
    "a path cut short": (replace(RECEIPT, inclusion_path=RECEIPT.inclusion_path[:1]), {}),
    "a path too long": (replace(RECEIPT, inclusion_path=(*RECEIPT.inclusion_path, bytes(32))), {}),
    "another log": (RECEIPT, {"origin": "other.example/1"}),
    "another log key": (
        RECEIPT,
        {"log_key": Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()},
    ),
    "another root": (replace(RECEIPT, checkpoint=RECEIPT.checkpoint.replace(b"\n3\n", b"\n4\n")), {}),
}


@pytest.mark.parametrize("case", FALSE)
def test_a_false_receipt_proves_nothing(case: str) -> None:
    receipt, changed = FALSE[case]
    with pytest.raises(SignatureInvalid):
        check(receipt, **changed)


def test_rubbish_is_no_receipt() -> None:
    with pytest.raises(Malformed) as caught:
        decode_receipt(b"\xff")
    assert caught.value.reason is Reason.MALFORMED
    with pytest.raises(Malformed) as caught:
        decode_receipt(b"")
    assert caught.value.facts["field"] == "sequencing.salt"
    proto = receipt_to_proto(RECEIPT)
    proto.inclusion_path.extend([bytes(32)] * 63)
    with pytest.raises(Malformed) as caught:
        receipt_from_proto(proto)
    assert caught.value.facts["field"] == "receipt.inclusion_path"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_receipt_is_refused_or_still_true_of_the_same_leaf(data: st.DataObject) -> None:
    raw = bytearray(encode_receipt(RECEIPT))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BusError):
        read = decode_receipt(bytes(raw))
        assert check(read).root == check(RECEIPT).root
        assert read.sequencing.leaf(MESSAGE, SIGNATURE) == RECORD.leaf(MESSAGE, SIGNATURE)
