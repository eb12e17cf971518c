"""What the hub does before it writes: bodies are encrypted, accounts become tokens.

 * A body is AES-256-GCM under the hub's body key, with a random 96-bit nonce in front and the message id as associated data. One key
   is good for 2^32 bodies (NIST SP 800-38D §8.3).
 * A token is HMAC-SHA256 under the hub's subject key over kind and value, so that a stolen database is no register of accounts.
 * Both keys lie outside the database and outside its backups.
"""

import hashlib
import hmac
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.core.errors import Reason, error

NONCE_BYTES = 12


class BodyCipher:
    """Encrypts bodies at rest.

    Args:
        key: 32 bytes.
        random: Source of nonces.
    """

    def __init__(self, key: bytes, *, random: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(key)
        self._random = random

    def seal(self, message_id: bytes, envelope: bytes) -> bytes:
        """The stored form of an envelope."""
        nonce = self._random(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, envelope, message_id)

    def open(self, message_id: bytes, body: bytes) -> bytes:
        """The envelope.

        Raises:
            LocalFault: CORRUPT when the body was changed, moved or belongs to another key.
        """
        try:
            return self._cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], message_id)
        except (InvalidTag, ValueError) as exc:
            raise error(Reason.CORRUPT, hint="a stored message does not open with this hub's key") from exc


class SubjectTokens:
    """Turns accounts into tokens.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, kind: str, value: str) -> bytes:
        """32 bytes that stand for one account."""
        return hmac.digest(self._key, len(kind).to_bytes(4, "big") + kind.encode() + value.encode(), hashlib.sha256)
