"""Envelope bytes ↔ messages, strictly; the straight way in and out of every party and the hub.

 * ``open_envelope`` takes any bytes at all and gives a checked message, or raises ``Malformed``, ``SignatureInvalid``
   (UNSIGNED) or ``RuleBroken`` (a rule visible in the message itself); nothing else.
 * It does not verify: whose key and algorithm count is the directory's to say. ``verify_author`` does, once the key is
   known. What is opened is not to be believed before.
 * The signed bytes are kept as they came. Nobody re-encodes a payload that was signed.

Example:
    opened = open_envelope(raw)
    key = directory.key(opened.message.header.author_key)
    verify_author(opened, key.algorithm, key.public_key)
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from tocsin.core.envelope import pae
from tocsin.core.errors import Reason, error
from tocsin.core.message import MAX_ENVELOPE_BYTES, Message
from tocsin.crypto.signers import verifier
from tocsin.v1.envelope_pb2 import Envelope, Signature
from tocsin.wire.convert import from_proto, to_proto
from tocsin.wire.registry import kind_of
from tocsin.wire.strict import parse_strict

_MAX_SIGNATURE_BYTES = 8 * 1024
"""The largest signature of any algorithm in sight is ML-DSA-87's, 4,627 bytes."""

_MAX_KEYID = 128
"""Characters of the hint; our own key ids have 32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message out of its envelope; its author is not proved yet.

    Attributes:
        envelope_bytes: As received; stored and forwarded.
        payload_type: DSSE payload type.
        payload: The signed bytes of the message.
        signature: The author's, as the algorithm writes it.
        keyid: The envelope's hint; decides nothing.
        message: The checked message, without private fields.
        message_hash: SHA-256 of the signing input; the message's lasting name.
    """

    envelope_bytes: bytes
    payload_type: str
    payload: bytes
    signature: bytes
    keyid: str
    message: Message
    message_hash: bytes


def open_envelope(raw: bytes) -> Opened:
    """The message in ``raw``, strictly decoded and checked, its signature unverified.

    Raises:
        Malformed: ENVELOPE_TOO_LARGE, MALFORMED, UNKNOWN_FIELD, NOT_CANONICAL, UNKNOWN_PAYLOAD_TYPE, UNKNOWN_ENUM,
            FIELD_MISSING, FIELD_INVALID, or what is wrong with a value.
        SignatureInvalid: UNSIGNED.
        RuleBroken: The message breaks a rule of its kind.
    """
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise error(Reason.ENVELOPE_TOO_LARGE, value=len(raw), limit=MAX_ENVELOPE_BYTES)
    envelope = parse_strict(Envelope, raw)
    signatures = envelope.signatures
    if not signatures or not signatures[0].sig:
        raise error(Reason.UNSIGNED)
    if len(signatures) > 1:
        raise error(Reason.FIELD_INVALID, field="signatures", rule="exactly one, the author's")
    signature = signatures[0]
    sig, keyid = signature.sig, signature.keyid
    if len(sig) > _MAX_SIGNATURE_BYTES or len(keyid) > _MAX_KEYID:
        raise error(Reason.FIELD_INVALID, field="signatures", rule="a signature and a key id of usual length")
    payload_type, payload = envelope.payload_type, envelope.payload
    return Opened(
        envelope_bytes=raw,
        payload_type=payload_type,
        payload=payload,
        signature=sig,
        keyid=keyid,
        message=from_proto(kind_of(payload_type), payload),
        message_hash=sha256(pae(payload_type, payload)).digest(),
    )


def outline(raw: bytes) -> tuple[bytes, bytes]:
    """Message hash and signature of an envelope of our own making, without decoding its message again.

    Raises:
        Malformed: The envelope is none.
        SignatureInvalid: UNSIGNED.
    """
    envelope = parse_strict(Envelope, raw)
    if not envelope.signatures:
        raise error(Reason.UNSIGNED)
    return sha256(pae(envelope.payload_type, envelope.payload)).digest(), envelope.signatures[0].sig


def verify_author(opened: Opened, algorithm: str, public_key: bytes) -> None:
    """Proves that the holder of ``public_key`` signed the message.

    Args:
        opened: From ``open_envelope``.
        algorithm: From the directory entry of ``header.author_key``; never from the envelope.
        public_key: From the same entry.

    Raises:
        SignatureInvalid: SIGNATURE_INVALID.
    """
    verifier(algorithm)(public_key, pae(opened.payload_type, opened.payload), opened.signature)


def seal_envelope(message: Message, sign: Callable[[bytes], bytes]) -> bytes:
    """The envelope of ``message``, signed by ``sign`` with the key that ``header.author_key`` names.

    Args:
        message: With its private fields already sealed into ``header.parts``; they are left out here.
        sign: From the signing input to the raw signature.

    Raises:
        Malformed: A value is missing or wrong, or ENVELOPE_TOO_LARGE.
        RuleBroken: The message breaks a rule of its kind.
        BusError: Whatever ``sign`` raises.
    """
    payload, payload_type = to_proto(message), message.KIND.payload_type
    signature = Signature(sig=sign(pae(payload_type, payload)), keyid=message.header.author_key)
    envelope = Envelope(payload=payload, payload_type=payload_type, signatures=[signature])
    raw = envelope.SerializeToString(deterministic=True)
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise error(Reason.ENVELOPE_TOO_LARGE, value=len(raw), limit=MAX_ENVELOPE_BYTES)
    return raw
