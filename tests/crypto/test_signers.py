"""One way to sign and verify: the algorithm decides, and it comes from the directory."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import keyid
from tocsin.core.errors import Reason, SignatureInvalid
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.edwards25519 import P
from tocsin.crypto.p256 import P256Signer
from tocsin.crypto.sealing import LOW_ORDER_U, public_key_of
from tocsin.crypto.signers import (
    Algorithm,
    Signer,
    check_key,
    fingerprint,
    key_id,
    possession_bytes,
    verifier,
)

SIGNERS: list[Signer] = [Ed25519Signer(bytes(range(32))), P256Signer(bytes(range(1, 33)))]
EACH = pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.algorithm)
SEALING_KEY = public_key_of(bytes(range(32)))


@EACH
def test_a_signer_is_verified_by_the_verifier_of_its_algorithm_alone(signer: Signer) -> None:
    signature = signer.sign(b"data")
    check_key(signer.algorithm, signer.public_key)
    verifier(signer.algorithm)(signer.public_key, b"data", signature)
    for other in SIGNERS:
        if other is not signer:
            with pytest.raises(SignatureInvalid):
                verifier(other.algorithm)(signer.public_key, b"data", signature)
            with pytest.raises(SignatureInvalid):
                check_key(other.algorithm, signer.public_key)


@pytest.mark.parametrize("algorithm", [Algorithm.X25519, "", "none", "ed25519ph", "ED25519"])
def test_nothing_verifies_under_an_algorithm_that_does_not_sign(algorithm: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        verifier(algorithm)
    assert refused.value.reason is Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("algorithm", ["", "none", "ED25519"])
def test_no_key_of_an_unknown_algorithm_enters_the_directory(algorithm: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        check_key(algorithm, SIGNERS[0].public_key)
    assert refused.value.reason is Reason.KEY_WEAK


def test_a_sealing_key_enters_the_directory_only_in_one_encoding_and_with_a_shared_secret() -> None:
    check_key(Algorithm.X25519, SEALING_KEY)
    weak = [u.to_bytes(32, "little") for u in LOW_ORDER_U]
    with_top_bit = (int.from_bytes(SEALING_KEY, "little") | 1 << 255).to_bytes(32, "little")
    not_canonical = [(P + u).to_bytes(32, "little") for u in range(19)] + [with_top_bit]
    for key in [*weak, *not_canonical, b"", SEALING_KEY[:31], SEALING_KEY + b"\0"]:
        with pytest.raises(SignatureInvalid) as refused:
            check_key(Algorithm.X25519, key)
        assert refused.value.reason is Reason.KEY_WEAK
        assert "X25519" in str(refused.value)
    for key in weak:
        with pytest.raises(ValueError, match="shared key"):
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(key))


@EACH
def test_key_id_and_fingerprint_depend_on_algorithm_and_key(signer: Signer) -> None:
    named = key_id(signer.algorithm, signer.public_key)
    assert named == keyid.key_id(signer.algorithm, signer.public_key)
    assert len(named) == 32
    read = fingerprint(signer.algorithm, signer.public_key)
    changed = signer.public_key[:-1] + bytes([signer.public_key[-1] ^ 1])
    for algorithm, key in ((Algorithm.X25519, signer.public_key), (signer.algorithm, changed)):
        assert key_id(algorithm, key) != named
        assert fingerprint(algorithm, key) != read


TEXT = st.text(max_size=5)


@given(one=st.tuples(TEXT, TEXT, TEXT, st.binary(max_size=5)), other=st.tuples(TEXT, TEXT, TEXT, st.binary(max_size=5)))
def test_possession_bytes_are_the_same_only_for_the_same_fields(
    one: tuple[str, str, str, bytes], other: tuple[str, str, str, bytes]
) -> None:
    assert (possession_bytes(*one) == possession_bytes(*other)) == (one == other)


def test_possession_bytes_do_not_confuse_fields_that_run_together() -> None:
    key = bytes(32)
    assert possession_bytes("bus", "party", "ed25519", key) != possession_bytes("busp", "arty", "ed25519", key)
    assert possession_bytes("", "a", "b", b"") != possession_bytes("a", "", "b", b"")
