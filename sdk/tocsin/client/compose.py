"""Making messages: header filled in, target routed, private fields sealed, signed. Nothing is sent here.

 * The SDK routes by its own verified copy of the directory, so that private parts are sealed to the one party that serves the
   target; the hub checks that it would route the same.
 * Private fields are sealed for every recipient and for the sender itself, who must be able to show later what was said.
 * Followers of a thread take lane, exercise and recipient from its root.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tocsin.client.identity import Identity
from tocsin.clock import Clock
from tocsin.core import texts
from tocsin.core.directory import Directory, Key
from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import Identifier, new_message_id
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import Header, HolderNotice, Kind, Lane, LegalBasis, Message, Nature, Part, Thread
from tocsin.core.profiles import Profile
from tocsin.crypto.signers import Signer
from tocsin.wire.codec import seal_envelope
from tocsin.wire.convert import encode_private

ORDER_LIFETIME_US = 24 * 3600 * 1_000_000
"""How long an order may wait in the outbox before the hub takes it: what is older than a day needs a new decision."""

REPORT_LIFETIME_US = 366 * 24 * 3600 * 1_000_000
"""A report states a fact and is still true after a long outage."""

PRIVATE_PART = "private"

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What a follower takes from its thread."""

    root_id: bytes
    parent_id: bytes
    recipient: str
    lane: Lane
    exercise: bool
    profile: str
    target: Identifier | None = None


class Composer:
    """Makes signed messages of one party.

    Args:
        directory: The verified directory in force.
        signer: The agent key.
        random: Source of ids and part keys.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        directory: Callable[[], Directory],
        signer: Signer,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        self._identity = identity
        self._directory = directory
        self._signer = signer
        self._clock = clock
        self._random = random

    def root(
        self,
        kind: Kind,
        *,
        target: Identifier | None,
        recipient: str = "",
        fields: Mapping[str, Any],
        header: Mapping[str, Any],
        profile: str = "",
        statute: str = "",
        article: str = "",
        document_no: str = "",
    ) -> tuple[Message, bytes]:
        """A message that starts a thread, with its envelope.

        Args:
            kind: Of the order.
            target: Says where it goes; None for a kind that does not go by target.
            recipient: Where it goes without a target.
            fields: Of the kind.
            header: Of the header.
            profile: Of the legal basis, as are the three that follow.
            statute: The law.
            article: Its article.
            document_no: Number of the legal document.

        Raises:
            NotRoutable: TARGET_NOT_SERVED.
            BusError: What the message's own rules refuse.
        """
        directory = self._directory()
        chosen = self.profile(profile)
        basis = LegalBasis(profile=chosen.name, statute=statute, article=article, document_no=document_no)
        given = {"lane": Lane.URGENT, **self._complete(chosen, header)}
        if target is not None:
            recipient = directory.routing.route(target)
        made = self._make(kind, fields, target=target, recipients=(recipient,), legal_basis=basis, **given)
        if isinstance(made[0], MeasureOrder):
            made[0].check_law(chosen)
        return made

    def plain(
        self,
        kind: Kind,
        *,
        recipients: Sequence[str] = (),
        fields: Mapping[str, Any],
        lane: Lane,
        header: Mapping[str, Any] = _NOTHING,
        basis: LegalBasis | None = None,
    ) -> tuple[Message, bytes]:
        """A message that is routed by nobody: to ``recipients``, or to the hub's keeping alone. Raises as ``root`` does."""
        named = tuple(sorted(set(recipients)))
        given = dict(header)
        if basis is not None:
            chosen = self.profile(basis.profile)
            given["legal_basis"] = dataclasses.replace(basis, profile=chosen.name)
        return self._make(kind, fields, recipients=named, lane=lane, **given)

    def follow(
        self,
        kind: Kind,
        follow: Follow,
        *,
        fields: Mapping[str, Any],
        header: Mapping[str, Any] = _NOTHING,
        profile: str = "",
        statute: str = "",
        article: str = "",
        document_no: str = "",
    ) -> tuple[Message, bytes]:
        """A message that joins a thread, with its envelope. Raises as ``root`` does."""
        given = dict(header)
        if kind.starts_thread:
            # A freeze in the thread of a stop is complete in itself: whoever reads it alone must find target, law and remedy.
            chosen = self.profile(profile or follow.profile)
            given = self._complete(chosen, given) | {
                "target": follow.target,
                "legal_basis": LegalBasis(
                    profile=chosen.name, statute=statute, article=article, document_no=document_no
                ),
            }
        given |= {"lane": follow.lane, "exercise": follow.exercise}
        thread = Thread(root_id=follow.root_id, parent_id=follow.parent_id)
        return self._make(kind, fields, recipients=(follow.recipient,), thread=thread, **given)

    def completed(self, header: Mapping[str, Any]) -> dict[str, Any]:
        """``header`` with the remedy that the default profile's holders have, unless it names one."""
        return self._complete(self.profile(), header)

    @staticmethod
    def _complete(profile: Profile, header: Mapping[str, Any]) -> dict[str, Any]:
        given = {"holder_notice": HolderNotice.FULL, **header}
        if not given.get("remedy"):
            given["remedy"] = texts.label("default-remedy", "zh" if profile.name == "cn" else "en")
        return given

    def profile(self, name: str = "") -> Profile:
        """The profile named, or the bus's default: the one that was entered first.

        Raises:
            RuleBroken: PROFILE_UNKNOWN.
        """
        profiles = self._directory().profiles
        if not name and not profiles:
            raise error(Reason.DIRECTORY_EMPTY)
        return self._directory().profile(name or next(iter(profiles)))

    def _make(self, kind: Kind, fields: Mapping[str, Any], **header: Any) -> tuple[Message, bytes]:
        now_us = self._clock.now_us()
        lifetime = REPORT_LIFETIME_US if kind.nature is Nature.REPORT else ORDER_LIFETIME_US
        made_header = Header(
            message_id=new_message_id(now_us // 1000, self._random),
            sender=self._identity.party,
            author_key=self._identity.agent_key_id,
            audience=self._identity.bus,
            created_us=now_us,
            expires_us=now_us + lifetime,
            **header,
        )
        message = kind.cls(header=made_header, **fields)
        message.check()
        message.guard()
        plaintext = encode_private(message)
        if plaintext:
            part = self._seal(kind, made_header, plaintext)
            message = dataclasses.replace(message, header=dataclasses.replace(made_header, parts=(part,)))
        return message, seal_envelope(message, self._signer.sign)

    def _seal(self, kind: Kind, header: Header, plaintext: bytes) -> Part:
        from tocsin.crypto.sealing import Recipient, seal_part

        directory = self._directory()
        keys = [self._sealing_key(directory, party) for party in sorted({*header.recipients, header.sender})]
        return seal_part(
            plaintext,
            name=PRIVATE_PART,
            media_type=f"application/vnd.tocsin.{kind.name}-private.{kind.version}+protobuf",
            bus=header.audience,
            message_id=header.message_id,
            recipients=[Recipient(key.party, key.key_id, key.public_key) for key in keys],
            random=self._random,
        )

    @staticmethod
    def _sealing_key(directory: Directory, party: str) -> Key:
        key = directory.party(party).sealing_key
        if key is None:
            raise error(Reason.PARTY_NOT_JOINED, field="recipients", party=party)
        return key

