"""The leaf of the log and the chain of directory entries, final as docs/spec/log.md specifies them.

* leaf = 0x01 ‖ accepted_us u64 ‖ directory_version u64 ‖ directory_head[32] ‖ commitment[32]: 81 bytes, integers
  big-endian.
* commitment = SHA-256("tocsin leaf v1" ‖ salt[32] ‖ message hash[32] ‖ SHA-256(signature)). Without the salt it tells
  nothing: the log holds no personal data, and a body destroyed with its salt leaves a leaf nobody can open.
* directory head n = SHA-256("tocsin directory entry v1" ‖ head n-1 ‖ n u64 ‖ message hash of entry n); head 0 is 32
  zero bytes.
* Every part has a fixed length and is checked: what is hashed can be read in one way only.
"""

from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from tocsin.core.errors import Reason, error

LEAF_VERSION = 1
LEAF_BYTES = 81

EMPTY_HEAD = bytes(32)
"""Head of the directory chain before its first entry."""

MAX_INTEGER = 2**63 - 1
"""Largest time and version: what int64 on the wire and INTEGER in a store hold; the leaf's u64 could hold more."""

_HASH_BYTES = 32
_PREFIX = Struct(">BQQ")
_COMMITMENT_TAG = b"tocsin leaf v1"
_ENTRY_TAG = b"tocsin directory entry v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the log.

    Attributes:
        accepted_us: When the hub accepted the message, microseconds since 1970 UTC.
        directory_version: Number of directory entries the message was judged under.
        directory_head: Head of the directory chain at that version.
        commitment: What ``commitment()`` gives for the message.

    Raises:
        Malformed: FIELD_INVALID.
    """

    accepted_us: int
    directory_version: int
    directory_head: bytes
    commitment: bytes

    def __post_init__(self) -> None:
        _check_integer("accepted_us", self.accepted_us)
        _check_integer("directory_version", self.directory_version)
        _check_hash("directory_head", self.directory_head)
        _check_hash("commitment", self.commitment)

    def encode(self) -> bytes:
        """The 81 bytes that stand in the log."""
        return encode_leaf(self.accepted_us, self.directory_version, self.directory_head, self.commitment)

    @classmethod
    def decode(cls, data: bytes) -> "Leaf":
        """Reads a leaf.

        Raises:
            Malformed: MALFORMED or FIELD_INVALID.
        """
        if len(data) != LEAF_BYTES or data[0] != LEAF_VERSION:
            raise error(
                Reason.MALFORMED, field="leaf", hint=f"a leaf has {LEAF_BYTES} bytes and version {LEAF_VERSION}"
            )
        _, accepted_us, directory_version = _PREFIX.unpack_from(data)
        return cls(
            accepted_us=accepted_us,
            directory_version=directory_version,
            directory_head=data[17:49],
            commitment=data[49:],
        )


def encode_leaf(accepted_us: int, directory_version: int, directory_head: bytes, commitment: bytes) -> bytes:
    """``Leaf.encode`` without the object, for the hub's batch.

    Raises:
        Malformed: FIELD_INVALID.
    """
    _check_integer("accepted_us", accepted_us)
    _check_integer("directory_version", directory_version)
    _check_hash("directory_head", directory_head)
    _check_hash("commitment", commitment)
    return _PREFIX.pack(LEAF_VERSION, accepted_us, directory_version) + directory_head + commitment


def commitment(salt: bytes, message_hash: bytes, signature: bytes) -> bytes:
    """The blinded name of a signed message: 32 bytes, from a salt of 32 random bytes the hub draws.

    Raises:
        Malformed: FIELD_INVALID.
    """
    _check_hash("salt", salt)
    _check_hash("message_hash", message_hash)
    return sha256(_COMMITMENT_TAG + salt + message_hash + sha256(signature).digest()).digest()


def next_head(head: bytes, version: int, message_hash: bytes) -> bytes:
    """The head of the directory chain after entry ``version`` (from 1), which is the message with this hash.

    Raises:
        Malformed: FIELD_INVALID.
    """
    _check_hash("directory_head", head)
    if not 1 <= version <= MAX_INTEGER:
        raise error(Reason.FIELD_INVALID, field="directory_version", rule="1 for the first entry, below 2^63")
    _check_hash("message_hash", message_hash)
    return sha256(_ENTRY_TAG + head + version.to_bytes(8, "big") + message_hash).digest()


def _check_integer(field: str, value: int) -> None:
    if not 0 <= value <= MAX_INTEGER:
        raise error(Reason.FIELD_INVALID, field=field, rule="from 0 to 2^63-1")


def _check_hash(field: str, value: bytes) -> None:
    if len(value) != _HASH_BYTES:
        raise error(Reason.FIELD_INVALID, field=field, rule="32 bytes")
