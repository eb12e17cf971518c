"""One way to sign and verify, whatever the algorithm. Which one counts is the directory's to say, never the envelope's.

 * A ``Signer`` is anything that holds a private key: in memory here, in a security module elsewhere.
 * A sealing key (X25519) signs nothing and is checked only for strength.
"""

from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from tocsin.core.errors import Reason, error
from tocsin.core.keyid import key_id
from tocsin.crypto import ed25519

__all__ = ["Algorithm", "Signer", "check_key", "fingerprint", "key_id", "possession_bytes", "verifier"]

Verify = Callable[[bytes, bytes, bytes], None]
"""(public key, data, signature); raises SignatureInvalid."""


class Algorithm(StrEnum):
    """Algorithms a directory entry may name."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256-sha256"
    X25519 = "x25519"


class Signer(Protocol):
    """Holds a private key.

    Attributes:
        algorithm: As the directory names it.
        public_key: In the algorithm's one form.
    """

    algorithm: str
    public_key: bytes

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``, in the algorithm's one form."""
        ...


def verifier(algorithm: str) -> Verify:
    """What verifies signatures of ``algorithm``.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID for an algorithm that does not sign or is not known.
    """
    if algorithm == Algorithm.ED25519:
        return ed25519.verify
    if algorithm == Algorithm.ECDSA_P256:
        from tocsin.crypto import p256

        return p256.verify
    raise error(Reason.SIGNATURE_INVALID, field="algorithm")


def check_key(algorithm: str, public_key: bytes) -> None:
    """Whether a public key is strong enough for the directory.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    if algorithm == Algorithm.ED25519:
        ed25519.check_public_key(public_key)
    elif algorithm == Algorithm.ECDSA_P256:
        from tocsin.crypto import p256

        p256.check_public_key(public_key)
    elif algorithm == Algorithm.X25519:
        from tocsin.crypto import sealing

        sealing.check_public_key(public_key)
    else:
        raise error(Reason.KEY_WEAK, field="algorithm")


def possession_bytes(bus: str, party: str, algorithm: str, public_key: bytes) -> bytes:
    """What a new signing key signs to prove that its holder asks for it; every field length-prefixed (u32, big-endian)."""
    fields = (bus.encode(), party.encode(), algorithm.encode(), public_key)
    return b"tocsin key possession v1\0" + b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def fingerprint(algorithm: str, public_key: bytes) -> str:
    """A key to read aloud by telephone: eight groups of five digits, 132 bits of its hash."""
    digest = int.from_bytes(sha256(b"tocsin fingerprint v1\0" + algorithm.encode() + b"\0" + public_key).digest(), "big")
    groups = []
    for _ in range(8):
        digest, group = divmod(digest, 100_000)
        groups.append(f"{group:05d}")
    return " ".join(groups)
