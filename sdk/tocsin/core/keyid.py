"""The id of a key: a short hash of algorithm and public key, the same everywhere.

 * ``key_id`` = the first 16 bytes, in hex, of SHA-256("tocsin key v1" ‖ 0x00 ‖ algorithm ‖ 0x00 ‖ public key).
 * It names a key in the directory; it is a hint and never decides trust.
"""

import hashlib


def key_id(algorithm: str, public_key: bytes) -> str:
    """Id of a key: 32 hex digits."""
    return hashlib.sha256(b"tocsin key v1\0" + algorithm.encode() + b"\0" + public_key).digest()[:16].hex()
