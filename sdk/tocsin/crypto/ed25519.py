"""Ed25519 under one strict rule, so that every verifier in every language gives the same verdict.

* Key: the canonical encoding of a point of the prime-order subgroup, checked once, when it enters the directory, and
  by whoever verifies offline.
* Signature: S < L; R canonical and not of low order; the equation without cofactor, R compared as bytes (RFC 8032
  §5.1.7, made stricter). A canonical key of low order is refused here too.
* ``verify`` asks libsodium, ``verify_portable`` asks ``cryptography`` and adds what it leaves out. They agree on all
  914 C2SP/CCTV edge cases: 43 accepted, 1 of them under a key that the key rule accepts.
"""

from nacl import bindings
from nacl.exceptions import BadSignatureError

from tocsin.core.errors import Reason, error
from tocsin.crypto.algorithms import Algorithm
from tocsin.crypto.edwards25519 import L, P, is_prime_order

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
SEED_BYTES = 32

_KEY_RULE = "an Ed25519 key: 32 bytes, canonical, in the prime-order subgroup"
_Y = (1 << 255) - 1
"""The bits of y in an encoding; the top bit is the sign of x."""

LOW_ORDER_Y = frozenset(
    (
        0,  # order 4
        1,  # the identity
        P - 1,  # order 2
        2707385501144840649318225287225658788936804267575313519463743609750303402022,  # order 8
        55188659117513257062467267217118295137698188065244968500265048394206261417927,  # order 8
    )
)
"""y of the eight points whose order divides 8, whatever the sign of x."""


class Ed25519Signer:
    """Signs with one key.

    Attributes:
        algorithm: ``Algorithm.ED25519``.
        public_key: 32 bytes.
    """

    algorithm = Algorithm.ED25519

    def __init__(self, seed: bytes) -> None:
        """Makes the signer of the private key ``seed``, 32 bytes (RFC 8032 §5.1.5).

        Raises:
            LocalFault: IDENTITY_INVALID for a seed of another length.
        """
        if len(seed) != SEED_BYTES:
            raise error(Reason.IDENTITY_INVALID, hint="a signing key has 32 bytes")
        self.public_key, self._secret = bindings.crypto_sign_seed_keypair(seed)

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``, 64 bytes; the same every time."""
        return bindings.crypto_sign(data, self._secret)[:SIGNATURE_BYTES]


def check_public_key(raw: bytes) -> None:
    """Checks that a key may enter the directory.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    if len(raw) != PUBLIC_KEY_BYTES or not bindings.crypto_core_ed25519_is_valid_point(raw):
        raise error(Reason.KEY_WEAK, rule=_KEY_RULE)


def check_public_key_portable(raw: bytes) -> None:
    """``check_public_key`` without libsodium; takes milliseconds.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    if not is_prime_order(raw):
        raise error(Reason.KEY_WEAK, rule=_KEY_RULE)


def verify(public_key: bytes, data: bytes, signature: bytes) -> None:
    """Proves that the holder of ``public_key``, a checked key, signed ``data``.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    # libsodium reads fixed lengths from what it is given.
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise error(Reason.SIGNATURE_INVALID)
    try:
        bindings.crypto_sign_open(signature + data, public_key)
    except BadSignatureError as exc:
        raise error(Reason.SIGNATURE_INVALID) from exc


def verify_portable(public_key: bytes, data: bytes, signature: bytes) -> None:
    """``verify`` with ``cryptography`` alone.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    well_formed = (
        len(public_key) == PUBLIC_KEY_BYTES
        and len(signature) == SIGNATURE_BYTES
        and int.from_bytes(signature[32:], "little") < L
        and _is_canonical_and_large(public_key)
        and _is_canonical_and_large(signature[:32])
    )
    if not well_formed:
        raise error(Reason.SIGNATURE_INVALID)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError) as exc:
        raise error(Reason.SIGNATURE_INVALID) from exc


def _is_canonical_and_large(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & _Y
    return y < P and y not in LOW_ORDER_Y
