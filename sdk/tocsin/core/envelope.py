"""What is signed and what names a message: DSSE v1 (https://github.com/secure-systems-lab/dsse, protocol.md).

 * PAE(type, payload) = "DSSEv1" SP len(type) SP type SP len(payload) SP payload; lengths are bytes, in decimal.
 * message hash = SHA-256(PAE(payloadType, payload)). Identity, idempotency and references use it, never the envelope:
   an envelope can be changed around the same signed bytes.

Example:
    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
"""

from hashlib import sha256


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes a signature covers."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def message_hash(payload_type: str, payload: bytes) -> bytes:
    """The lasting name of a message: 32 bytes."""
    return sha256(pae(payload_type, payload)).digest()
