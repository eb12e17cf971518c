"""Writing directory messages: keys for a party, and what governance says. Used where the keys are: at the joining
machine and at governance.

 * A signing key proves possession by its own signature; a sealing key cannot sign and proves nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tocsin.core.directory_messages import AddKey, HolderKind, Purpose
from tocsin.core.identifiers import new_message_id
from tocsin.core.keyid import key_id
from tocsin.core.message import Header, Lane, Message
from tocsin.crypto.signers import Signer, possession_bytes
from tocsin.wire.codec import seal_envelope

DIRECTORY_LIFETIME_US = 24 * 3600 * 1_000_000
"""Admission window of a directory message: made offline, carried to the hub within a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who signs: a party's key."""

    party: str
    signer: Signer

    @property
    def key_id(self) -> str:
        """Id of the signing key."""
        return key_id(self.signer.algorithm, self.signer.public_key)


class Scribe:
    """Writes directory and governance messages for one bus.

    Args:
        now_us: The time they are made at.
    """

    def __init__(self, bus: str, *, now_us: int, random: Callable[[int], bytes]) -> None:
        self._bus = bus
        self._now_us = now_us
        self._random = random

    def header(self, author: Author) -> Header:
        """A header for a message of ``author`` to the directory."""
        return Header(
            message_id=new_message_id(self._now_us // 1000, self._random),
            sender=author.party,
            author_key=author.key_id,
            audience=self._bus,
            created_us=self._now_us,
            expires_us=self._now_us + DIRECTORY_LIFETIME_US,
            lane=Lane.URGENT,
        )

    def envelope(self, message: Message, author: Author) -> bytes:
        """``message`` signed by ``author``."""
        return seal_envelope(message, author.signer.sign)

    def add_key(
        self, party: str, key: Signer, *, by: Author, holder: str, holder_kind: HolderKind, purposes: Sequence[Purpose]
    ) -> bytes:
        """The envelope that gives ``party`` a signing key."""
        proof = key.sign(possession_bytes(self._bus, party, key.algorithm, key.public_key))
        message = AddKey(
            header=self.header(by), party=party, holder=holder, holder_kind=holder_kind, algorithm=key.algorithm,
            public_key=key.public_key, purposes=tuple(sorted(purposes, key=lambda p: p.value)), possession=proof,
        )  # fmt: skip
        return self.envelope(message, by)

    def add_sealing_key(self, party: str, public_key: bytes, *, by: Author, holder: str) -> bytes:
        """The envelope that gives ``party`` an X25519 key to seal private parts to."""
        message = AddKey(
            header=self.header(by), party=party, holder=holder, holder_kind=HolderKind.AGENT, algorithm="x25519",
            public_key=public_key,
        )  # fmt: skip
        return self.envelope(message, by)
