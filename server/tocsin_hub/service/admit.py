"""Admission: the checks on one envelope that need no stored state. Parallel, and stores nothing.

 * Size, strict decoding, audience, sender = caller, signature by the key the directory has for the author.
 * Nothing that can change is judged here for good: key status, policy, profile and state wait for ``decide``. Keys are never
   taken out of the directory, so a signature checked here stays checked.
 * What ``Message.guard`` objects to is noted and refused by ``decide``, but for a message that is known: its data changes with
   releases, and neither a retry nor a replay may come to another end by that.
 * A new key must be strong and prove its possession: also true for ever.
"""

from collections.abc import Callable

from tocsin.core.directory import GOVERNANCE, Directory
from tocsin.core.directory_messages import AddKey
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.message import Message
from tocsin.crypto.possession import check_new_key
from tocsin.wire.codec import open_envelope, verify_author
from tocsin_hub.bodies import SubjectTokens
from tocsin_hub.domain.book import Admitted


class Admission:
    """Admits envelopes for one bus."""

    def __init__(self, *, bus: str, directory: Callable[[], Directory], tokens: SubjectTokens) -> None:
        self._bus = bus
        self._directory = directory
        self._tokens = tokens

    def admit(self, envelope: bytes, *, caller: str, guarded: bool = True) -> Admitted:
        """The message in ``envelope``, offered by the party ``caller``.

        Args:
            envelope: Untrusted bytes.
            caller: Who offers it, as its connection proves.
            guarded: Whether data that changes with releases has a say; not in a replay.

        Raises:
            Malformed: See ``tocsin.wire.codec.open_envelope``.
            SignatureInvalid: UNSIGNED, SIGNATURE_INVALID, KEY_WEAK.
            NotPermitted: WRONG_AUDIENCE, SENDER_MISMATCH, PARTY_UNKNOWN, KEY_UNKNOWN, JOIN_CODE_USED.
            RuleBroken: A rule visible in the message itself.
        """
        opened = open_envelope(envelope)
        message = opened.message
        header = message.header
        if header.audience != self._bus:
            raise error(Reason.WRONG_AUDIENCE, field="audience", bus=self._bus)
        if header.sender != caller:
            raise error(Reason.SENDER_MISMATCH, field="sender", sender=header.sender, connection=caller)
        key = self._directory().authority(message)
        verify_author(opened, key.algorithm, key.public_key)
        if isinstance(message, AddKey):
            check_new_key(message, self._bus)
        target = header.target
        subject = b"" if target is None or header.exercise else self._tokens.token(target.kind, target.value)
        return Admitted(
            message=message,
            message_hash=opened.message_hash,
            signature=opened.signature,
            envelope=envelope,
            subject=subject,
            author_public_key=key.public_key,
            objection=_objection(message) if guarded else None,
        )

    def admit_governance(self, envelope: bytes) -> Admitted:
        """The message in ``envelope``, which must be governance's own. Raises as ``admit`` does."""
        return self.admit(envelope, caller=GOVERNANCE)


def _objection(message: Message) -> BusError | None:
    try:
        message.guard()
    except BusError as failure:
        return failure
    return None
