r"""Signed tree heads: a C2SP tlog-checkpoint in a C2SP signed note (https://c2sp.org/tlog-checkpoint, /signed-note).

 * A body has exactly three lines: origin, size in decimal, root in base64. Extension lines are refused: nobody can
   audit them.
 * The log signs under its origin as key name. Signatures of other keys, such as witnesses, are read and never counted.
 * Every signature under our name and key id must verify; one that does not spoils the note.
 * Reading is strict: one text for one value. Base64 is canonical, numbers have no leading zero, nothing stands around
   the note.

Example:
    >>> Checkpoint(origin="tocsin.example/1", size=0, root=EMPTY_ROOT).body()
    b'tocsin.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.merkle import EMPTY_ROOT, HASH_BYTES

MAX_SIZE = 2**63 - 1
"""Largest tree: what int64 and a store's INTEGER hold."""

MAX_NOTE_BYTES = 128 * 1024
"""C2SP asks readers to take 16 signatures; the largest post-quantum ones of 5 kB come to 107 kB in base64."""

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_DASH = "\u2014 "


class NoteSignature(NamedTuple):
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log.

    Attributes:
        origin: Lasting identity of the log: bus name/epoch.
        size: Number of leaves.
        root: RFC 6962 root over them, 32 bytes.

    Raises:
        Malformed: FIELD_INVALID.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        _check_name("origin", self.origin)
        if not 0 <= self.size <= MAX_SIZE:
            raise error(Reason.FIELD_INVALID, field="checkpoint.size", rule="from 0 to 2^63-1")
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != EMPTY_ROOT):
            raise error(
                Reason.FIELD_INVALID, field="checkpoint.root", rule="32 bytes; of nothing when the log is empty"
            )

    def body(self) -> bytes:
        """The signed text."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


def log_origin(bus_name: str, epoch: int) -> str:
    """The origin of a bus's log in one epoch (from 1), such as ``tocsin.example/1``.

    Raises:
        Malformed: FIELD_INVALID.
    """
    _check_name("bus_name", bus_name)
    if not 1 <= epoch <= MAX_SIZE:
        raise error(Reason.FIELD_INVALID, field="epoch", rule="1 for the first")
    return f"{bus_name}/{epoch}"


def note_key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes that tell which key signed: a hint, as anybody can make a key that collides.

    Raises:
        Malformed: FIELD_INVALID.
    """
    _check_name("key name", name)
    if len(public_key) != 32:
        raise error(Reason.FIELD_INVALID, field="public_key", rule="32 bytes of Ed25519")
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def vkey(name: str, public_key: bytes) -> str:
    """The verifier key as other C2SP tools take it: ``name+id+key``.

    Raises:
        Malformed: FIELD_INVALID.
    """
    return f"{name}+{note_key_id(name, public_key).hex()}+{b64encode(_ED25519 + public_key).decode()}"


def sign_note(checkpoint: Checkpoint, name: str, public_key: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The checkpoint as a note with one signature, made by ``sign`` over ``checkpoint.body()``.

    Raises:
        Malformed: FIELD_INVALID.
    """
    body = checkpoint.body()
    signature = b64encode(note_key_id(name, public_key) + sign(body)).decode()
    return body + f"\n{_DASH}{name} {signature}\n".encode()


def parse_note(note: bytes) -> tuple[Checkpoint, list[NoteSignature]]:
    """Reads a note and believes nothing: no signature is checked.

    Raises:
        Malformed: MALFORMED or FIELD_INVALID.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise _malformed(f"at most {MAX_NOTE_BYTES} bytes")
    checkpoint, signatures = _parsed(note)
    return checkpoint, list(signatures)


@lru_cache(maxsize=64)
def _parsed(note: bytes) -> tuple[Checkpoint, tuple[NoteSignature, ...]]:
    # The receipts of a batch share one note. What is malformed is not kept.
    try:
        text = note.decode()
    except UnicodeDecodeError:
        raise _malformed("UTF-8") from None
    body, blank, block = text.rpartition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) != 3 or not block.endswith("\n"):
        raise _malformed("origin, size and root, an empty line, signature lines")
    origin, size, root = lines
    if not size.isdecimal() or len(size) > len(str(MAX_SIZE)) or size != str(int(size)):
        raise _malformed("a size in decimal without leading zeros")
    checkpoint = Checkpoint(origin, int(size), _base64(root))
    return checkpoint, tuple(_signature(line) for line in block[:-1].split("\n"))


def verify_note(
    note: bytes, *, origin: str, public_key: bytes, verify: Callable[[bytes, bytes, bytes], None]
) -> Checkpoint:
    """The checkpoint of a note, once it is proved to come from the log ``origin`` with its Ed25519 ``public_key``.

    Args:
        note: The signed note.
        origin: The log's name; the key name must be the same.
        public_key: 32 bytes, from a trusted place.
        verify: ``verify(public_key, data, signature)`` raises SignatureInvalid unless the signature holds.

    Raises:
        Malformed: MALFORMED or FIELD_INVALID.
        SignatureInvalid: PROOF_INVALID when it is another log's or lacks this key's signature; what ``verify`` raises.
    """
    checkpoint, signatures = parse_note(note)
    if checkpoint.origin != origin:
        raise _refused("it comes from the log that was asked for")
    key_id = note_key_id(origin, public_key)
    ours = [s.signature for s in signatures if s.name == origin and s.key_id == key_id]
    if not ours:
        raise _refused("the log's own key signed it")
    for signature in ours:
        verify(public_key, checkpoint.body(), signature)
    return checkpoint


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise _malformed("a dash before each signature")
    _check_name("key name", name)
    raw = _base64(encoded)
    if len(raw) <= _KEY_ID_BYTES:
        raise _malformed("a key id and a signature in each signature line")
    return NoteSignature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def _base64(text: str) -> bytes:
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("base64 of RFC 4648 §4") from None
    if b64encode(raw).decode() != text:
        raise _malformed("canonical base64")
    return raw


def _check_name(field: str, name: str) -> None:
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise error(Reason.FIELD_INVALID, field=field, rule="not empty, without spaces, plus or control characters")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise error(Reason.FIELD_INVALID, field=field, rule="Unicode text") from None


def _malformed(rule: str) -> BusError:
    return error(Reason.MALFORMED, field="checkpoint", hint="the log's checkpoint is not in its exact form", rule=rule)


def _refused(rule: str) -> BusError:
    return error(Reason.PROOF_INVALID, field="checkpoint", rule=rule)
