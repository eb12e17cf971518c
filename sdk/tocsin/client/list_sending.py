"""How entries of a list of ours leave: numbered, sealed, in messages that are queued together with our own copy of them.

 * Message and own rows are one commit: what is on its way is known here, and what is known here is on its way.
 * A few messages are under way at a time. The last one, which may say that the epoch is complete, waits until the hub has taken
   all others: a list with a refused part is never called complete.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from tocsin.client import outbox, watch_rows
from tocsin.client.answering import outgoing
from tocsin.client.sent import SentOrder
from tocsin.client.watch_rows import EpochRow, OwnRow
from tocsin.core.message import Lane, LegalBasis, Message
from tocsin.core.subjects import Subject
from tocsin.core.times import to_us
from tocsin.core.watch import WatchAction, WatchEntry
from tocsin.crypto.watch import ListKey
from tocsin.watching import Listed

if TYPE_CHECKING:
    from tocsin.client.participant import Participant

CHUNK = 100
"""Entries of one message: a hit brings its whole message along as proof, and 25 KiB of it are checked in half a millisecond."""

UNDER_WAY = 16
"""Messages offered before the first is waited for: the hub is kept busy, and an urgent order waits for none of them."""

Progress = Callable[[int], None]


class ListSending:
    """Sends the entries of one participant's lists."""

    def __init__(self, participant: "Participant") -> None:
        self._party = participant

    async def send(
        self,
        row: EpochRow,
        chunks: AsyncIterator[list[Listed]],
        header: dict[str, Any],
        basis: LegalBasis,
        complete: bool,
        progress: Progress,
    ) -> int:
        """Sends chunks, a few at a time; the last says that the epoch is complete, if it is to be."""
        key = await self._party.list_keys.key(self._party.store, row)
        under_way: list[tuple[SentOrder, int]] = []
        done = begun = 0
        before: list[Listed] | None = None
        async for chunk in _and_none(chunks):
            last = chunk is None
            due = before is not None or (last and complete and not row.complete)
            part, before = before or [], chunk
            if not due:
                continue
            if last:  # a list must not be called complete while the hub may still refuse a part of it
                done += await self._all_taken(under_way, done, progress)
            fields = {
                "list_id": row.list_id, "epoch": row.epoch, "entries": self.sealed(key, part),
                "complete": complete and last,
            }  # fmt: skip
            message, envelope = await self._party.compose(
                "watch-publish", fields=fields, lane=Lane.ROUTINE, header=header, basis=basis
            )
            own = self.own_rows(row, part, message)
            under_way.append((await self.enqueue(message, envelope, own=own), len(part)))
            begun += len(part)
            if len(under_way) >= UNDER_WAY:
                done += await self._taken(under_way.pop(0))
                progress(done)
        await self._all_taken(under_way, done, progress)
        if complete and not row.complete:
            await self._party.store.transact(partial(watch_rows.put_epochs, rows=[replace(row, complete=1)]))
        return begun

    async def _all_taken(self, under_way: list[tuple[SentOrder, int]], done: int, progress: Progress) -> int:
        taken = 0
        while under_way:
            taken += await self._taken(under_way.pop(0))
            progress(done + taken)
        return taken

    async def _taken(self, one: tuple[SentOrder, int]) -> int:
        sent, count = one
        await sent.accepted()
        return count

    async def new_chunks(self, row: EpochRow, entries: Iterator[Listed]) -> AsyncIterator[list[Listed]]:
        """What is not on the list yet, numbered; the same subject twice is one entry."""
        number = await self._party.store.transact(partial(watch_rows.last_number, list_id=row.list_id))
        seen: set[bytes] = set()
        while part := list(islice(entries, CHUNK)):
            tokens = [self._party.list_keys.subject_token(subject_of(one)) for one in part]
            known = await self.known(row.list_id, [subject_of(one) for one in part])
            chunk = []
            for one, token in zip(part, tokens, strict=True):
                found = known.get(token)
                listed = found is not None and found.epoch == row.epoch and not found.withdrawn
                if token in seen or (listed and found is not None and found.ends_us > self._party.clock.now_us()):
                    continue
                seen.add(token)
                if found is None:
                    number += 1
                chunk.append(replace(one, entry_no=number if found is None else found.entry_no))
            if chunk:
                yield chunk

    async def carried_chunks(self, row: EpochRow) -> AsyncIterator[list[Listed]]:
        """Our entries in force that are not in the newest epoch yet."""
        after, now_us = 0, self._party.clock.now_us()
        while True:
            read = partial(
                watch_rows.to_carry_over, list_id=row.list_id, epoch=row.epoch, now_us=now_us, after=after, limit=CHUNK
            )
            rows = await self._party.store.transact(read)
            if not rows:
                return
            after = rows[-1].entry_no
            yield [self._party.list_keys.open_own(one) for one in rows]

    def sealed(self, key: ListKey, entries: Sequence[Listed]) -> tuple[WatchEntry, ...]:
        """Entries as they travel under ``key``."""
        made = []
        for one in entries:
            token = key.token(subject_of(one))
            assert isinstance(one.action, WatchAction)
            made.append(
                WatchEntry(
                    token=token, entry_no=one.entry_no, subject=subject_of(one).kind, action=one.action,
                    ends_us=to_us(one.ends, field="ends"), details=key.seal(token, one.details, self._party.random),
                )
            )  # fmt: skip
        return tuple(made)

    def own_rows(self, row: EpochRow, entries: Sequence[Listed], message: Message) -> list[OwnRow]:
        """Our own copy of ``entries``, which ``message`` brings to the epoch of ``row``."""
        keys = self._party.list_keys
        return [
            OwnRow(
                list_id=row.list_id, entry_no=one.entry_no, subject=keys.subject_token(subject_of(one)), epoch=row.epoch,
                message_id=message.header.message_id, withdrawn=0, ends_us=to_us(one.ends, field="ends"),
                sealed=keys.seal_own(row.list_id, one.entry_no, one),
            )
            for one in entries
        ]  # fmt: skip

    async def enqueue(
        self, message: Message, envelope: bytes, *, own: Sequence[OwnRow] = (), epochs: Sequence[EpochRow] = ()
    ) -> SentOrder:
        """Queues a message with our own rows, in one commit, and wakes its publisher."""
        row = outgoing(message, envelope, self._party.clock.now_us())

        def job(conn: sqlite3.Connection) -> None:
            outbox.enqueue(conn, [row])
            watch_rows.put_own(conn, own)
            watch_rows.put_epochs(conn, epochs)

        await self._party.store.transact(job, urgent=row.lane is Lane.URGENT)
        self._party.link.wake(row.lane)
        return SentOrder(message, self._party)

    async def known(self, list_id: str, subjects: Sequence[Subject]) -> dict[bytes, OwnRow]:
        """Our copies of the entries of ``subjects``, by the token of their subject."""
        tokens = [self._party.list_keys.subject_token(one) for one in subjects]
        return await self._party.store.transact(partial(watch_rows.own_by_subject, list_id=list_id, subjects=tokens))

    async def forget_refused(self, list_id: str) -> None:
        """Forgets epochs the hub refused, and counts the entries it refused as not published."""
        await self._party.store.transact(partial(watch_rows.drop_refused, list_id=list_id))


def subject_of(one: Listed) -> Subject:
    """The subject of an entry: its constructor has read it."""
    assert isinstance(one.subject, Subject)
    return one.subject


async def _and_none(chunks: AsyncIterator[list[Listed]]) -> AsyncIterator[list[Listed] | None]:
    async for chunk in chunks:
        yield chunk
    yield None
