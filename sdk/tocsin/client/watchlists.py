"""The verbs of a watchlist's owner: open, publish, correct, withdraw, rotate.

 * Each returns once the hub has taken it. What was begun is on this machine's disk and goes out later too; begun again, it goes on
   where it stopped: nothing is published twice.
 * Entries travel in messages of ``CHUNK``, a few of them under way at a time. The last one says that the epoch is complete; only
   then is it checked against.
 * ``rotate`` opens the next epoch with a new key and carries every entry in force over from our own sealed copy. Until it is
   complete the epoch before stays in use, and a withdrawal goes to both.

Example:
    lists = police.watchlists
    await lists.open("stolen-documents", checkers=["customs.wuhan"], valid=timedelta(days=90))
    await lists.publish("stolen-documents", entries, contact="027-0000 0000, desk 4")
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tocsin.client import inbox, watch_rows
from tocsin.client.answering import open_private
from tocsin.client.by_hand import ANSWERABLE
from tocsin.client.list_sending import CHUNK, ListSending, Progress, subject_of
from tocsin.client.rows import Finish
from tocsin.client.watch_rows import EpochRow, OwnRow
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import parse_message_id
from tocsin.core.message import HolderNotice, Lane, LegalBasis
from tocsin.core.orders.watch_hit import WatchHit
from tocsin.core.subjects import Subject, subject
from tocsin.core.times import from_us, to_us
from tocsin.core.watch import KEY_BYTES, MAX_ENTRIES
from tocsin.crypto.watch import ListKey
from tocsin.results import WatchAnswer
from tocsin.watching import Listed
from tocsin.wire.codec import open_envelope

if TYPE_CHECKING:
    from tocsin.client.participant import Participant


def _quiet(_: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class OwnList:
    """A list as it stands here.

    Attributes:
        mine: Whether it is ours; else we may check against it.
        complete: Whether all of ours is published in the newest epoch.
        entries, withdrawn: Of ours, in force and taken off.
    """

    list_id: str
    epoch: int
    owner: str
    mine: bool
    valid_until: datetime
    complete: bool
    entries: int
    withdrawn: int


class Watchlists:
    """The lists of one participant."""

    def __init__(self, participant: "Participant") -> None:
        self._party = participant
        self._sending = ListSending(participant)

    async def open(self, list_id: str, *, checkers: Sequence[str], valid: timedelta | datetime) -> int:
        """Opens a list of ours, or its next epoch, empty; returns the epoch. ``rotate`` carries the entries over too.

        Args:
            list_id: 1 to 64 lowercase letters, digits, dots and hyphens, the same for all epochs.
            checkers: Parties that may check against it.
            valid: How long, or until when; at most 366 days.

        Raises:
            Rejected: What is wrong with it here, or what the hub refused.
        """
        await self._sending.forget_refused(list_id)
        known = await self._party.store.watch_epochs(list_id)
        if known and known[0].owner != self._party.identity.party:
            raise error(Reason.NOT_ORIGIN, row="watch-list", field="list_id")
        epoch = known[0].epoch + 1 if known else 1
        now_us = self._party.clock.now_us()
        until_us = now_us + int(valid.total_seconds() * 1e6) if isinstance(valid, timedelta) else to_us(valid, field="valid")
        secret = self._party.random(KEY_BYTES)
        key = ListKey(secret, list_id, epoch)
        fields = {
            "list_id": list_id, "epoch": epoch, "valid_until_us": until_us, "key_check": key.check, "list_key": secret,
        }  # fmt: skip
        message, envelope = await self._party.compose(
            "watch-list", recipients=checkers, fields=fields, lane=Lane.ROUTINE
        )
        row = EpochRow(
            list_id=list_id, epoch=epoch, owner=self._party.identity.party, message_id=message.header.message_id,
            valid_until_us=until_us,
        )  # fmt: skip
        await (await self._sending.enqueue(message, envelope, epochs=[row])).accepted()
        return epoch

    async def publish(
        self,
        list_id: str,
        entries: Iterable[Listed],
        *,
        contact: str,
        complete: bool = True,
        progress: Progress = _quiet,
        **more: Any,
    ) -> int:
        """Puts entries on a list of ours; returns how many were new. Those that stand on it already are passed over.

        Args:
            list_id: The list.
            entries: What to list.
            contact: Whom a checker calls.
            complete: Whether the list holds all it is to hold once these are on it.
            progress: Told how many entries the hub has taken so far.
            more: ``statute``, ``document_no``, ``profile``, ``remedy``, ``holder_notice``, ``case_ref``.

        Raises:
            Rejected: What is wrong here or refused by the hub; what was taken before stays on the list.
        """
        row = await self._newest(list_id)
        if row.epoch > 1 and not row.complete:
            raise error(Reason.LIST_NOT_READY, field="list_id")
        header, basis = self._header(contact, more)
        chunks = self._sending.new_chunks(row, iter(entries))
        return await self._sending.send(row, chunks, header, basis, complete, progress)

    async def rotate(
        self,
        list_id: str,
        *,
        checkers: Sequence[str],
        valid: timedelta | datetime,
        contact: str,
        progress: Progress = _quiet,
        **more: Any,
    ) -> int:
        """Opens the next epoch under a new key and carries every entry in force over; returns the epoch.

        A rotation that was cut off is carried on; ``checkers`` and ``valid`` are then as they were.

        Raises:
            Rejected: As ``publish``.
        """
        row = await self._newest(list_id)
        if row.complete or row.epoch == 1:
            await self.open(list_id, checkers=checkers, valid=valid)
            row = await self._newest(list_id)
        header, basis = self._header(contact, more)
        await self._sending.send(row, self._sending.carried_chunks(row), header, basis, True, progress)
        return row.epoch

    async def correct(self, list_id: str, entries: Sequence[Listed], *, contact: str, **more: Any) -> None:
        """Gives entries another action, end or details. Another subject is another entry.

        Raises:
            Rejected: ENTRY_UNKNOWN for one that is not on the list; as ``publish``.
        """
        row = await self._newest(list_id)
        key = await self._party.list_keys.key(self._party.store, row)
        header, basis = self._header(contact, more)
        for start in range(0, len(entries), CHUNK):
            part = entries[start : start + CHUNK]
            known = await self._sending.known(list_id, [subject_of(one) for one in part])
            numbered = []
            for position, one in enumerate(part, start):
                found = known.get(self._party.list_keys.subject_token(subject_of(one)))
                if found is None or found.withdrawn or found.epoch != row.epoch:
                    raise error(Reason.ENTRY_UNKNOWN, field=f"entries[{position}]")
                numbered.append(replace(one, entry_no=found.entry_no))
            fields = {"list_id": list_id, "epoch": row.epoch, "entries": self._sending.sealed(key, numbered)}
            message, envelope = await self._party.compose(
                "watch-correct", fields=fields, lane=Lane.ROUTINE, header=header, basis=basis
            )
            sent = await self._sending.enqueue(message, envelope, own=self._sending.own_rows(row, numbered, message))
            try:
                await sent.accepted()
            except BusError:  # our copy says again what stands on the list
                await self._party.store.transact(partial(watch_rows.put_own, rows=list(known.values())))
                raise

    async def withdraw(self, list_id: str, entries: Sequence[Subject | str | int], *, reason: str = "") -> None:
        """Takes entries off the list, by subject or number: from the hub's receipt on they match no more.

        Raises:
            Rejected: ENTRY_UNKNOWN for one that is not on the list; nothing was withdrawn then.
        """
        newest = await self._newest(list_id)
        rows = await self._party.store.watch_epochs(list_id)
        # While the newest is being filled, the one before is still checked against.
        in_use = rows[:2] if not newest.complete and len(rows) > 1 else rows[:1]
        named = await self._named(list_id, entries)
        sent = []
        for start in range(0, len(named), MAX_ENTRIES):
            part = named[start : start + MAX_ENTRIES]
            taken = [replace(one, withdrawn=1) for one in part]
            for epoch in in_use:
                key = await self._party.list_keys.key(self._party.store, epoch)
                own = [one for one in part if one.epoch == epoch.epoch or epoch is not in_use[0]]
                tokens = tuple(key.token(subject_of(self._party.list_keys.open_own(one))) for one in own)
                if not tokens:
                    continue
                fields = {"list_id": list_id, "epoch": epoch.epoch, "tokens": tokens, "reason": reason}
                message, envelope = await self._party.compose(
            "watch-withdraw", fields=fields, lane=Lane.URGENT)
                sent.append(await self._sending.enqueue(message, envelope, own=taken))
        try:
            for one in sent:
                await one.accepted()
        except BusError:
            await self._party.store.transact(partial(watch_rows.put_own, rows=named))
            raise

    async def lists(self) -> list[OwnList]:
        """The lists known here: ours, and those we may check against."""
        found = []
        now_us = self._party.clock.now_us()
        for row in await self._party.store.watch_lists():
            mine = row.owner == self._party.identity.party
            entries, withdrawn = await self._party.store.watch_counts(row.list_id, now_us) if mine else (0, 0)
            found.append(
                OwnList(
                    list_id=row.list_id, epoch=row.epoch, owner=row.owner, mine=mine,
                    valid_until=from_us(row.valid_until_us), complete=bool(row.complete), entries=entries,
                    withdrawn=withdrawn,
                )
            )  # fmt: skip
        return found

    async def entry(self, list_id: str, entry_no: int) -> Listed | None:
        """An entry of a list of ours, as we put it there."""
        found = await self._party.store.watch_own(list_id, [entry_no])
        return self._party.list_keys.open_own(found[entry_no]) if entry_no in found else None

    async def answer(self, hit_id: str, given: WatchAnswer) -> None:
        """Answers by hand a hit that waits for a person.

        Raises:
            NotFound: NOT_FOUND when no such hit waits here.
        """
        message_id = parse_message_id(hit_id)
        row = await self._party.store.get_inbox(message_id)
        if row is None or row.state not in ANSWERABLE:
            raise error(Reason.NOT_FOUND, kind="order")
        hit = open_private(open_envelope(row.envelope).message, self._party.identity)
        if not isinstance(hit, WatchHit):
            raise error(Reason.NOT_FOUND, kind="order")
        reply = self._party.notices.reply(hit, given)
        finish = Finish(message_id=message_id, report=reply, measure=None, now_us=self._party.clock.now_us())
        (taken,) = await self._party.store.transact(partial(inbox.finish, finishes=[finish]), urgent=True)
        if not taken:
            raise error(Reason.NOT_FOUND, kind="order")
        self._party.link.wake(reply.lane)

    # -- parts --------------------------------------------------------------------------------------------------------

    async def _newest(self, list_id: str) -> EpochRow:
        await self._sending.forget_refused(list_id)
        known = await self._party.store.watch_epochs(list_id)
        if not known:
            raise error(Reason.LIST_UNKNOWN, field="list_id")
        if known[0].owner != self._party.identity.party:
            raise error(Reason.NOT_ORIGIN, row="watch-list", field="list_id")
        return known[0]

    async def _named(self, list_id: str, entries: Sequence[Subject | str | int]) -> list[OwnRow]:
        numbers = [one for one in entries if isinstance(one, int)]
        subjects = [subject(one) for one in entries if not isinstance(one, int)]
        by_number = await self._party.store.watch_own(list_id, numbers) if numbers else {}
        by_subject = await self._sending.known(list_id, subjects)
        found: dict[int, OwnRow] = {}
        for position, one in enumerate(entries):
            row = (
                by_number.get(one)
                if isinstance(one, int)
                else by_subject.get(self._party.list_keys.subject_token(subject(one)))
            )
            if row is None or not row.epoch:
                raise error(Reason.ENTRY_UNKNOWN, field=f"entries[{position}]")
            found[row.entry_no] = row
        return list(found.values())

    def _header(self, contact: str, more: dict[str, Any]) -> tuple[dict[str, Any], LegalBasis]:
        given = dict(more)
        names = ("profile", "statute", "article", "document_no")
        basis = LegalBasis(**{name: value for name in names if (value := given.pop(name, ""))})
        known = ("remedy", "holder_notice", "case_ref", "on_behalf_of")
        if unknown := sorted(set(given) - set(known)):
            raise error(Reason.FIELD_INVALID, field=unknown[0], rule="a field of this kind or of the header")
        # By default a traveller is told that there is a measure, not who is looking for them.
        header = {"holder_notice": HolderNotice.MEASURE_ONLY, "contact": contact, **given}
        return self._party.composer.completed(header), basis
