"""The log's key at work.

* One key per log: it signs tree heads under the log's origin and nothing else.
* It signs what it is told. That it never signs two trees that contradict each other is the duty of the commit
  transaction and of the anchor (``tocsin_hub.log.anchor``).
"""

from tocsin.core.checkpoint import Checkpoint, sign_note, vkey
from tocsin.crypto.ed25519 import Ed25519Signer


class CheckpointSigner:
    """Signs the tree heads of one log.

    Attributes:
        origin: Bus name/epoch, see ``checkpoint.log_origin``.
        public_key: The log's Ed25519 key, 32 bytes.
    """

    def __init__(self, origin: str, seed: bytes) -> None:
        """Makes the signer of the log ``origin`` from its Ed25519 seed of 32 bytes.

        Raises:
            Malformed: FIELD_INVALID for an origin that cannot name a log.
        """
        self._signer = Ed25519Signer(seed)
        self.origin = origin
        self.public_key = self._signer.public_key
        self.vkey = vkey(origin, self.public_key)
        """The key as C2SP tools take it."""

    def sign(self, size: int, root: bytes) -> bytes:
        """The signed note over (origin, size, root).

        Raises:
            Malformed: FIELD_INVALID.
        """
        return sign_note(Checkpoint(self.origin, size, root), self.origin, self.public_key, self._signer.sign)
