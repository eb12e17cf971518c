"""A new key must be strong, of the right sort, and held by who asks."""

import dataclasses

import pytest

from tocsin.core.directory_messages import AddKey, HolderKind, Purpose
from tocsin.core.errors import BusError, Reason
from tocsin.core.message import Header, Lane
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.p256 import P256Signer
from tocsin.crypto.possession import check_new_key
from tocsin.crypto.sealing import public_key_of
from tocsin.crypto.signers import Algorithm, Signer, possession_bytes

BUS, PARTY = "tocsin.example", "bank.example"
HEADER = Header(
    message_id=bytes.fromhex("0196f3a00000700080000000000000c4"), sender=PARTY, author_key="0" * 32, audience=BUS,
    created_us=1, expires_us=2, lane=Lane.ROUTINE,
)  # fmt: skip


def add_key(algorithm: str, public_key: bytes, purposes: tuple[Purpose, ...] = (), possession: bytes = b"") -> AddKey:
    return AddKey(
        header=HEADER, party=PARTY, holder="core", holder_kind=HolderKind.AGENT, algorithm=algorithm,
        public_key=public_key, purposes=purposes, possession=possession,
    )  # fmt: skip


def signing_key(signer: Signer) -> AddKey:
    proof = signer.sign(possession_bytes(BUS, PARTY, signer.algorithm, signer.public_key))
    return add_key(signer.algorithm, signer.public_key, (Purpose.REPORT,), proof)


ED25519, OTHER = signing_key(Ed25519Signer(bytes(range(32)))), signing_key(Ed25519Signer(bytes(32)))
P256 = signing_key(P256Signer(bytes(range(1, 33))))
SEALING = add_key(Algorithm.X25519, public_key_of(bytes(range(32))))


@pytest.mark.parametrize("message", [ED25519, P256, SEALING], ids=lambda message: message.algorithm)
def test_a_strong_key_that_its_holder_proves_is_taken(message: AddKey) -> None:
    check_new_key(message, BUS)


def refused(message: AddKey, bus: str = BUS) -> Reason:
    with pytest.raises(BusError) as caught:
        check_new_key(message, bus)
    return caught.value.reason


def test_a_proof_holds_for_its_bus_party_algorithm_and_key_only() -> None:
    assert refused(ED25519, "other.example") is Reason.SIGNATURE_INVALID
    for changed in (
        dataclasses.replace(ED25519, party="bank.other"),
        dataclasses.replace(ED25519, public_key=OTHER.public_key),
        dataclasses.replace(ED25519, possession=OTHER.possession),
    ):
        assert refused(changed) is Reason.SIGNATURE_INVALID


def test_a_key_of_the_wrong_sort_is_refused() -> None:
    assert refused(dataclasses.replace(ED25519, purposes=())) is Reason.FIELD_INVALID
    assert refused(dataclasses.replace(SEALING, purposes=(Purpose.ORDER,))) is Reason.FIELD_INVALID
    assert refused(dataclasses.replace(ED25519, algorithm="none")) is Reason.FIELD_INVALID
    assert refused(dataclasses.replace(ED25519, algorithm=Algorithm.ECDSA_P256)) is Reason.KEY_WEAK


def test_a_weak_key_is_refused_whatever_it_signs() -> None:
    # Under this key, of order 1, one signature fits any message for a lax verifier.
    weak = dataclasses.replace(ED25519, public_key=b"\1" + bytes(31), possession=b"\1" + bytes(63))
    assert refused(weak) is Reason.KEY_WEAK
    assert refused(dataclasses.replace(SEALING, public_key=bytes(32))) is Reason.KEY_WEAK
