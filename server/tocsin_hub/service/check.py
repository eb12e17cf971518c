"""Checking against a watchlist: judged, logged, and only then matched.

 * The request is checked against the signed commitment; the check goes the way of every message; then tokens are matched by an
   indexed read of committed entries. Until its receipt exists, no token has been looked at.
 * Asked again under the same id, a check is answered again: not logged, not counted. Whether its sender may still check is judged
   anew each time, so that an old check gives nothing to who has been left out.
 * Whether a token is on the list shows in the hits and nowhere else: no error, log line or metric depends on it.
 * An answer holds the signed messages that prove its hits; what does not fit is asked for from the next position on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.clock import Clock
from tocsin.core.errors import Reason, error
from tocsin.core.message import MAX_FRAME_BYTES
from tocsin.core.orders.watch_check import WatchCheck
from tocsin.core.watch import MAX_TOKENS, SALT_BYTES, TOKEN_BYTES, check_items, commitment
from tocsin.wire.sequencing import Receipt
from tocsin_hub.domain.decide_lists import check_authority
from tocsin_hub.domain.rows import Loaded, WatchEntryRow
from tocsin_hub.service.admit import Admission
from tocsin_hub.service.look_up import Logged, LookUp
from tocsin_hub.service.publish import Publisher
from tocsin_hub.store.base import StoreReader

MAX_PROOF_BYTES = MAX_FRAME_BYTES - 2 * 1024 * 1024
"""Bytes of messages in one answer: the rest is for hits, records and framing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """One token that is on the list.

    Attributes:
        position: Place of the token in the request.
        message: Place of the message that holds the entry, in the answer.
        entry: Place of the entry in that message.
    """

    position: int
    message: int
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check came to; ``next_position`` is 0 when all positions are answered."""

    receipt: Receipt
    hits: list[Met]
    messages: list[Logged]
    next_position: int


class Checks:
    """Answers checks of members."""

    def __init__(
        self, *, admission: Admission, publisher: Publisher, store: StoreReader, look_up: LookUp, clock: Clock
    ) -> None:
        self._admission = admission
        self._publisher = publisher
        self._store = store
        self._look_up = look_up
        self._clock = clock

    async def check(
        self, envelope: bytes, *, salt: bytes, tokens: Sequence[bytes], from_position: int, caller: str
    ) -> Checked:
        """Logs the check in ``envelope`` and matches its tokens from a position on.

        Raises:
            BusError: Refused; nothing was matched. Unless the reason is about the answer's own size, nothing was logged either.
        """
        if len(salt) != SALT_BYTES or any(len(token) != TOKEN_BYTES for token in tokens):
            raise error(Reason.FIELD_INVALID, field="tokens", rule="32 bytes")
        check_items(tokens, limit=MAX_TOKENS, field="tokens")
        admitted = self._admission.admit(envelope, caller=caller)
        message = admitted.message
        if not isinstance(message, WatchCheck):
            raise error(Reason.UNKNOWN_PAYLOAD_TYPE, value=type(message).KIND.payload_type)
        if message.count != len(tokens) or message.commitment != commitment(salt, tokens):
            raise error(Reason.COMMITMENT_DIFFERS, field="commitment")
        receipt = await self._publisher.offer_admitted(admitted)
        epochs, found = await self._store.watch_match(message.list_id, message.epoch, tokens)
        check_authority(
            Loaded(lists=epochs), message.list_id, message.epoch, message.key_check, checker=caller,
            at_us=self._clock.now_us(),
        )  # fmt: skip
        return await self._answer(receipt, tokens, from_position, found)

    async def _answer(
        self, receipt: Receipt, tokens: Sequence[bytes], start: int, found: dict[bytes, WatchEntryRow]
    ) -> Checked:
        now_us = self._clock.now_us()
        met = [
            (position, row)
            for position, token in enumerate(tokens)
            if position >= start
            and (row := found.get(token)) is not None
            and not row.withdrawn_index
            and row.ends_us > now_us
        ]
        hits: list[Met] = []
        messages: list[Logged] = []
        places: dict[int, int] = {}
        size = 0
        for position, row in met:
            if row.log_index not in places:
                (logged,) = await self._look_up.at([row.log_index])
                size += len(logged.envelope)
                if messages and size > MAX_PROOF_BYTES:
                    return Checked(receipt=receipt, hits=hits, messages=messages, next_position=position)
                places[row.log_index] = len(messages)
                messages.append(logged)
            hits.append(Met(position=position, message=places[row.log_index], entry=row.position))
        return Checked(receipt=receipt, hits=hits, messages=messages, next_position=0)
