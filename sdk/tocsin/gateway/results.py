"""What became of the orders that a file asked for: ``sent/<name>.result``, kept up to date until each has its answer.

 * A row names the line it stands for. ``state`` is not-sent, queued, accepted, refused-by-hub, no-answer, executed or
   refused; the first, the fourth and the last two are final.
 * All of it is worked out from this party's own file: after a restart it goes on where it was.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.client.participant import Participant
from tocsin.client.rows import OutboxState
from tocsin.client.sent import stored_result
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import message_id_text, parse_message_id
from tocsin.core.times import from_us
from tocsin.gateway import files
from tocsin.gateway.files import Folder
from tocsin.gateway.reasons import failure_json
from tocsin.gateway.reports import result_json
from tocsin.gateway.rows import RESULT_COLUMNS, cells_of
from tocsin.gateway.tables import Row, csv_bytes, json_bytes, read_table
from tocsin.wire.sequencing import decode_receipt

_FINAL = frozenset({"executed", "refused", "refused-by-hub", "not-sent"})
_SUFFIXES = (".result.json", ".result.csv")

_log = logging.getLogger("tocsin.folder")


@dataclass(slots=True, kw_only=True)
class OpenResult:
    """One row: the order it became, or why it became none; ``told`` is what the file says of it."""

    line: int
    order_id: bytes
    told: Mapping[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """The row as it is written."""
        if not self.order_id:
            return {"line": self.line, "state": "not-sent", **self.told}
        return {"line": self.line, "state": "queued", "order": message_id_text(self.order_id), **self.told}

    @property
    def final(self) -> bool:
        """Whether nothing more is to come."""
        return self.row()["state"] in _FINAL


class Results:
    """The results in ``sent``."""

    def __init__(self, participant: Participant, folder: Folder) -> None:
        self._participant = participant
        self._folder = folder
        self._open: dict[str, list[OpenResult]] = {}
        self._unwritten: set[str] = set()

    def first(self, rows: Sequence[OpenResult], form: str) -> bytes:
        """The content of a result before anything is heard."""
        return _content([one.row() for one in rows], form)

    def open(self, name: str, rows: Sequence[OpenResult]) -> None:
        """Follows the orders of a file from now on."""
        self._open[name] = list(rows)

    async def load(self) -> None:
        """Takes up the results of an earlier life."""
        for name in await asyncio.to_thread(self._folder.names, files.SENT):
            suffix = next((one for one in _SUFFIXES if name.endswith(one)), None)
            if suffix is None:
                continue
            try:
                data = await asyncio.to_thread(self._folder.read, files.SENT, name)
                rows = [_loaded(row) for row in read_table(name, data).rows if isinstance(row, Row)]
            except (BusError, OSError, ValueError, TypeError):
                _log.warning("a result in sent was changed by another hand, and is not kept up to date")
                continue
            if not all(row.final for row in rows):
                self._open[name.removesuffix(suffix)] = rows

    async def refresh(self, form: str) -> None:
        """Writes the results of which something new is known, in ``form``."""
        for name, rows in list(self._open.items()):
            for row in rows:
                if not row.final and (told := await self._told(row)) != row.told:
                    row.told = told
                    self._unwritten.add(name)
            if name in self._unwritten:
                content = _content([one.row() for one in rows], form)
                await asyncio.to_thread(self._folder.write, files.SENT, f"{name}.result.{form}", content)
                self._unwritten.discard(name)
            if all(row.final for row in rows):
                del self._open[name]

    async def _told(self, one: OpenResult) -> Mapping[str, Any]:
        store = self._participant.store
        row = await store.get_outbox(one.order_id)
        if row is None:
            return one.told  # the folder was another party's before
        told: dict[str, Any] = {"thread": message_id_text(row.root_id), "kind": row.kind, "recipient": row.recipient}
        if row.state in (OutboxState.REFUSED, OutboxState.PARKED):
            return {**told, "state": "refused-by-hub", **failure_json(error(row.reason or Reason.INTERNAL, **row.facts))}
        if row.state is not OutboxState.ACCEPTED:
            return {**told, "state": "queued"}
        sequencing = decode_receipt(row.receipt).sequencing
        told |= {"log_index": sequencing.log_index, "accepted_at": _rfc3339(sequencing.accepted_us)}
        result = await stored_result(store, self._participant.identity, row)
        return {**told, "state": "accepted"} if result is None else {**told, **result_json(result)}


def _loaded(row: Row) -> OpenResult:
    cells = dict(row.cells)
    line = int(cells.pop("line", 0))
    order = cells.pop("order", "")
    told = {key: value for key, value in cells.items() if value is not None}
    return OpenResult(line=line, order_id=parse_message_id(order) if order else b"", told=told)


def _content(rows: Sequence[Mapping[str, Any]], form: str) -> bytes:
    return json_bytes(rows) if form == "json" else csv_bytes(RESULT_COLUMNS, [cells_of(row) for row in rows])


def _rfc3339(us: int) -> str:
    return from_us(us).isoformat(timespec="microseconds").replace("+00:00", "Z")
