"""The drop folder: a party takes part by files alone.

 * An order is handed out when its file is fsynced; it then waits for its answer however long that takes, and holds up no
   other. A crash in between brings the file again, marked ``repeat`` under the same ``idempotency_key``.
 * An answer becomes the same signed report as one by hand, once: the same answer again changes nothing, another is refused.
 * Each row of each file of orders is sent once, through every crash: the row of this very file is its key.
 * A row that is wrong is named with field, rule and remedy and costs only itself; it is never taken for a refusal.
 * What fails for a reason of this machine or the hub's stays where it is and is tried again.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from tocsin.client.participant import Participant
from tocsin.client.rows import InboxRow, InboxState
from tocsin.clock import Clock, wait_for
from tocsin.core import orders  # noqa: F401  (fills KINDS)
from tocsin.core.errors import BusError, LocalFault, Reason, Unavailable, error
from tocsin.core.identifiers import message_id_text, parse_message_id
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import KINDS, Nature
from tocsin.core.orders.report import Outcome, Report
from tocsin.gateway import files
from tocsin.gateway.files import Content, Folder
from tocsin.gateway.form import Form
from tocsin.gateway.reasons import Refusal, failure_json, reason_json, reason_text
from tocsin.gateway.results import OpenResult, Results
from tocsin.gateway.rows import answer_in, cells_of, lapsed_columns, order_cells, order_columns, order_in
from tocsin.gateway.tables import Broken, Row, Table, csv_bytes, give_back, json_bytes, read_table
from tocsin.gateway.tasks import lapsed_json, task_json
from tocsin.results import ByHand, Executed, Lapsed, Refused
from tocsin.wire.codec import open_envelope

SWEEP_LOOKS: Final = 60
"""Looks after which ``orders`` is swept of what was answered by other means, such as ``tocsin orders answer``."""

_log = logging.getLogger("tocsin.folder")


class _NotNow(Exception):
    """A file has to wait; it stays where it is."""


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """What became of the rows of a file."""

    done: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    results: list[OpenResult] = field(default_factory=list)


class FolderGateway:
    """Joins a participant and a folder; register it before the participant opens, then let it ``run``."""

    def __init__(self, participant: Participant, folder: Folder, *, form: Form, lang: str, clock: Clock) -> None:
        self._participant = participant
        self._folder = folder
        self._form = form
        self._lang = lang
        self._clock = clock
        self._results = Results(participant, folder)
        self._complained: set[str] = set()
        self._looks = 0

    def register(self, *, exercise: bool) -> None:
        """Takes every kind of order and the ends of measures; drills only on demand."""
        for kind in KINDS.values():
            if kind.nature is Nature.ORDER:
                self._participant.on(kind.cls, exercise=exercise)(self.hand_out)
        self._participant.on(Lapsed, exercise=exercise)(self.end)

    # -- out --------------------------------------------------------------------------------------------------------------------

    def hand_out(self, order: MeasureOrder) -> NoReturn:
        """Writes an order's file. Runs in a thread.

        Raises:
            ByHand: It is on the disk, and waits for its answer.
            OSError: It could not be written; the order comes again.
        """
        task = task_json(order)
        content = json_bytes(task) if self._form is Form.JSON else csv_bytes(order_columns(), [order_cells(task)])
        self._folder.write(files.ORDERS, f"{order.id}.{self._form}", content)
        raise ByHand

    def end(self, event: Lapsed) -> None:
        """Writes that a measure has ended; nobody has to answer it. Runs in a thread.

        Raises:
            OSError: It could not be written; it is told again.
        """
        told = lapsed_json(event)
        content = json_bytes(told) if self._form is Form.JSON else csv_bytes(lapsed_columns(), [cells_of(told)])
        self._folder.write(files.ENDED, f"{event.thread_id}.{self._form}", content)

    def without_file(self, waiting: Sequence[InboxRow]) -> list[InboxRow]:
        """Those of ``waiting`` that never were handed out: they came to another listener, or were given up."""
        return [row for row in waiting if not row.started_us or row.state is InboxState.PARKED]

    # -- in ---------------------------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event, poll: float) -> None:
        """Looks into the folder every ``poll`` seconds until ``stop`` is set; the participant is open throughout."""

        async def often(look: Callable[[], Awaitable[None]]) -> None:
            while not stop.is_set():
                await look()
                await wait_for(stop, self._clock, poll)

        await self._results.load()
        # Apart: an order may wait for the hub's newest directory, an answer never does.
        async with asyncio.TaskGroup() as group:
            group.create_task(often(self.look_for_answers))
            group.create_task(often(self.look_for_orders))

    async def look_for_answers(self) -> None:
        """Takes up the answers that lie in the folder now."""
        await self._all(files.ANSWERS, self._answer)
        if self._looks % SWEEP_LOOKS == 0:
            await self._quietly(files.ORDERS, self._sweep())
        self._looks += 1

    async def look_for_orders(self) -> None:
        """Takes up the orders to be sent that lie in the folder now, and brings results up to date."""
        await self._all(files.SEND, self._send)
        await self._quietly(files.SENT, self._results.refresh(self._form))

    async def _all(self, place: str, work: "_RowWork") -> None:
        for name in await self._quietly(place, asyncio.to_thread(self._folder.take, place)) or ():
            await self._quietly(name, self._file(place, name, work))

    async def _quietly(self, what: str, work: Awaitable[Any]) -> Any:
        """Does ``work``; what cannot be done now is told once and left for the next look."""
        try:
            done = await work
        except _NotNow:
            return None
        except OSError as exc:
            self._complain(what, exc.strerror or type(exc).__name__)
        except BusError as failure:
            if not _passes(failure):
                raise
            self._complain(what, failure.text(self._lang))
        else:
            self._complained.discard(what)
            return done
        return None

    def _complain(self, what: str, why: str) -> None:
        if what not in self._complained:
            _log.error("a file waits, and is tried again: %s", why)
            self._complained.add(what)

    async def _file(self, place: str, name: str, work: "_RowWork") -> None:
        found = _Outcome()
        table: Table | None = None
        try:
            content = await asyncio.to_thread(self._folder.read_taken, place, name)
            table = await asyncio.to_thread(read_table, name, content.data)
        except BusError as failure:
            found.refusals.append(Refusal(line=0, failure=failure))
        else:
            for row in table.rows:
                await self._row(row, content, work, found)
        await asyncio.to_thread(self._settle, place, name, table, found)
        if place == files.SEND:
            self._results.open(name, found.results)
        _log.info("%s: %d rows done, %d refused", place, found.done, len(found.refusals))

    async def _row(self, row: Row | Broken, content: Content, work: "_RowWork", found: _Outcome) -> None:
        try:
            if isinstance(row, Broken):
                raise row.failure
            order_id = await work(row, content)
        except BusError as failure:
            if _passes(failure):
                raise
            found.refusals.append(Refusal(line=row.line, failure=failure))
            found.results.append(OpenResult(line=row.line, order_id=b"", told=failure_json(failure)))
        else:
            found.done += 1
            found.results.append(OpenResult(line=row.line, order_id=order_id))

    def _settle(self, place: str, name: str, table: Table | None, found: _Outcome) -> None:
        """Writes what became of a file, and only then puts it away: cut off anywhere, all of it is done again."""
        if place == files.SEND:
            self._folder.write(files.SENT, f"{name}.result.{self._form}", self._results.first(found.results, self._form))
        if found.refusals:
            told = reason_json(found.refusals, done=found.done)
            self._folder.write(files.REJECTED, f"{name}.reason.json", json_bytes(told))
            text = reason_text(found.refusals, done=found.done, lang=self._lang)
            self._folder.write(files.REJECTED, f"{name}.reason.txt", text)
        if found.refusals and (table is None or not found.done):
            self._folder.put_away(place, name, files.REJECTED)
            return
        if found.refusals and table is not None:
            # Those rows alone: they can be corrected and dropped again without doing the good ones twice.
            self._folder.write(files.REJECTED, name, give_back(table, [one.line for one in found.refusals]))
        self._folder.put_away(place, name, files.DONE)

    async def _answer(self, row: Row, _: Content) -> bytes:
        order_id, given = answer_in(row)
        stored = await self._participant.store.get_inbox(order_id)
        if stored is not None and stored.state in (InboxState.RECEIVED, InboxState.STARTED):
            raise _NotNow  # its file was written a moment ago, or in an earlier life: it comes again, and then waits
        if stored is not None and stored.state is InboxState.DONE:
            await self._same(stored, given)
            return order_id
        await self._participant.answer(message_id_text(order_id), given)
        for form in Form:
            await asyncio.to_thread(self._folder.retire, files.ORDERS, f"{message_id_text(order_id)}.{form}")
        return order_id

    async def _same(self, stored: InboxRow, given: Executed | Refused) -> None:
        """Raises unless ``given`` is the answer that was given.

        Raises:
            WrongState: TRANSITION_REFUSED.
        """
        sent = await self._participant.store.get_outbox(stored.report_id) if stored.report_id else None
        report = open_envelope(sent.envelope).message if sent is not None else None
        held = given.held if isinstance(given, Executed) else None
        alike = {given.outcome, Outcome.DONE_SHORT} if given.outcome is Outcome.DONE else {given.outcome}
        if not isinstance(report, Report) or report.outcome not in alike or report.held != held:
            raise error(Reason.TRANSITION_REFUSED, state="answered", event="answer-by-hand", field="message_id")

    async def _send(self, row: Row, content: Content) -> bytes:
        given = order_in(row)
        # The row of this very file: whatever crashes, and wherever the file is moved, it is the same; a copy is another.
        cells = json.dumps(row.cells, sort_keys=True).encode()
        key = hashlib.sha256(f"{content.mark}/{row.line}/".encode() + cells).hexdigest()
        try:
            sent = await self._participant.order(
                given.kind, target=given.target, thread=given.thread, recipient=given.recipient, once=key, **given.fields
            )
        except BusError as failure:
            if failure.facts.get("field") == "target":  # the column is called otherwise
                raise error(failure.reason, **{**failure.facts, "field": "account"}) from failure
            raise
        return sent.message.header.message_id

    async def _sweep(self) -> None:
        for name in await asyncio.to_thread(self._folder.names, files.ORDERS):
            try:
                order_id = parse_message_id(name.partition(".")[0])
            except BusError:
                continue  # not ours
            stored = await self._participant.store.get_inbox(order_id)
            if stored is not None and stored.state is InboxState.DONE:
                await asyncio.to_thread(self._folder.retire, files.ORDERS, name)


_RowWork = Callable[[Row, Content], Awaitable[bytes]]


def _passes(failure: BusError) -> bool:
    """Whether another time it may go well: the fault is this machine's or the hub's, not the row's."""
    return isinstance(failure, Unavailable) or (
        isinstance(failure, LocalFault) and failure.reason is not Reason.HANDLER_RESULT_INVALID
    )
