"""ECDSA over P-256 with SHA-256, for security modules that have no Ed25519.

 * A signature is r ‖ s, 32 bytes each, big-endian: one length, one encoding; DER allows several.
 * s is at most half the group order: of the two signatures (r, s) and (r, n - s) one is refused, so that nobody can make a second
   envelope out of a first.
 * A key is a point in uncompressed form, 65 bytes, on the curve.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tocsin.core.errors import Reason, error

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ECDSA = ec.ECDSA(hashes.SHA256())


class P256Signer:
    """Signs with one key.

    Args:
        secret: The private scalar, 32 bytes big-endian.
    """

    algorithm = "ecdsa-p256-sha256"

    def __init__(self, secret: bytes) -> None:
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of ``data``."""
        r, s = decode_dss_signature(self._key.sign(data, _ECDSA))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")

    def __repr__(self) -> str:
        return "P256Signer(…)"


def check_public_key(public_key: bytes) -> None:
    """Whether a key may enter the directory.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    _point(public_key, Reason.KEY_WEAK)


def verify(public_key: bytes, data: bytes, signature: bytes) -> None:
    """Proves that the holder of ``public_key`` signed ``data``.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        raise error(Reason.SIGNATURE_INVALID, field="signature")
    try:
        _point(public_key, Reason.SIGNATURE_INVALID).verify(encode_dss_signature(r, s), data, _ECDSA)
    except InvalidSignature as exc:
        raise error(Reason.SIGNATURE_INVALID, field="signature") from exc


def _point(public_key: bytes, reason: Reason) -> ec.EllipticCurvePublicKey:
    try:
        if len(public_key) != 65 or public_key[0] != 4:
            raise ValueError("not an uncompressed point")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    except ValueError as exc:
        raise error(reason, field="public_key") from exc
