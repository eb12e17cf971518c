"""The Ed25519 rule: two libraries and plain integers give one verdict."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vectors
from tests.crypto import ed25519_oracle
from tocsin.core.errors import LocalFault, Reason, SignatureInvalid
from tocsin.crypto import edwards25519
from tocsin.crypto.ed25519 import (
    LOW_ORDER_Y,
    Ed25519Signer,
    check_public_key,
    check_public_key_portable,
    verify,
    verify_portable,
)

SIGNER = Ed25519Signer(bytes(range(32)))
DATA = b"stop this payment"
SIGNATURE = SIGNER.sign(DATA)
P, L = edwards25519.P, edwards25519.L

Verify = Callable[[bytes, bytes, bytes], None]
CheckKey = Callable[[bytes], None]
VERIFIERS = pytest.mark.parametrize("verifies", [verify, verify_portable], ids=["libsodium", "cryptography"])
KEY_CHECKS = pytest.mark.parametrize(
    "checks", [check_public_key, check_public_key_portable], ids=["libsodium", "plain"]
)


def accepts(verifies: Verify, *args: bytes) -> bool:
    try:
        verifies(*args)
    except SignatureInvalid as refused:
        if refused.reason is not Reason.SIGNATURE_INVALID:
            raise
        return False
    return True


def takes(checks: CheckKey, key: bytes) -> bool:
    try:
        checks(key)
    except SignatureInvalid as refused:
        if refused.reason is not Reason.KEY_WEAK or not refused.facts["rule"]:
            raise
        return False
    return True


def cctv() -> list[tuple[bytes, bytes, bytes]]:
    cases: list[dict[str, Any]] = vectors.load("cctv_ed25519.json.gz")
    return [(bytes.fromhex(c["key"]), c["msg"].encode(), bytes.fromhex(c["sig"])) for c in cases]


@VERIFIERS
def test_of_914_edge_cases_43_are_accepted_and_they_are_those_of_the_rule(verifies: Verify) -> None:
    cases = cctv()
    assert len(cases) == 914
    accepted = [case for case in cases if accepts(verifies, *case)]
    assert accepted == [case for case in cases if ed25519_oracle.accepts(*case)]
    assert len(accepted) == 43


@KEY_CHECKS
def test_under_a_key_that_may_enter_the_directory_one_edge_case_is_accepted(checks: CheckKey) -> None:
    verdict = {key: takes(checks, key) for key, _, _ in cctv()}
    assert len([case for case in cctv() if verdict[case[0]] and accepts(verify, *case)]) == 1


@VERIFIERS
def test_wycheproof_verdicts_hold(verifies: Verify) -> None:
    groups = vectors.load("wycheproof_ed25519_test.json.gz")["testGroups"]
    cases = [(group["publicKey"]["pk"], case) for group in groups for case in group["tests"]]
    assert len(cases) == 151
    for key, case in cases:
        verdict = accepts(verifies, bytes.fromhex(key), bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
        assert verdict == (case["result"] == "valid"), case["tcId"]


@VERIFIERS
def test_what_the_signer_signed_verifies_and_nothing_else_does(verifies: Verify) -> None:
    assert accepts(verifies, SIGNER.public_key, DATA, SIGNATURE)
    assert SIGNER.sign(DATA) == SIGNATURE
    assert not accepts(verifies, SIGNER.public_key, DATA + b"!", SIGNATURE)
    assert not accepts(verifies, Ed25519Signer(bytes(32)).public_key, DATA, SIGNATURE)


def flipped(original: bytes) -> Iterator[bytes]:
    for bit in range(len(original) * 8):
        changed = bytearray(original)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@VERIFIERS
def test_every_flipped_bit_of_signature_key_and_data_is_refused(verifies: Verify) -> None:
    assert accepts(verifies, SIGNER.public_key, DATA, SIGNATURE)
    assert not any(accepts(verifies, key, DATA, SIGNATURE) for key in flipped(SIGNER.public_key))
    assert not any(accepts(verifies, SIGNER.public_key, data, SIGNATURE) for data in flipped(DATA))
    assert not any(accepts(verifies, SIGNER.public_key, DATA, signature) for signature in flipped(SIGNATURE))


@VERIFIERS
@given(key=st.binary(max_size=70), data=st.binary(max_size=20), signature=st.binary(max_size=130))
def test_no_bytes_bring_out_another_error(verifies: Verify, key: bytes, data: bytes, signature: bytes) -> None:
    assert not accepts(verifies, key, data, signature)


@VERIFIERS
@pytest.mark.parametrize("cut", [0, 31, 32, 63])
def test_a_signature_or_key_of_another_length_is_refused(verifies: Verify, cut: int) -> None:
    assert not accepts(verifies, SIGNER.public_key, DATA, SIGNATURE[:cut])
    assert not accepts(verifies, SIGNER.public_key, DATA, SIGNATURE + bytes(1))
    assert not accepts(verifies, SIGNER.public_key[: min(cut, 31)], DATA, SIGNATURE)
    assert not accepts(verifies, SIGNER.public_key + bytes(1), DATA, SIGNATURE)


@VERIFIERS
@pytest.mark.parametrize("moved", [-64, -1, 1, len(DATA)])
def test_the_border_between_signature_and_data_cannot_be_moved(verifies: Verify, moved: int) -> None:
    joined = SIGNATURE + DATA
    assert not accepts(verifies, SIGNER.public_key, joined[64 + moved :], joined[: 64 + moved])


@VERIFIERS
def test_s_plus_the_group_order_is_refused(verifies: Verify) -> None:
    s = int.from_bytes(SIGNATURE[32:], "little") + L
    assert not accepts(verifies, SIGNER.public_key, DATA, SIGNATURE[:32] + s.to_bytes(32, "little"))


def test_the_low_order_list_is_exactly_the_points_whose_order_divides_8() -> None:
    found = set()
    for y in LOW_ORDER_Y:
        point = edwards25519.decode(y.to_bytes(32, "little"))
        assert point is not None
        assert ed25519_oracle.is_low_order(point)
        found.add(y)
    # A point outside the subgroup gives, multiplied by L, each of the eight.
    mixed = next(p for p in map(edwards25519.decode, candidates()) if p is not None and order_8(p))
    torsion = [edwards25519.multiply(i * L, mixed) for i in range(8)]
    assert found == {y * pow(z, -1, P) % P for _, y, z, _ in torsion}


def candidates() -> list[bytes]:
    return [y.to_bytes(32, "little") for y in range(2, 200)]


def order_8(point: edwards25519.Point) -> bool:
    return not ed25519_oracle.same(edwards25519.multiply(4 * L, point), edwards25519.IDENTITY)


def test_plain_integers_take_one_encoding_of_a_point_only() -> None:
    for y in (1, P - 1):
        assert edwards25519.decode(y.to_bytes(32, "little")) is not None
        assert edwards25519.decode((y | 1 << 255).to_bytes(32, "little")) is None, "x = 0 has no sign"
    on_the_curve = [y for y in range(19) if edwards25519.decode(y.to_bytes(32, "little")) is not None]
    assert on_the_curve
    assert all(edwards25519.decode((P + y).to_bytes(32, "little")) is None for y in on_the_curve)
    assert edwards25519.decode(SIGNER.public_key + b"\0") is None


@KEY_CHECKS
def test_weak_keys_may_not_enter_the_directory(checks: CheckKey) -> None:
    weak = {
        "low order": [y.to_bytes(32, "little") for y in LOW_ORDER_Y],
        "low order, other sign": [(y | 1 << 255).to_bytes(32, "little") for y in LOW_ORDER_Y],
        "not canonical": [(P + y).to_bytes(32, "little") for y in range(19)],
        "not on the curve": [(2).to_bytes(32, "little")],
        "mixed order": [key for key in candidates() if (p := edwards25519.decode(key)) is not None and order_8(p)][:3],
        "length": [b"", SIGNER.public_key[:31], SIGNER.public_key + bytes(1)],
    }
    for keys in weak.values():
        assert keys
        for key in keys:
            assert not takes(checks, key)
    assert takes(checks, SIGNER.public_key)


def test_libsodium_and_plain_integers_agree_on_every_key_of_the_edge_cases() -> None:
    keys = {key for key, _, _ in cctv()}
    assert {key for key in keys if takes(check_public_key, key)} == {
        key for key in keys if takes(check_public_key_portable, key)
    }


@given(seed=st.binary(min_size=32, max_size=32))
def test_every_seed_makes_a_key_that_may_enter_the_directory(seed: bytes) -> None:
    check_public_key(Ed25519Signer(seed).public_key)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(LocalFault) as refused:
        Ed25519Signer(bytes(length))
    assert refused.value.reason is Reason.IDENTITY_INVALID


def test_the_signer_shows_no_secret() -> None:
    seed = bytes(range(32))
    for shown in (repr(SIGNER), str(SIGNER)):
        assert seed.hex() not in shown
        assert repr(seed) not in shown
