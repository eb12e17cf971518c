"""Checking subjects against a watchlist that authorises us.

 * Tokens are computed here; the hub sees no subject. The signed check holds their number and a commitment.
 * A hit is believed only when the owner's signed entry says so: its author, key, policy, list, epoch, token and end are verified as
   for a delivery. A hub that shows anything else is refused as a whole.
 * The owner is told of each hit through the outbox, in one commit before the result is returned.
 * The same check is offered again while the hub cannot be reached; it is logged and counted once.
 * An epoch that has just been followed by another is followed here too, and the check is made anew under its key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tocsin.client import outbox
from tocsin.client.answering import outgoing
from tocsin.client.channel import calling
from tocsin.client.sent import SentOrder
from tocsin.client.verify import Stale, verify_delivery
from tocsin.client.watch_rows import EpochRow
from tocsin.clock import LIVENESS
from tocsin.core.errors import BusError, HubUnreachable, Reason, StoreBusy, error
from tocsin.core.message import Lane, LegalBasis
from tocsin.core.orders.watch_correct import WatchCorrect
from tocsin.core.orders.watch_publish import WatchPublish
from tocsin.core.subjects import Subject, subject
from tocsin.core.times import from_us
from tocsin.core.watch import MAX_TOKENS, SALT_BYTES, WatchEntry, commitment
from tocsin.crypto.ed25519 import verify
from tocsin.crypto.watch import ListKey
from tocsin.v1 import order_service_pb2
from tocsin.v1 import watchlist_service_pb2 as pb
from tocsin.watching import Checked, Clear, Hit, Row, RowError
from tocsin.wire.codec import Opened, outline
from tocsin.wire.sequencing import Receipt, receipt_from_proto, sequencing_from_proto, verify_receipt

if TYPE_CHECKING:
    from tocsin.client.participant import Participant

TIMEOUT_SECONDS = 10.0
"""How long a check is offered while the hub cannot be reached: an officer stands at the desk, and a traveller before it."""

FOLLOW_SECONDS = 3.0
"""How long the next epoch is waited for when ours is over: it is on its way to us."""

AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Why:
    """Purpose, law, place and officer of one check."""

    purpose: str
    basis: LegalBasis
    place: str
    officer: str


@dataclass(slots=True, kw_only=True)
class _Proved:
    """A hit whose entry the owner signed."""

    entry: WatchEntry
    entry_hash: bytes
    contact: str


class Checker:
    """Makes checks for one participant."""

    def __init__(self, participant: "Participant") -> None:
        self._party = participant
        self._in_use: dict[str, EpochRow] = {}

    async def check(
        self,
        subjects: Iterable[str | Subject],
        *,
        list: str,
        purpose: str,
        legal_basis: str,
        place: str = "",
        officer: str = "",
        profile: str = "",
        document_no: str = "",
        timeout: float = TIMEOUT_SECONDS,
    ) -> Checked:
        """Checks up to 1,000 subjects in one call.

        Args:
            subjects: Such as ``"document:passport/CHN/E00000000"``. One that cannot be read, or stands there twice, gets a row
                of its own; the others are checked.
            list: Name of the list.
            purpose: Why, in at most 120 characters that name nobody: it stands in the log.
            legal_basis: The statute the check rests on.
            place: Where (travels sealed: to the owner with a hit, else readable by us alone).
            officer: Who, as your own reference (travels sealed as ``place`` does).
            profile: The law that applies; the bus's default when left out.
            document_no: Number of a legal document, where there is one.
            timeout: Seconds to keep trying while the hub cannot be reached.

        Raises:
            Rejected: TOO_MANY_ITEMS; NOT_CHECKER, EPOCH_OVER, LIST_NOT_READY, …: what the hub refused; PROOF_INVALID when the
                hub shows a hit that the owner did not sign.
            Unavailable: HUB_UNREACHABLE, QUOTA_EXCEEDED, …: nothing is known of any subject.
        """
        why = _Why(
            purpose=purpose, basis=LegalBasis(profile=profile, statute=legal_basis, document_no=document_no), place=place,
            officer=officer,
        )  # fmt: skip
        rows, asked = _sorted(subjects)
        if not asked:
            return Checked(check_id="", list_id=list, epoch=0, log_index=-1, rows=[rows[n] for n in sorted(rows)])
        end_us = LIVENESS.monotonic_us() + int(timeout * 1e6)
        epoch = await self._first(list)
        for last_try in (False, False, True):
            try:
                return await self._against(epoch, rows, asked, why, end_us)
            except BusError as refusal:
                following = None if last_try else await self._next(epoch, refusal)
                if following is None:
                    raise
                epoch = following
        raise AssertionError("the last try returns or raises")

    async def _against(
        self, epoch: EpochRow, rows: Mapping[int, Row], asked: Mapping[int, Subject], why: _Why, end_us: int
    ) -> Checked:
        party = self._party
        key = await party.list_keys.key(party.store, epoch)
        places = list(asked)
        tokens = [key.token(one) for one in asked.values()]
        salt = party.random(SALT_BYTES)
        fields = {
            "list_id": epoch.list_id, "epoch": epoch.epoch, "key_check": key.check, "count": len(tokens),
            "commitment": commitment(salt, tokens), "purpose": why.purpose, "place": why.place, "officer": why.officer,
        }  # fmt: skip
        message, envelope = await party.compose("watch-check", fields=fields, lane=Lane.URGENT, basis=why.basis)
        receipt, proved = await self._ask(epoch, envelope, salt, tokens, end_us)
        self._in_use[epoch.list_id] = epoch
        found = dict(rows)
        notices = []
        for number, (place, one) in enumerate(zip(places, asked.values(), strict=True)):
            hit = proved.get(number)
            if hit is None:
                found[place] = Clear(place, one)
                continue
            notice = await self._notice(epoch, hit, message.header.message_id, why)
            notices.append(notice)
            found[place] = self._hit(place, one, epoch, key, hit, notice[0])
        if notices:
            now_us = party.clock.now_us()
            queued = [outgoing(sent.message, told, now_us) for sent, told in notices]
            await party.store.transact(partial(outbox.enqueue, messages=queued), urgent=True)
            party.link.wake(Lane.URGENT)
        return Checked(
            check_id=message.id, list_id=epoch.list_id, epoch=epoch.epoch, log_index=receipt.sequencing.log_index,
            rows=[found[n] for n in sorted(found)],
        )  # fmt: skip

    async def _ask(
        self, epoch: EpochRow, envelope: bytes, salt: bytes, tokens: Sequence[bytes], end_us: int
    ) -> tuple[Receipt, dict[int, _Proved]]:
        proved: dict[int, _Proved] = {}
        start = 0
        while True:
            request = pb.CheckRequest(envelope=envelope, salt=salt, tokens=tokens, from_position=start)
            answer = await self._call(request, end_us)
            receipt = self._receipt(answer, envelope)
            proved |= await self._prove(epoch, answer, tokens, receipt)
            if not answer.next_position:
                return receipt, proved
            if not start < answer.next_position < len(tokens):
                raise error(Reason.PROOF_INVALID, field="next_position", rule="within the request")
            start = answer.next_position

    async def _call(self, request: pb.CheckRequest, end_us: int) -> pb.CheckResponse:
        while True:
            left = (end_us - LIVENESS.monotonic_us()) / 1e6
            try:
                connection = await self._party.link.connection(max(left, 0.0))
                return await calling(connection.watchlists.Check(request, timeout=max(left, 0.001)))
            except (HubUnreachable, StoreBusy):
                # The outcome may be unknown: the same bytes are offered again, and count once.
                if LIVENESS.monotonic_us() + AGAIN_SECONDS * 1e6 >= end_us:
                    raise
                await LIVENESS.sleep(AGAIN_SECONDS)

    def _receipt(self, answer: pb.CheckResponse, envelope: bytes) -> Receipt:
        receipt = receipt_from_proto(answer.receipt)
        message_hash, signature = outline(envelope)
        identity = self._party.identity
        verify_receipt(
            receipt, message_hash=message_hash, signature=signature, origin=identity.log_origin, log_key=identity.log_key,
            verify=verify,
        )  # fmt: skip
        return receipt

    async def _prove(
        self, epoch: EpochRow, answer: pb.CheckResponse, tokens: Sequence[bytes], receipt: Receipt
    ) -> dict[int, _Proved]:
        opened = [await self._opened(one) for one in answer.entries]
        proved: dict[int, _Proved] = {}
        for hit in answer.hits:
            if hit.message >= len(opened) or hit.position >= len(tokens) or hit.position in proved:
                raise _unproved()
            message = opened[hit.message].message
            if not isinstance(message, WatchPublish | WatchCorrect) or hit.entry >= len(message.entries):
                raise _unproved()
            entry = message.entries[hit.entry]
            named = (message.header.sender, message.list_id, message.epoch, entry.token)
            wanted = (epoch.owner, epoch.list_id, epoch.epoch, tokens[hit.position])
            # The hub judged the end at its own time, a moment after the check: the check's own time is the earliest it can be.
            if named != wanted or entry.ends_us <= receipt.sequencing.accepted_us:
                raise _unproved()
            proved[hit.position] = _Proved(
                entry=entry, entry_hash=opened[hit.message].message_hash, contact=message.header.contact
            )
        return proved

    async def _opened(self, logged: order_service_pb2.LoggedMessage) -> Opened:
        sequencing = sequencing_from_proto(logged.sequencing)
        identity = self._party.identity
        for last_try in (False, True):
            try:
                return verify_delivery(
                    logged.envelope, sequencing, party=identity.party, bus=identity.bus, copy=self._party.directory_copy,
                    addressed=False,
                )  # fmt: skip
            except Stale:
                if last_try:
                    break
                await self._party.link.refresh_directory()
        raise error(Reason.PROOF_INVALID, field="directory_head", rule="one directory for all members")

    async def _notice(self, epoch: EpochRow, hit: _Proved, check_id: bytes, why: _Why) -> tuple[SentOrder, bytes]:
        fields = {
            "list_id": epoch.list_id, "epoch": epoch.epoch, "entry_no": hit.entry.entry_no, "entry_hash": hit.entry_hash,
            "check_id": check_id, "place": why.place, "officer": why.officer, "met_us": self._party.clock.now_us(),
        }  # fmt: skip
        message, envelope = await self._party.compose(
            "watch-hit", recipients=[epoch.owner], fields=fields, lane=Lane.URGENT
        )
        return SentOrder(message, self._party), envelope

    def _hit(self, place: int, one: Subject, epoch: EpochRow, key: ListKey, hit: _Proved, notice: SentOrder) -> Hit:
        return Hit(
            position=place, subject=one, action=hit.entry.action, owner=epoch.owner, contact=hit.contact,
            details=key.open(hit.entry.token, hit.entry.details), entry_no=hit.entry.entry_no,
            ends_at=from_us(hit.entry.ends_us), notice=notice,
        )  # fmt: skip

    # -- which epoch ----------------------------------------------------------------------------------------------------

    async def _first(self, list_id: str) -> EpochRow:
        used = self._in_use.get(list_id)
        if used is not None:  # the hub says when it is over
            return used
        known = await self._party.store.watch_epochs(list_id)
        for _ in range(int(FOLLOW_SECONDS / AGAIN_SECONDS)):
            if known:
                break
            await LIVENESS.sleep(AGAIN_SECONDS)  # a process that has just begun to receive gets its lists first
            known = await self._party.store.watch_epochs(list_id)
        if not known:
            raise error(Reason.NOT_CHECKER, field="list_id", party=self._party.identity.party)
        return known[0]

    async def _next(self, epoch: EpochRow, refusal: BusError) -> EpochRow | None:
        """The epoch to try when this one was refused; None when there is none, or another would not help."""
        if refusal.reason is Reason.LIST_NOT_READY:
            known = await self._party.store.watch_epochs(epoch.list_id)
            return next((row for row in known if row.epoch == epoch.epoch - 1), None)
        if refusal.reason is not Reason.EPOCH_OVER:
            return None
        for _ in range(int(FOLLOW_SECONDS / AGAIN_SECONDS)):
            known = await self._party.store.watch_epochs(epoch.list_id)
            if known[0].epoch > epoch.epoch:
                return known[0]
            await LIVENESS.sleep(AGAIN_SECONDS)
        return None


def _sorted(subjects: Iterable[str | Subject]) -> tuple[dict[int, Row], dict[int, Subject]]:
    """What cannot be asked about, and what can, by place."""
    rows: dict[int, Row] = {}
    asked: dict[int, Subject] = {}
    seen: set[Subject] = set()
    for place, given in enumerate(subjects):
        if place >= MAX_TOKENS:
            raise error(Reason.TOO_MANY_ITEMS, field="subjects", value=f"more than {MAX_TOKENS}", limit=MAX_TOKENS)
        try:
            one = subject(given)
        except BusError as failure:
            rows[place] = RowError(place, failure)
            continue
        if one in seen:
            rows[place] = RowError(place, error(Reason.ITEM_REPEATED, field="subject"))
            continue
        seen.add(one)
        asked[place] = one
    return rows, asked


def _unproved() -> BusError:
    return error(Reason.PROOF_INVALID, field="hits", rule="an entry that the list's owner signed, for this subject")
