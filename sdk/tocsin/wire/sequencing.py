"""What the hub recorded when it sequenced a message, and the receipt that proves it.

* A receipt proves that one signed message stands at one place of one log. ``verify_receipt`` believes nothing else in
  it: the checkpoint must be signed by the log's key, and the leaf made of message, signature and record must stand in
  its tree.
* Policy and profile version are not in the leaf; they tell under which rules to judge, and a wrong one fails that
  judgement.
* Receipts and records are answers of a service, not signed messages: fields of a later version are let through.
"""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from tocsin.core.checkpoint import Checkpoint, verify_note
from tocsin.core.errors import Reason, error
from tocsin.core.leaf import commitment, encode_leaf
from tocsin.core.merkle import leaf_hash, verify_inclusion
from tocsin.v1 import envelope_pb2

_HASH_BYTES = 32
_MAX_PATH = 64
"""Hashes in an inclusion path: one per level of a tree of 2^63 leaves, and one to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequencing:
    """One sequencing record.

    Attributes:
        log_index: Position in the log, from 0.
        accepted_us: When the hub accepted the message, microseconds since 1970 UTC; never decreases along the log.
        salt: 32 random bytes that blind the leaf.
        directory_version: Number of directory entries the message was judged under.
        directory_head: Head of their hash chain, 32 bytes.
        policy_version: Policy it was judged under.
        profile_version: Profile it was judged under; 0 for a message that rests on none.

    Raises:
        Malformed: FIELD_INVALID.
    """

    log_index: int
    accepted_us: int
    salt: bytes
    directory_version: int
    directory_head: bytes
    policy_version: int
    profile_version: int

    def __post_init__(self) -> None:
        if len(self.salt) != _HASH_BYTES or len(self.directory_head) != _HASH_BYTES:
            raise error(Reason.FIELD_INVALID, field="sequencing.salt", rule="salt and directory head of 32 bytes each")
        if self.accepted_us <= 0:
            raise error(Reason.FIELD_INVALID, field="sequencing.accepted_us", rule="after 1970")

    def leaf(self, message_hash: bytes, signature: bytes) -> bytes:
        """The log leaf of the message with this hash and author's signature.

        Raises:
            Malformed: FIELD_INVALID.
        """
        blinded = commitment(self.salt, message_hash, signature)
        return encode_leaf(self.accepted_us, self.directory_version, self.directory_head, blinded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that a message stands in the log.

    Attributes:
        sequencing: What the hub recorded.
        inclusion_path: RFC 6962 path, leaf to root, for the tree of ``checkpoint``.
        checkpoint: C2SP signed note.
    """

    sequencing: Sequencing
    inclusion_path: tuple[bytes, ...]
    checkpoint: bytes


def sequencing_to_proto(record: Sequencing) -> envelope_pb2.Sequencing:
    """The record as it travels."""
    return envelope_pb2.Sequencing(
        log_index=record.log_index,
        accepted_us=record.accepted_us,
        salt=record.salt,
        directory_version=record.directory_version,
        directory_head=record.directory_head,
        policy_version=record.policy_version,
        profile_version=record.profile_version,
    )


def sequencing_from_proto(proto: envelope_pb2.Sequencing) -> Sequencing:
    """The record that ``proto`` holds.

    Raises:
        Malformed: FIELD_INVALID.
    """
    return Sequencing(
        log_index=proto.log_index,
        accepted_us=proto.accepted_us,
        salt=proto.salt,
        directory_version=proto.directory_version,
        directory_head=proto.directory_head,
        policy_version=proto.policy_version,
        profile_version=proto.profile_version,
    )


def receipt_to_proto(receipt: Receipt) -> envelope_pb2.Receipt:
    """The receipt as it travels."""
    return envelope_pb2.Receipt(
        sequencing=sequencing_to_proto(receipt.sequencing),
        inclusion_path=receipt.inclusion_path,
        checkpoint=receipt.checkpoint,
    )


def receipt_from_proto(proto: envelope_pb2.Receipt) -> Receipt:
    """The receipt that ``proto`` holds; not verified.

    Raises:
        Malformed: FIELD_INVALID.
    """
    if len(proto.inclusion_path) > _MAX_PATH:
        raise error(Reason.FIELD_INVALID, field="receipt.inclusion_path", rule=f"at most {_MAX_PATH} hashes")
    return Receipt(
        sequencing=sequencing_from_proto(proto.sequencing),
        inclusion_path=tuple(proto.inclusion_path),
        checkpoint=proto.checkpoint,
    )


def encode_receipt(receipt: Receipt) -> bytes:
    """The bytes of a receipt: the same receipt always has the same."""
    return receipt_to_proto(receipt).SerializeToString(deterministic=True)


def decode_receipt(raw: bytes) -> Receipt:
    """The receipt in ``raw``; not verified.

    Raises:
        Malformed: MALFORMED or FIELD_INVALID.
    """
    try:
        proto = envelope_pb2.Receipt.FromString(raw)
    except DecodeError as exc:
        raise error(Reason.MALFORMED, hint="it is not a receipt") from exc
    return receipt_from_proto(proto)


def verify_receipt(
    receipt: Receipt,
    *,
    message_hash: bytes,
    signature: bytes,
    origin: str,
    log_key: bytes,
    verify: Callable[[bytes, bytes, bytes], None],
) -> Checkpoint:
    """The checkpoint of ``receipt``, once it is proved that the message stands in its tree at the recorded place.

    Args:
        receipt: From the hub.
        message_hash: Of the message the receipt is for.
        signature: The author's, as it stands in the envelope.
        origin: Bus name/epoch of the log.
        log_key: The log's Ed25519 key, from the governance root.
        verify: ``verify(public_key, data, signature)`` raises SignatureInvalid unless the signature holds.

    Raises:
        Malformed: The checkpoint cannot be read, or a hash has the wrong length.
        SignatureInvalid: PROOF_INVALID, UNSIGNED, or what ``verify`` raises.
    """
    head = verify_note(receipt.checkpoint, origin=origin, public_key=log_key, verify=verify)
    verify_inclusion(
        leaf_hash=leaf_hash(receipt.sequencing.leaf(message_hash, signature)),
        index=receipt.sequencing.log_index,
        size=head.size,
        proof=receipt.inclusion_path,
        root=head.root,
    )
    return head
