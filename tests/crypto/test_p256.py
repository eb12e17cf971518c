"""P-256: one form per signature, one per key."""

import base64
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from tocsin.core.envelope import message_hash, pae
from tocsin.core.errors import LocalFault, Reason, SignatureInvalid
from tocsin.crypto.p256 import ORDER, P256Signer, check_public_key, from_der, verify

SIGNER = P256Signer(bytes(range(1, 33)))
DATA = b"stop this payment"
SIGNATURE = SIGNER.sign(DATA)
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1


def accepts(public_key: bytes, data: bytes, signature: bytes) -> bool:
    try:
        verify(public_key, data, signature)
    except SignatureInvalid as refused:
        if refused.reason is not Reason.SIGNATURE_INVALID:
            raise
        return False
    return True


def test_wycheproof_verdicts_hold_with_the_low_s_of_each_signature() -> None:
    groups = vectors.load("wycheproof_ecdsa_secp256r1_sha256_test.json.gz")["testGroups"]
    cases = [(group["publicKey"]["uncompressed"], case) for group in groups for case in group["tests"]]
    assert len(cases) == 484
    verdicts = {"valid": 0, "invalid": 0}
    for key, case in cases:
        public_key, data, der = (bytes.fromhex(text) for text in (key, case["msg"], case["sig"]))
        try:
            signature = from_der(der)
        except SignatureInvalid:
            signature = b""
        assert accepts(public_key, data, signature) == (case["result"] == "valid"), case["tcId"]
        verdicts[case["result"]] += 1
        if case["result"] == "valid":
            high = ORDER - int.from_bytes(signature[32:], "big")
            assert not accepts(public_key, data, signature[:32] + high.to_bytes(32, "big")), case["tcId"]
    assert verdicts == {"valid": 174, "invalid": 310}


def test_the_dsse_vector_holds_pae_signature_and_all() -> None:
    vector = vectors.load("dsse_spec_vector.json")
    payload = vector["payload"].encode()
    signed = pae(vector["payloadType"], payload)
    assert signed.hex() == vector["pae_hex"]
    assert len(message_hash(vector["payloadType"], payload)) == 32
    public_key = b"\x04" + b"".join(int(vector[name]).to_bytes(32, "big") for name in ("x", "y"))
    signature = base64.b64decode(vector["envelope"]["signatures"][0]["sig"])
    verify(public_key, signed, signature)
    signer = P256Signer(int(vector["d"]).to_bytes(32, "big"))
    assert signer.public_key == public_key
    assert signer.sign(signed) == signature, "RFC 6979, and this vector has the low s"


def test_what_the_signer_signed_verifies_and_nothing_else_does() -> None:
    verify(SIGNER.public_key, DATA, SIGNATURE)
    assert SIGNER.sign(DATA) == SIGNATURE
    assert not accepts(SIGNER.public_key, DATA + b"!", SIGNATURE)
    assert not accepts(P256Signer(bytes(31) + b"\1").public_key, DATA, SIGNATURE)


def flipped(original: bytes) -> Iterator[bytes]:
    for bit in range(len(original) * 8):
        changed = bytearray(original)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def test_every_flipped_bit_of_signature_key_and_data_is_refused() -> None:
    assert accepts(SIGNER.public_key, DATA, SIGNATURE)
    assert not any(accepts(key, DATA, SIGNATURE) for key in flipped(SIGNER.public_key))
    assert not any(accepts(SIGNER.public_key, data, SIGNATURE) for data in flipped(DATA))
    assert not any(accepts(SIGNER.public_key, DATA, signature) for signature in flipped(SIGNATURE))


@given(st.binary(max_size=64))
def test_every_signature_has_the_low_s(data: bytes) -> None:
    signature = SIGNER.sign(data)
    assert len(signature) == 64
    assert int.from_bytes(signature[32:], "big") <= ORDER // 2
    verify(SIGNER.public_key, data, signature)


def test_the_same_signature_with_the_high_s_or_out_of_range_is_refused() -> None:
    r, s = int.from_bytes(SIGNATURE[:32], "big"), int.from_bytes(SIGNATURE[32:], "big")
    for bad_r, bad_s in ((r, ORDER - s), (0, s), (r, 0), (ORDER, s), (r, ORDER), (2**256 - 1, s)):
        assert not accepts(SIGNER.public_key, DATA, bad_r.to_bytes(32, "big") + bad_s.to_bytes(32, "big"))


def test_the_same_numbers_in_another_length_are_refused() -> None:
    r, s = SIGNATURE[:32], SIGNATURE[32:]
    assert not accepts(SIGNER.public_key, DATA, r + b"\0" + s)
    data = next(data for n in range(10_000) if SIGNER.sign(data := b"%d" % n)[32] == 0)
    signature = SIGNER.sign(data)
    assert accepts(SIGNER.public_key, data, signature)
    assert not accepts(SIGNER.public_key, data, signature[:32] + signature[33:])


@given(key=st.binary(max_size=70), signature=st.binary(max_size=70))
def test_no_bytes_bring_out_another_error(key: bytes, signature: bytes) -> None:
    assert not accepts(key, DATA, signature)
    assert not accepts(SIGNER.public_key, DATA, signature)
    assert not accepts(key, DATA, SIGNATURE)


@given(st.binary(max_size=80))
def test_what_is_no_der_signature_is_refused(raw: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        from_der(raw + b"\0")


def key_of(x: int, y: int) -> bytes:
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def test_only_an_uncompressed_point_on_the_curve_may_enter_the_directory() -> None:
    check_public_key(SIGNER.public_key)
    x, y = int.from_bytes(SIGNER.public_key[1:33], "big"), int.from_bytes(SIGNER.public_key[33:], "big")
    bad = {
        "compressed": bytes([2 + (y & 1)]) + SIGNER.public_key[1:33],
        "hybrid": bytes([6 + (y & 1)]) + SIGNER.public_key[1:],
        "off the curve": key_of(x, y ^ 1),
        "zero": key_of(0, 0),
        "x not below the field": key_of(FIELD, y),
        "infinity": b"\0",
        "empty": b"",
        "longer": SIGNER.public_key + b"\0",
    }
    for name, key in bad.items():
        with pytest.raises(SignatureInvalid) as refused:
            check_public_key(key)
        assert refused.value.reason is Reason.KEY_WEAK, name
        assert not accepts(key, DATA, SIGNATURE)


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(32), bytes(33), ORDER.to_bytes(32, "big")])
def test_a_scalar_out_of_range_is_refused(secret: bytes) -> None:
    with pytest.raises(LocalFault) as refused:
        P256Signer(secret)
    assert refused.value.reason is Reason.IDENTITY_INVALID
