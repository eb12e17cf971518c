"""The key of one epoch of a watchlist: tokens for subjects, sealed details, and a value by which another key is noticed.

* Token = HMAC-SHA256(list key, kind ‖ 0x00 ‖ canonical form). Who has the list key can try every number there is; who lacks it
  learns nothing but whether two tokens of one epoch are equal.
* Details are padded to 64 bytes and sealed with AES-256-GCM under a key derived from the list key; token, list and epoch are
  associated data, so that details moved to another entry do not open. Nonces are random: an epoch seals far fewer than 2^32.
* The check value is derived apart from the token and the details: it tells nothing about either.

Bytes: ``docs/spec/watchlists.md``; golden vectors: ``tests/golden/watch.json``.
"""

import hmac
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.core.errors import Reason, error
from tocsin.core.subjects import Subject
from tocsin.core.watch import KEY_BYTES, KEY_CHECK_BYTES, MAX_SEALED_DETAILS
from tocsin.crypto.algorithms import join_fields
from tocsin.crypto.derive import derive_key

STEP = 64
"""Details are padded to multiples of this, so that their length tells little."""

NONCE_BYTES, TAG_BYTES = 12, 16
MAX_DETAILS = MAX_SEALED_DETAILS - NONCE_BYTES - TAG_BYTES - 1
"""UTF-8 bytes of details: a name, a reason and an instruction; files go by other ways."""


class ListKey:
    """What the owner and the authorised checkers of one epoch share.

    Args:
        key: 32 bytes, of this epoch alone.
        list_id: The list.
        epoch: The epoch.

    Raises:
        SignatureInvalid: SEAL_INVALID for a key of another length.
    """

    def __init__(self, key: bytes, list_id: str, epoch: int) -> None:
        if len(key) != KEY_BYTES:
            raise error(Reason.SEAL_INVALID, field="list_key")
        self.list_id = list_id
        self.epoch = epoch
        self._mac = hmac.new(key, digestmod="sha256")
        self._place = (list_id.encode(), epoch.to_bytes(4, "big"))
        self._details = AESGCM(derive_key(key, join_fields(b"tocsin watch details v1", *self._place)))
        self.check = derive_key(key, join_fields(b"tocsin watch key check v1", *self._place))[:KEY_CHECK_BYTES]

    def token(self, subject: Subject) -> bytes:
        """The token of a subject, 32 bytes."""
        mac = self._mac.copy()
        mac.update(subject.kind.name.lower().encode() + b"\0" + subject.value.encode())
        return mac.digest()

    def seal(self, token: bytes, details: str, random: Callable[[int], bytes]) -> bytes:
        """Details for the entry of ``token``; empty for none.

        Raises:
            Malformed: FIELD_INVALID when they are too long.
        """
        if not details:
            return b""
        plain = details.encode()
        if len(plain) > MAX_DETAILS:
            raise error(Reason.FIELD_INVALID, field="details", rule=f"at most {MAX_DETAILS} bytes")
        padded = plain + b"\x80" + bytes(-(len(plain) + 1) % STEP)
        nonce = random(NONCE_BYTES)
        return nonce + self._details.encrypt(nonce, padded, self._bound_to(token))

    def open(self, token: bytes, sealed: bytes) -> str:
        """The details of the entry of ``token``.

        Raises:
            SignatureInvalid: SEAL_INVALID when they were changed, moved, or sealed with another key.
        """
        if not sealed:
            return ""
        try:
            padded = self._details.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound_to(token))
            plain, mark, rest = padded.rpartition(b"\x80")
            if not mark or any(rest):
                raise ValueError("padding")
            return plain.decode()
        except (InvalidTag, ValueError) as exc:
            raise error(Reason.SEAL_INVALID, field="details") from exc

    def _bound_to(self, token: bytes) -> bytes:
        return join_fields(token, *self._place)
