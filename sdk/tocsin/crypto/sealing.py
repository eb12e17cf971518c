"""Private parts: read by their recipients, not by the hub. At most 64 KiB each.

* One fresh AES-256-GCM key per part, wrapped for each recipient with HPKE (RFC 9180: base mode, DHKEM(X25519,
  HKDF-SHA256), HKDF-SHA256, AES-256-GCM).
* The library's HPKE takes no associated data, so the context is bound through ``info``: bus, message, recipient, key,
  part and media type. A wrap moved to another place does not open.
* GCM does not commit to its key, so the signed payload carries a salted hash of the content: two recipients cannot be
  shown different words, and a disclosed part proves itself. The salt lies inside the ciphertext: who cannot open the
  part cannot test a guess against the hash.
* Content is padded to the next step of a ladder of √2, so that its length tells little.
* Who wrote it is the envelope's signature to say.

``random`` gives salt and part key. The ephemeral key of each wrap is drawn by the library itself, from the system's
generator, and cannot be passed in. Bytes: ``docs/spec/signing.md``.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from math import isqrt
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.core.errors import Reason, error
from tocsin.core.message import Part, Wrap
from tocsin.crypto.algorithms import join_fields
from tocsin.crypto.edwards25519 import P

MAX_SMALL_PART = 64 * 1024
"""Bytes of content. It travels inside the message, of which a frame holds many; larger things go by reference."""

SALT_BYTES = 32
KEY_BYTES = 32

_FRONT = SALT_BYTES + 4
_NONCE = bytes(12)
"""Constant: a part key seals one part only."""

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)

LOW_ORDER_U = frozenset(
    (
        0,
        1,
        P - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    )
)
"""u of the points, on the curve and its twist, whose order divides 8: they give a shared secret of zeros."""


class Recipient(NamedTuple):
    """One sealing key of one party."""

    party: str
    key_id: str
    public_key: bytes


def check_public_key(raw: bytes) -> None:
    """Checks that an X25519 key may enter the directory.

    Raises:
        SignatureInvalid: KEY_WEAK.
    """
    u = int.from_bytes(raw, "little")
    if len(raw) != KEY_BYTES or u >= P or u in LOW_ORDER_U:
        raise error(Reason.KEY_WEAK, rule="an X25519 key: 32 bytes, canonical, not of low order")


def public_key_of(private_key_raw: bytes) -> bytes:
    """The public key, 32 bytes, of an X25519 private key.

    Raises:
        LocalFault: IDENTITY_INVALID for a key of another length.
    """
    return _private_key(private_key_raw).public_key().public_bytes_raw()


def seal_part(
    plaintext: bytes,
    *,
    name: str,
    media_type: str,
    bus: str,
    message_id: bytes,
    recipients: Sequence[tuple[str, str, bytes]],
    random: Callable[[int], bytes],
) -> Part:
    """Seals ``plaintext`` for ``recipients``.

    Args:
        plaintext: The content.
        name: Name of the part in its message.
        media_type: What the content is.
        bus: Bus name; with ``message_id`` (16 bytes) the place this part is bound to.
        message_id: Id of the message that will carry it.
        recipients: (party, key id, X25519 public key) of each, see ``Recipient``.
        random: Source of salt and part key.

    Raises:
        Malformed: PART_TOO_LARGE; FIELD_INVALID when nobody is to read it.
        SignatureInvalid: KEY_WEAK for a recipient's key.
    """
    if len(plaintext) > MAX_SMALL_PART:
        raise error(Reason.PART_TOO_LARGE, field=name, value=len(plaintext), limit=MAX_SMALL_PART)
    if not recipients:
        raise error(Reason.FIELD_INVALID, field="recipients", rule="a private part has at least 1 reader")
    for _, _, public_key in recipients:
        check_public_key(public_key)
    salt, key = random(SALT_BYTES), random(KEY_BYTES)
    padding = bytes(padded_size(len(plaintext)) - len(plaintext))
    inner = salt + len(plaintext).to_bytes(4, "big") + plaintext + padding
    wraps = tuple(
        Wrap(
            party=party,
            key_id=key_id,
            sealed_key=_SUITE.encrypt(
                key,
                X25519PublicKey.from_public_bytes(public_key),
                info=part_info(bus, message_id, party, key_id, name, media_type),
            ),
        )
        for party, key_id, public_key in recipients
    )
    return Part(
        name=name,
        media_type=media_type,
        plaintext_hash=part_hash(salt, plaintext),
        ciphertext=AESGCM(key).encrypt(_NONCE, inner, None),
        wraps=wraps,
    )


def open_part(part: Part, *, bus: str, message_id: bytes, party: str, key_id: str, private_key_raw: bytes) -> bytes:
    """The content of a part sealed for ``key_id`` of ``party``.

    Raises:
        SignatureInvalid: SEAL_INVALID when it was not sealed for this key and place, was changed, or is not what the
            signed hash says.
        LocalFault: IDENTITY_INVALID for a private key of another length.
    """
    private_key = _private_key(private_key_raw)
    info = part_info(bus, message_id, party, key_id, part.name, part.media_type)
    sealed_keys = [wrap.sealed_key for wrap in part.wraps if (wrap.party, wrap.key_id) == (party, key_id)]
    if len(sealed_keys) != 1:
        raise error(Reason.SEAL_INVALID, field=part.name)
    try:
        key = _SUITE.decrypt(sealed_keys[0], private_key, info=info)
        if len(key) != KEY_BYTES:  # a shorter one would choose AES-128
            raise ValueError("length")
        inner = AESGCM(key).decrypt(_NONCE, part.ciphertext, None)
    except (InvalidTag, ValueError) as exc:
        raise error(Reason.SEAL_INVALID, field=part.name) from exc
    salt, length = inner[:SALT_BYTES], int.from_bytes(inner[SALT_BYTES:_FRONT], "big")
    content, padding = inner[_FRONT : _FRONT + length], inner[_FRONT + length :]
    well_formed = length <= MAX_SMALL_PART and len(inner) == _FRONT + padded_size(length) and not any(padding)
    if not well_formed or part_hash(salt, content) != part.plaintext_hash:
        raise error(Reason.SEAL_INVALID, field=part.name)
    return content


def part_hash(salt: bytes, plaintext: bytes) -> bytes:
    """The salted hash that stands in the signed payload."""
    return sha256(b"tocsin part hash v1" + salt + plaintext).digest()


def part_info(bus: str, message_id: bytes, party: str, key_id: str, name: str, media_type: str) -> bytes:
    """The HPKE ``info`` of one wrap."""
    texts = (text.encode() for text in (party, key_id, name, media_type))
    return join_fields(b"tocsin part v1", bus.encode(), message_id, *texts)


def padded_size(size: int) -> int:
    """The first step of the ladder 256, 362, 512, 724, 1024, … (the integer root of 2^(16 + k)) that holds ``size``."""
    k = 0
    while (step := isqrt(1 << (16 + k))) < size:
        k += 1
    return step


def _private_key(raw: bytes) -> X25519PrivateKey:
    if len(raw) != KEY_BYTES:
        raise error(Reason.IDENTITY_INVALID, hint="a sealing key has 32 bytes")
    return X25519PrivateKey.from_private_bytes(raw)
