"""Private parts: only their reader, in their place, unchanged. A second HPKE implementation is of the same opinion."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

from tests import vectors
from tocsin.core.errors import LocalFault, Malformed, Reason, SignatureInvalid
from tocsin.core.message import Part, Wrap
from tocsin.crypto.sealing import (
    MAX_SMALL_PART,
    Recipient,
    open_part,
    padded_size,
    part_hash,
    part_info,
    public_key_of,
    seal_part,
)

SECRETS = {"bank.example": bytes(range(32)), "police.example": bytes(range(1, 33))}
READERS = [Recipient(party, f"key of {party}", public_key_of(secret)) for party, secret in SECRETS.items()]
PLACE: dict[str, Any] = {"bus": "tocsin.example", "message_id": bytes(range(16))}
NARRATIVE = "受害人：张三".encode()
SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)


def seal(content: bytes, random: Callable[[int], bytes] = os.urandom, readers: Any = READERS) -> Part:
    return seal_part(
        content, name="private", media_type="text/plain", recipients=readers, random=random, **PLACE
    )  # fmt: skip


def unseal(part: Part, reader: str = "bank.example", **changes: Any) -> bytes:
    own = {"party": reader, "key_id": f"key of {reader}", "private_key_raw": SECRETS[reader]}
    return open_part(part, **{**PLACE, **own, **changes})


def refused(part: Part, reader: str = "bank.example", **changes: Any) -> bool:
    try:
        unseal(part, reader, **changes)
    except SignatureInvalid as caught:
        if caught.reason is not Reason.SEAL_INVALID or caught.facts["field"] != part.name:
            raise
        return True
    return False


SEALED = seal(NARRATIVE)


@given(st.binary(max_size=2000))
def test_every_reader_opens_what_was_sealed(content: bytes) -> None:
    part = seal(content)
    assert [unseal(part, party) for party in SECRETS] == [content, content]


@pytest.mark.parametrize("size", [0, 1, 256, 257, MAX_SMALL_PART - 1, MAX_SMALL_PART])
def test_a_part_of_each_size_up_to_the_limit_opens(size: int) -> None:
    part = seal(bytes(size))
    assert unseal(part) == bytes(size)
    assert len(part.ciphertext) == 36 + padded_size(size) + 16 <= 36 + MAX_SMALL_PART + 16


def test_a_part_above_the_limit_is_refused_before_anything_is_drawn() -> None:
    def never(size: int) -> bytes:
        raise AssertionError(size)

    with pytest.raises(Malformed) as caught:
        seal(bytes(MAX_SMALL_PART + 1), never)
    assert caught.value.reason is Reason.PART_TOO_LARGE
    assert caught.value.facts == {"field": "private", "value": "65537", "limit": "65536"}


def test_a_part_that_nobody_could_read_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        seal(NARRATIVE, readers=[])
    assert caught.value.reason is Reason.FIELD_INVALID


def test_a_weak_reader_key_is_refused() -> None:
    with pytest.raises(SignatureInvalid) as caught:
        seal(NARRATIVE, readers=[*READERS, ("bank.weak", "key", bytes(32))])
    assert caught.value.reason is Reason.KEY_WEAK


def test_the_part_shows_neither_content_nor_salt_nor_a_hash_that_can_be_guessed() -> None:
    drawn: list[bytes] = []

    def random(size: int) -> bytes:
        drawn.append(os.urandom(size))
        return drawn[-1]

    part = seal(NARRATIVE, random)
    shown = repr(part).encode() + part.ciphertext + b"".join(wrap.sealed_key for wrap in part.wraps)
    assert [len(one) for one in drawn] == [32, 32]
    assert not any(secret in shown for secret in (NARRATIVE, *drawn))
    assert part.plaintext_hash == part_hash(drawn[0], NARRATIVE)
    assert part.plaintext_hash not in (part_hash(b"", NARRATIVE), part_hash(bytes(32), NARRATIVE))


def test_the_same_content_sealed_twice_shares_nothing() -> None:
    again = seal(NARRATIVE)
    assert again.ciphertext != SEALED.ciphertext
    assert again.plaintext_hash != SEALED.plaintext_hash
    assert {w.sealed_key for w in again.wraps}.isdisjoint(w.sealed_key for w in SEALED.wraps)


@given(st.data())
def test_every_flipped_bit_of_a_part_is_refused(data: st.DataObject) -> None:
    wrap = SEALED.wraps[0]
    fields: dict[str, tuple[bytes, Callable[[bytes], Part]]] = {
        "ciphertext": (SEALED.ciphertext, lambda raw: dataclasses.replace(SEALED, ciphertext=raw)),
        "plaintext_hash": (SEALED.plaintext_hash, lambda raw: dataclasses.replace(SEALED, plaintext_hash=raw)),
        "sealed_key": (
            wrap.sealed_key,
            lambda raw: dataclasses.replace(SEALED, wraps=(dataclasses.replace(wrap, sealed_key=raw),)),
        ),
        "name": (SEALED.name.encode(), lambda raw: dataclasses.replace(SEALED, name=raw.decode("latin-1"))),
        "media_type": (
            SEALED.media_type.encode(),
            lambda raw: dataclasses.replace(SEALED, media_type=raw.decode("latin-1")),
        ),
    }
    original, put = fields[data.draw(st.sampled_from(sorted(fields)))]
    bit = data.draw(st.integers(0, len(original) * 8 - 1))
    raw = bytearray(original)
    raw[bit // 8] ^= 1 << bit % 8
    assert refused(put(bytes(raw)))
    assert unseal(SEALED) == NARRATIVE


@given(ciphertext=st.binary(max_size=400), sealed_key=st.binary(max_size=100), digest=st.binary(max_size=40))
def test_no_bytes_bring_out_another_error(ciphertext: bytes, sealed_key: bytes, digest: bytes) -> None:
    wrap = dataclasses.replace(SEALED.wraps[0], sealed_key=sealed_key)
    assert refused(dataclasses.replace(SEALED, ciphertext=ciphertext))
    assert refused(dataclasses.replace(SEALED, wraps=(wrap,)))
    assert refused(dataclasses.replace(SEALED, plaintext_hash=digest))


@pytest.mark.parametrize(
    "changes",
    [
        {"bus": "other.example"},
        {"message_id": bytes(16)},
        {"private_key_raw": bytes(range(2, 34))},
        {"key_id": "key of police.example"},
        {"party": "police.example"},
        {"party": "bank.other", "key_id": "unknown"},
    ],
    ids=lambda changes: "another " + " and ".join(changes),
)
def test_a_part_opens_in_its_own_place_for_its_own_reader_only(changes: dict[str, Any]) -> None:
    assert refused(SEALED, **changes)


def test_a_wrap_relabelled_for_another_reader_does_not_open() -> None:
    bank, police = SEALED.wraps
    swapped = (
        dataclasses.replace(bank, sealed_key=police.sealed_key),
        dataclasses.replace(police, sealed_key=bank.sealed_key),
    )
    assert refused(dataclasses.replace(SEALED, wraps=swapped))
    assert refused(dataclasses.replace(SEALED, wraps=(*SEALED.wraps, bank))), "two wraps for one key"


def crafted(inner: bytes, digest: bytes, key_bytes: int = 32) -> Part:
    """A part with any inside, as a dishonest sender could make it."""
    key = os.urandom(key_bytes)
    reader = READERS[0]
    info = part_info(PLACE["bus"], PLACE["message_id"], reader.party, reader.key_id, "private", "text/plain")
    enc, context = SUITE.create_sender_context(SUITE.kem.deserialize_public_key(reader.public_key), info)
    wrap = Wrap(party=reader.party, key_id=reader.key_id, sealed_key=enc + context.seal(key))
    return Part(
        name="private",
        media_type="text/plain",
        plaintext_hash=digest,
        ciphertext=AESGCM(key).encrypt(bytes(12), inner, None),
        wraps=(wrap,),
    )


def test_a_dishonest_inside_is_refused_whatever_its_hash() -> None:
    salt, content = bytes(range(32)), b"narrative"
    digest, padding = part_hash(salt, content), bytes(256 - len(content))
    good = salt + len(content).to_bytes(4, "big") + content + padding
    assert unseal(crafted(good, digest)) == content, "and this is what the second implementation sealed"
    other = b"NARRATIVE"
    bad = {
        "other words than the hash says": salt + len(other).to_bytes(4, "big") + other + padding,
        "other salt": bytes(32) + good[32:],
        "padding with content": good[:-1] + b"\1",
        "padding too short": good[:-1],
        "padding too long": good + b"\0",
        "length beyond the end": salt + (300).to_bytes(4, "big") + content + padding,
        "length beyond the limit": salt + (2**32 - 1).to_bytes(4, "big") + content + padding,
        "nothing": b"",
        "half a front": good[:34],
    }
    for name, inner in bad.items():
        assert refused(crafted(inner, digest)), name
    for key_bytes in (16, 24):
        assert refused(crafted(good, digest, key_bytes)), "AES, but not AES-256"
    big = bytes(MAX_SMALL_PART + 1)
    inner = salt + len(big).to_bytes(4, "big") + big + bytes(padded_size(len(big)) - len(big))
    assert refused(crafted(inner, part_hash(salt, big)))


def test_a_second_implementation_opens_what_we_sealed() -> None:
    for reader, wrap in zip(READERS, SEALED.wraps, strict=True):
        secret = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(SECRETS[reader.party]))
        info = part_info(PLACE["bus"], PLACE["message_id"], reader.party, reader.key_id, "private", "text/plain")
        key = SUITE.create_recipient_context(wrap.sealed_key[:32], secret, info).open(wrap.sealed_key[32:])
        inner = AESGCM(key).decrypt(bytes(12), SEALED.ciphertext, None)
        length = int.from_bytes(inner[32:36], "big")
        assert inner[36 : 36 + length] == NARRATIVE
        assert part_hash(inner[:32], NARRATIVE) == SEALED.plaintext_hash


def test_the_second_implementation_holds_the_vectors_of_rfc_9180() -> None:
    # Every vector uses associated data, which our library does not take: so the other one is held to them, and the two
    # to each other.
    cases = [v for v in vectors.load("hpke_rfc9180.json.gz") if v["kem_id"] == 32 and v["mode"] == 0]
    opened = 0
    for case in cases:
        if case["aead_id"] == 0xFFFF:
            continue
        suite = CipherSuite.new(KEMId(case["kem_id"]), KDFId(case["kdf_id"]), AEADId(case["aead_id"]))
        info, enc, secret = (bytes.fromhex(case[name]) for name in ("info", "enc", "skRm"))
        key = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(secret))
        context = suite.create_recipient_context(enc, key, info)
        for one in case["encryptions"]:
            plain = context.open(bytes.fromhex(one["ct"]), bytes.fromhex(one["aad"]))
            assert plain.hex() == one["pt"]
            opened += 1
    assert opened == 60
    assert {(1, 2)} <= {(case["kdf_id"], case["aead_id"]) for case in cases}, "our suite is among them"


@given(st.integers(0, MAX_SMALL_PART))
def test_padding_takes_the_first_step_that_fits_and_wastes_less_than_half(size: int) -> None:
    padded = padded_size(size)
    assert size <= padded <= MAX_SMALL_PART
    assert padded == 256 or padded**2 < 2.02 * size**2
    assert padded_size(padded) == padded


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_private_key_of_another_length_is_this_machines_fault(length: int) -> None:
    with pytest.raises(LocalFault) as caught:
        public_key_of(bytes(length))
    assert caught.value.reason is Reason.IDENTITY_INVALID
    with pytest.raises(LocalFault):
        unseal(SEALED, private_key_raw=bytes(length))
