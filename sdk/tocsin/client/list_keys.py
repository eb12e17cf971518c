"""The keys of watchlists this party holds, opened from the signed messages that brought them.

 * A key lies on the disk only inside its sealed message; opened keys stay in memory while the participant lives.
 * Entries of our own lists are sealed on this disk under a key of this identity.
"""

import json
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.client.answering import open_private
from tocsin.client.identity import Identity
from tocsin.client.store import ClientStore
from tocsin.client.watch_rows import EpochRow, OwnRow
from tocsin.core.errors import Reason, error
from tocsin.core.orders.watch_list import WatchList
from tocsin.core.subjects import Subject, subject
from tocsin.core.times import from_us
from tocsin.core.watch import WatchAction
from tocsin.crypto.derive import derive_key, subject_token
from tocsin.crypto.watch import NONCE_BYTES, ListKey
from tocsin.watching import Listed
from tocsin.wire.codec import open_envelope


class ListKeys:
    """Opens list keys and our own copies of entries."""

    def __init__(self, identity: Identity, random: Callable[[int], bytes]) -> None:
        self._identity = identity
        self._random = random
        self._keys: dict[tuple[str, int], ListKey] = {}
        self._own = AESGCM(derive_key(identity.sealing_private, b"tocsin own watch entries v1\0"))

    async def key(self, store: ClientStore, row: EpochRow) -> ListKey:
        """The key of an epoch.

        Raises:
            SignatureInvalid: SEAL_INVALID when it was not sealed for us, or is not what the message says.
            LocalFault: CORRUPT when its message is gone.
        """
        known = self._keys.get((row.list_id, row.epoch))
        if known is not None:
            return known
        sent = await store.get_outbox(row.message_id)
        kept = sent if sent is not None else await store.get_inbox(row.message_id)
        if kept is None:
            raise error(Reason.CORRUPT, hint="the message that opened a list is gone")
        message = open_private(open_envelope(kept.envelope).message, self._identity)
        assert isinstance(message, WatchList)
        made = opened_key(message)
        self._keys[row.list_id, row.epoch] = made
        return made

    def subject_token(self, one: Subject) -> bytes:
        """What stands for a subject in our own tables."""
        return subject_token(self._identity.subject_key, f"watch {one.kind.name.lower()}", one.value)

    def seal_own(self, list_id: str, entry_no: int, one: Listed) -> bytes:
        """Our copy of an entry."""
        assert isinstance(one.subject, Subject)
        assert isinstance(one.action, WatchAction)
        plain = json.dumps([one.subject.text(), one.action.name, one.details], ensure_ascii=False).encode()
        nonce = self._random(NONCE_BYTES)
        return nonce + self._own.encrypt(nonce, plain, f"{list_id}/{entry_no}".encode())

    def open_own(self, row: OwnRow) -> Listed:
        """An entry of ours.

        Raises:
            LocalFault: CORRUPT when it was changed or belongs to another identity.
        """
        try:
            place = f"{row.list_id}/{row.entry_no}".encode()
            plain = self._own.decrypt(row.sealed[:NONCE_BYTES], row.sealed[NONCE_BYTES:], place)
        except InvalidTag as exc:
            raise error(Reason.CORRUPT, hint="an entry does not open with this identity's key") from exc
        text, action, details = json.loads(plain)
        return Listed(
            subject(text), WatchAction[action], from_us(row.ends_us), details, entry_no=row.entry_no,
            withdrawn=bool(row.withdrawn),
        )  # fmt: skip


def opened_key(message: WatchList) -> ListKey:
    """The key in an opened ``watch-list``.

    Raises:
        SignatureInvalid: SEAL_INVALID when it is missing or is not the one the signed part names.
    """
    made = ListKey(message.list_key, message.list_id, message.epoch)
    if made.check != message.key_check:
        raise error(Reason.SEAL_INVALID, field="list_key")
    return made
