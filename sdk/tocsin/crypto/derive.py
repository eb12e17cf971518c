"""Secrets made from secrets, and tokens that stand for numbers.

* A derived key depends on one secret and on a label that names its use, so that no two uses share a key.
* A token tells nothing about its account to who lacks the key; two accounts never share one, because each field stands
  behind its length.
"""

import hmac

from tocsin.crypto.algorithms import join_fields

KEY_BYTES = 32


def derive_key(secret: bytes, info: bytes) -> bytes:
    """32 bytes from ``secret`` for the use ``info``: HKDF-SHA256 (RFC 5869) without salt."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, None, info).derive(secret)


def subject_token(key: bytes, kind: str, value: str) -> bytes:
    """32 bytes that stand for one account: HMAC-SHA256 of its kind and number."""
    return hmac.digest(key, join_fields(kind.encode(), value.encode()), "sha256")
