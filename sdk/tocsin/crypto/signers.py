"""One way to sign and verify, whatever the algorithm.

* Which algorithm counts is the directory entry's to say, never the envelope's.
* A ``Signer`` is anything that holds a private key: in memory here, in a security module elsewhere.
* A sealing key (X25519) signs nothing, and nothing verifies under it.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Protocol

from tocsin.core import keyid
from tocsin.core.errors import Reason, error
from tocsin.crypto import ed25519
from tocsin.crypto.algorithms import Algorithm, join_fields

__all__ = ["Algorithm", "Signer", "Verify", "check_key", "fingerprint", "key_id", "possession_bytes", "verifier"]

Verify = Callable[[bytes, bytes, bytes], None]
"""(public_key, data, signature) → nothing, or SignatureInvalid(SIGNATURE_INVALID)."""

_FINGERPRINT_DIGITS = 40
"""132 bits: as hard to imitate as an AES key is to guess, and still read aloud in half a minute."""


class Signer(Protocol):
    """Holds a private key."""

    @property
    def algorithm(self) -> Algorithm:
        """What it signs with."""
        ...

    @property
    def public_key(self) -> bytes:
        """The public key in the algorithm's one form."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data`` in the algorithm's one form."""
        ...


def verifier(algorithm: str) -> Verify:
    """What verifies signatures of ``algorithm``.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID for an algorithm that is unknown or does not sign.
    """
    if algorithm == Algorithm.ED25519:
        return ed25519.verify
    if algorithm == Algorithm.ECDSA_P256:
        from tocsin.crypto import p256

        return p256.verify
    raise error(Reason.SIGNATURE_INVALID)


def check_key(algorithm: str, raw: bytes) -> None:
    """Checks that a public key may enter the directory: in its one encoding, and strong.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    if algorithm == Algorithm.ED25519:
        ed25519.check_public_key(raw)
    elif algorithm == Algorithm.ECDSA_P256:
        from tocsin.crypto import p256

        p256.check_public_key(raw)
    elif algorithm == Algorithm.X25519:
        from tocsin.crypto import sealing

        sealing.check_public_key(raw)
    else:
        raise error(Reason.KEY_WEAK, rule="a known algorithm")


def key_id(algorithm: str, public_key: bytes) -> str:
    """Id of a key in the directory: 32 hex digits, see ``tocsin.core.keyid``."""
    return keyid.key_id(algorithm, public_key)


def fingerprint(algorithm: str, public_key: bytes) -> str:
    """A key to read aloud by telephone at enrolment: eight groups of five digits, 132 bits."""
    digest = sha256(b"tocsin fingerprint v1\0" + algorithm.encode() + b"\0" + public_key).digest()
    digits = str(int.from_bytes(digest, "big") % 10**_FINGERPRINT_DIGITS).zfill(_FINGERPRINT_DIGITS)
    return " ".join(digits[i : i + 5] for i in range(0, _FINGERPRINT_DIGITS, 5))


def renewal_bytes(bus: str, party: str, created_us: int, certificate_request: bytes) -> bytes:
    """What a key of ``party`` signs to ask for its next TLS certificate; ``certificate_request`` is PKCS#10 DER."""
    fields = join_fields(bus.encode(), party.encode(), created_us.to_bytes(8, "big"), sha256(certificate_request).digest())
    return b"tocsin certificate renewal v1\0" + fields


def possession_bytes(bus: str, party: str, algorithm: str, public_key: bytes) -> bytes:
    """What a new signing key signs to prove that whoever enrols it for ``party`` on ``bus`` holds it."""
    fields = join_fields(bus.encode(), party.encode(), algorithm.encode(), public_key)
    return b"tocsin key possession v1\0" + fields
