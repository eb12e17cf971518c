"""Private parts: readable by their recipients, not by the hub. At most 64 KiB each.

 * One fresh AES-256-GCM key per part; that key is wrapped for each recipient with HPKE (RFC 9180, base mode, DHKEM(X25519,
   HKDF-SHA256), HKDF-SHA256, AES-256-GCM). The library draws the ephemeral keys itself.
 * HPKE here takes no associated data, so all context is bound through ``info``: bus, message, recipient, key, part and media type.
 * GCM does not commit to its key, so the signed payload carries a salted hash of the plaintext: two recipients cannot be shown
   different words. The salt travels inside the ciphertext, so the hash alone tells nothing, and a disclosed part proves itself.
 * The plaintext is padded to the next size of a ladder of √2, so that its length tells little.
 * Who wrote it is the envelope's signature to say.

Plaintext inside the ciphertext: salt[32] ‖ length u32 ‖ content ‖ zeros. Nonce of the part: twelve zero bytes, its key is used once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.core.errors import Reason, error
from tocsin.core.message import Part, Wrap

MAX_SMALL_PART = 64 * 1024
"""Larger ones travel by reference, not inside a message."""

MIN_PADDED = 256
SALT_BYTES = 32
_NONCE = bytes(12)
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a part is sealed for: one sealing key of one party."""

    party: str
    key_id: str
    public_key: bytes


def check_public_key(public_key: bytes) -> None:
    """Whether an X25519 key gives a shared secret at all (RFC 7748 §6.1).

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError as exc:
        raise error(Reason.KEY_WEAK, field="public_key") from exc


def public_key_of(private_key: bytes) -> bytes:
    """The public key of a raw X25519 private key."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def seal_part(
    content: bytes,
    *,
    name: str,
    media_type: str,
    bus: str,
    message_id: bytes,
    recipients: Sequence[Recipient],
    random: Callable[[int], bytes],
) -> Part:
    """A part sealed for ``recipients``.

    Raises:
        Malformed: PART_TOO_LARGE.
    """
    if len(content) > MAX_SMALL_PART:
        raise error(Reason.PART_TOO_LARGE, value=len(content), limit=MAX_SMALL_PART)
    salt, key = random(SALT_BYTES), random(32)
    plaintext = salt + len(content).to_bytes(4, "big") + content
    plaintext += bytes(padded_size(len(plaintext)) - len(plaintext))
    wraps = tuple(
        Wrap(
            party=one.party,
            key_id=one.key_id,
            sealed_key=_SUITE.encrypt(
                key,
                X25519PublicKey.from_public_bytes(one.public_key),
                info=part_info(bus, message_id, one.party, one.key_id, name, media_type),
            ),
        )
        for one in recipients
    )
    return Part(
        name=name,
        media_type=media_type,
        plaintext_hash=part_hash(salt, content),
        ciphertext=AESGCM(key).encrypt(_NONCE, plaintext, None),
        wraps=wraps,
    )


def open_part(part: Part, *, bus: str, message_id: bytes, party: str, key_id: str, private_key: bytes) -> bytes:
    """The content of a part sealed for ``party``.

    Raises:
        SignatureInvalid: SEAL_INVALID when it was not sealed for this key, was changed, or does not match its signed hash.
    """
    wrap = next((w for w in part.wraps if w.party == party and w.key_id == key_id), None)
    if wrap is None:
        raise error(Reason.SEAL_INVALID, field="parts")
    info = part_info(bus, message_id, party, key_id, part.name, part.media_type)
    try:
        key = _SUITE.decrypt(wrap.sealed_key, X25519PrivateKey.from_private_bytes(private_key), info=info)
        plaintext = AESGCM(key).decrypt(_NONCE, part.ciphertext, None)
    except (InvalidTag, ValueError) as exc:
        raise error(Reason.SEAL_INVALID, field="parts") from exc
    salt, length = plaintext[:SALT_BYTES], int.from_bytes(plaintext[SALT_BYTES : SALT_BYTES + 4], "big")
    content = plaintext[SALT_BYTES + 4 : SALT_BYTES + 4 + length]
    if len(content) != length or part_hash(salt, content) != part.plaintext_hash:
        raise error(Reason.SEAL_INVALID, field="parts")
    return content


def part_hash(salt: bytes, content: bytes) -> bytes:
    """The salted hash that the signed payload carries."""
    return sha256(b"tocsin part hash v1" + salt + content).digest()


def part_info(bus: str, message_id: bytes, party: str, key_id: str, name: str, media_type: str) -> bytes:
    """The HPKE ``info``: every field length-prefixed (u32, big-endian)."""
    fields = (b"tocsin part v1", bus.encode(), message_id, party.encode(), key_id.encode(), name.encode(), media_type.encode())
    return b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def padded_size(size: int) -> int:
    """The next step of the ladder 256, 363, 512, … (each √2 times the one before)."""
    step = float(MIN_PADDED)
    while ceil(step) < size:
        step *= 2**0.5
    return ceil(step)
