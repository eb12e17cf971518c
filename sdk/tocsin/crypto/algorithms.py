"""The algorithms a directory entry may name, and the one way to join fields into bytes that are signed or bound.

* An algorithm's name stands in the directory and in key ids: never renamed, never reused.
* Fields are joined with their lengths, so that no two lists of fields give the same bytes.
"""

from enum import StrEnum


class Algorithm(StrEnum):
    """What a key is used with; the value is its name in the directory."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256-sha256"
    X25519 = "x25519"
    """Sealing only: it signs nothing."""


def join_fields(*fields: bytes) -> bytes:
    """Each field behind its length in bytes (u32, big-endian)."""
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
