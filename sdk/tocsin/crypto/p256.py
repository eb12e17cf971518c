"""ECDSA over P-256 with SHA-256 (FIPS 186-5), for security modules that have no Ed25519.

* A signature is r ‖ s, 32 bytes each, big-endian: one length, one encoding. DER has several encodings and lengths.
* s is at most half the group order. Of (r, s) and (r, n - s), both of which satisfy the equation, one is refused:
  otherwise anyone could turn a signed envelope into a second one, and the log leaf names the signature.
* A key is a point on the curve in uncompressed form, 65 bytes: 0x04 ‖ x ‖ y.
* A security module that gives DER or a high s is adapted by ``from_der``; the verifier takes nothing else.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tocsin.core.errors import Reason, error
from tocsin.crypto.algorithms import Algorithm

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PUBLIC_KEY_BYTES = 65
SIGNATURE_BYTES = 64
SECRET_BYTES = 32

_VERIFY = ec.ECDSA(hashes.SHA256())
_SIGN = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
"""RFC 6979: a repeated nonce would give the key away, so no generator is trusted with it."""


class P256Signer:
    """Signs with one key held in memory.

    Attributes:
        algorithm: ``Algorithm.ECDSA_P256``.
        public_key: 65 bytes.
    """

    algorithm = Algorithm.ECDSA_P256

    def __init__(self, secret: bytes) -> None:
        """Makes the signer of the private scalar ``secret``, 32 bytes, big-endian.

        Raises:
            LocalFault: IDENTITY_INVALID for a scalar that is not in [1, n - 1] or of another length.
        """
        scalar = int.from_bytes(secret, "big")
        if len(secret) != SECRET_BYTES or not 0 < scalar < ORDER:
            raise error(Reason.IDENTITY_INVALID, hint="a signing key has 32 bytes")
        self._key = ec.derive_private_key(scalar, ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``, 64 bytes; the same every time."""
        return from_der(self._key.sign(data, _SIGN))


def from_der(signature: bytes) -> bytes:
    """The one form of a DER signature: r ‖ s with the low s.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID when it is not DER, or r or s is not in [1, n - 1].
    """
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as exc:
        raise error(Reason.SIGNATURE_INVALID) from exc
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise error(Reason.SIGNATURE_INVALID)
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def check_public_key(raw: bytes) -> None:
    """Checks that a key may enter the directory.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    try:
        _point(raw)
    except ValueError as exc:
        raise error(Reason.KEY_WEAK, rule="a P-256 key: an uncompressed point of 65 bytes on the curve") from exc


def verify(public_key: bytes, data: bytes, signature: bytes) -> None:
    """Proves that the holder of ``public_key`` signed ``data``.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != SIGNATURE_BYTES or not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        raise error(Reason.SIGNATURE_INVALID)
    try:
        _point(public_key).verify(encode_dss_signature(r, s), data, _VERIFY)
    except (InvalidSignature, ValueError) as exc:
        raise error(Reason.SIGNATURE_INVALID) from exc


def _point(raw: bytes) -> ec.EllipticCurvePublicKey:
    # The library would also take compressed points: two encodings, two key ids for one key.
    if len(raw) != PUBLIC_KEY_BYTES:
        raise ValueError("length")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
