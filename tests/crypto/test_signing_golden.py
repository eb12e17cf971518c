"""The committed vectors: regenerated without a difference, and true when checked by plain hashing."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.golden import make_signing
from tocsin.core.message import Part, Wrap
from tocsin.crypto.ed25519 import LOW_ORDER_Y
from tocsin.crypto.edwards25519 import P
from tocsin.crypto.sealing import LOW_ORDER_U, open_part
from tocsin.crypto.signers import verifier


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(make_signing.FILE.read_text(encoding="utf-8"))


def lengths(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_generator_makes_the_committed_file() -> None:
    assert make_signing.text() == make_signing.FILE.read_text(encoding="utf-8")


def test_messages_follow_the_specification_by_plain_hashing_and_their_signatures_verify(golden: Any) -> None:
    keys = {key["algorithm"]: bytes.fromhex(key["public_key"]) for key in golden["keys"]}
    for message in golden["messages"]:
        kind, payload = message["payload_type"].encode(), bytes.fromhex(message["payload"])
        signed = f"DSSEv1 {len(kind)} ".encode() + kind + f" {len(payload)} ".encode() + payload
        assert message["pae"] == signed.hex()
        assert message["message_hash"] == sha256(signed)
        assert set(message["signatures"]) == {"ed25519", "ecdsa-p256-sha256"}
        for algorithm, signature in message["signatures"].items():
            verifier(algorithm)(keys[algorithm], signed, bytes.fromhex(signature))


def test_key_ids_and_fingerprints_follow_the_specification_by_plain_hashing(golden: Any) -> None:
    for key in golden["keys"]:
        named = key["algorithm"].encode() + b"\0" + bytes.fromhex(key["public_key"])
        assert key["key_id"] == sha256(b"tocsin key v1\0" + named)[:32]
        digits = f"{int(sha256(b'tocsin fingerprint v1' + bytes(1) + named), 16) % 10**40:040d}"
        assert key["fingerprint"].replace(" ", "") == digits
        assert [len(group) for group in key["fingerprint"].split(" ")] == [5] * 8


def test_proofs_of_possession_follow_the_specification_and_verify(golden: Any) -> None:
    for proof in golden["possession"]:
        public_key = bytes.fromhex(proof["public_key"])
        texts = [proof[name].encode() for name in ("bus", "party", "algorithm")]
        signed = b"tocsin key possession v1\0" + lengths(*texts, public_key)
        assert proof["bytes"] == signed.hex()
        verifier(proof["algorithm"])(public_key, signed, bytes.fromhex(proof["signature"]))


def test_renewals_follow_the_specification_and_verify(golden: Any) -> None:
    for one in golden["renewal"]:
        asked = bytes.fromhex(sha256(bytes.fromhex(one["certificate_request"])))
        fields = lengths(one["bus"].encode(), one["party"].encode(), one["created_us"].to_bytes(8, "big"), asked)
        signed = b"tocsin certificate renewal v1\0" + fields
        assert one["bytes"] == signed.hex()
        verifier(one["algorithm"])(bytes.fromhex(one["public_key"]), signed, bytes.fromhex(one["signature"]))


def test_part_hashes_and_sizes_follow_the_specification(golden: Any) -> None:
    for case in golden["part_hashes"]:
        assert case["hash"] == sha256(b"tocsin part hash v1" + bytes.fromhex(case["salt"] + case["content"]))
    for case in golden["padded_sizes"]:
        ladder = [int(2 ** (8 + k / 2) + 1e-6) for k in range(17)]
        assert case["padded"] == min(step for step in ladder if step >= case["size"])


def test_the_sealed_part_opens(golden: Any) -> None:
    case = golden["sealed_part"]
    party, key_id, name, media_type = (case[field] for field in ("party", "key_id", "name", "media_type"))
    texts = [text.encode() for text in (party, key_id, name, media_type)]
    message_id = bytes.fromhex(case["message_id"])
    assert case["info"] == lengths(b"tocsin part v1", case["bus"].encode(), message_id, *texts).hex()
    part = Part(
        name=name,
        media_type=media_type,
        plaintext_hash=bytes.fromhex(case["plaintext_hash"]),
        ciphertext=bytes.fromhex(case["ciphertext"]),
        wraps=(Wrap(party=party, key_id=key_id, sealed_key=bytes.fromhex(case["sealed_key"])),),
    )
    private_key = next(key["private_key"] for key in golden["keys"] if key["algorithm"] == "x25519")
    opened = open_part(
        part, bus=case["bus"], message_id=message_id, party=party, key_id=key_id,
        private_key_raw=bytes.fromhex(private_key),
    )  # fmt: skip
    assert opened.hex() == case["content"]


def test_the_specification_lists_the_low_order_points_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs/spec/signing.md").read_text(encoding="utf-8")
    listed = {int(number) for number in re.findall(r"^    (\d{70,})$", page, re.MULTILINE)}
    small = {0, 1, P - 1}
    assert listed | small == LOW_ORDER_Y | LOW_ORDER_U
    assert listed.isdisjoint(small)
    for value in re.findall(r"tests/golden/\w+\.json", page):
        assert (Path(__file__).parents[2] / value).is_file()
