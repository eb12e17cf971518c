"""The same verbs without ``async``: for scripts, threads and frameworks that have no event loop.

 * One event loop in one thread of its own serves all participants of the process: the transport allows no more.
 * Every call waits for its result; errors are those of the asynchronous verbs. A handler may be plain or ``async``.

Example:
    with Participant.load("police.identity") as police:
        order = police.stop_payment(account="6222 …", amount="50000 CNY", contact="027-0000 0000")
        print(order.outcome(timeout=60))
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tocsin import watching as _watching
from tocsin.client import participant as _async
from tocsin.client import sent as _sent
from tocsin.client import watchlists as _watchlists
from tocsin.client.handlers import CONCURRENCY, MAX_PROCESSING_SECONDS
from tocsin.core.identifiers import Identifier
from tocsin.core.subjects import Subject
from tocsin.loop import new_loop
from tocsin.results import Pending, Result, WatchAnswer
from tocsin.wire.sequencing import Receipt

if TYPE_CHECKING:
    from tocsin.blocklist import Blocklist

__all__ = ["Hit", "Participant", "SentOrder", "Watchlists"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class _Loop:
    """The event loop all participants share, started on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs ``work`` on the loop and waits for it."""
        with self._lock:
            if self._loop is None:
                self._loop = new_loop()
                threading.Thread(target=self._loop.run_forever, name="tocsin-sync", daemon=True).start()
            loop = self._loop
        return asyncio.run_coroutine_threadsafe(work, loop).result()


_loop = _Loop()


class SentOrder:
    """See ``tocsin.client.sent.SentOrder``."""

    def __init__(self, order: _sent.SentOrder) -> None:
        self._order = order

    @property
    def id(self) -> str:
        """The order's id."""
        return self._order.id

    @property
    def recipient(self) -> str:
        """The party it goes to."""
        return self._order.recipient

    def accepted(self, timeout: float | None = None) -> Receipt | None:
        """The hub's receipt; None when ``timeout`` seconds pass first. Raises as the asynchronous verb does."""
        return _loop.wait(self._order.accepted(timeout))

    def outcome(self, timeout: float | None = None) -> Result:
        """What came of it; ``Pending`` when ``timeout`` seconds pass first. Raises as the asynchronous verb does."""
        return _loop.wait(self._order.outcome(timeout))


class Participant:
    """See ``tocsin.client.participant.Participant``."""

    def __init__(self, participant: _async.Participant) -> None:
        self._participant = participant

    @classmethod
    def load(cls, path: str | Path, **how: Any) -> Self:
        """The party whose identity directory is ``path``; see the asynchronous verb."""
        return cls(_async.Participant.load(path, **how))

    def __enter__(self) -> Self:
        _loop.wait(self._participant.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        _loop.wait(self._participant.__aexit__(kind, exc, trace))

    def on(
        self,
        cls: type,
        *,
        concurrency: int = CONCURRENCY,
        max_processing: float = MAX_PROCESSING_SECONDS,
        exercise: bool = False,
    ) -> Callable[[F], F]:
        """Registers a handler; see the asynchronous verb."""
        return self._participant.on(cls, concurrency=concurrency, max_processing=max_processing, exercise=exercise)

    def run(self) -> None:
        """The whole program: serves until SIGINT or SIGTERM, then drains. Call it in the main thread."""
        self._participant.run()

    def stop_payment(self, *, account: str | Identifier, contact: str, **more: Any) -> SentOrder:
        """Orders a bank to hold money at once; see the asynchronous verb."""
        return SentOrder(_loop.wait(self._participant.stop_payment(account=account, contact=contact, **more)))

    def freeze(
        self,
        account_or_order: str | Identifier | SentOrder,
        *,
        case_filing_no: str,
        document_no: str,
        contact: str,
        **more: Any,
    ) -> SentOrder:
        """Freezes under a filed case; see the asynchronous verb."""
        target = account_or_order._order if isinstance(account_or_order, SentOrder) else account_or_order
        return SentOrder(
            _loop.wait(
                self._participant.freeze(
                    target, case_filing_no=case_filing_no, document_no=document_no, contact=contact, **more
                )
            )
        )

    def extend(self, order: SentOrder | str, *, reason: str = "") -> SentOrder:
        """Asks for one more term of a stop."""
        return SentOrder(_loop.wait(self._participant.extend(_id(order), reason=reason)))

    def release(self, order: SentOrder | str, *, reason: str = "") -> SentOrder:
        """Ends a measure now."""
        return SentOrder(_loop.wait(self._participant.release(_id(order), reason=reason)))

    def check(self, subjects: Iterable[str | Subject], **how: Any) -> _watching.Checked:
        """Checks subjects against a watchlist; see the asynchronous verb. ``answer`` of its hits waits, too."""
        checked = _loop.wait(self._participant.check(subjects, **how))
        rows = [Hit.of(row) if isinstance(row, _watching.Hit) else row for row in checked.rows]
        return replace(checked, rows=rows)

    @property
    def watchlists(self) -> "Watchlists":
        """Our watchlists."""
        return Watchlists(self._participant.watchlists)

    def refresh(self, blocklist: "Blocklist") -> int:
        """Takes up in a blocklist what we were ordered since the last time; see ``Blocklist.refresh``."""
        return _loop.wait(blocklist.refresh(self._participant))

    def order(self, kind: str, **given: Any) -> SentOrder:
        """Sends an order of any kind; see the asynchronous verb."""
        return SentOrder(_loop.wait(self._participant.order(kind, **given)))


class Hit(_watching.Hit):
    """See ``tocsin.watching.Hit``."""

    __slots__ = ()

    @classmethod
    def of(cls, hit: _watching.Hit) -> Self:
        """The same hit."""
        return cls(**{one.name: getattr(hit, one.name) for one in fields(hit)})

    def answer(self, timeout: float | None = None) -> WatchAnswer | Pending:  # type: ignore[override]
        """The owner's word; ``Pending`` when ``timeout`` seconds pass first. Raises as the asynchronous verb does."""
        return _loop.wait(super().answer(timeout))


class Watchlists:
    """See ``tocsin.client.watchlists.Watchlists``: the same verbs, each waiting for its result."""

    def __init__(self, lists: _watchlists.Watchlists) -> None:
        self._lists = lists

    def open(self, list_id: str, *, checkers: Sequence[str], valid: timedelta | datetime) -> int:
        """Opens a list of ours, or its next epoch, empty."""
        return _loop.wait(self._lists.open(list_id, checkers=checkers, valid=valid))

    def publish(self, list_id: str, entries: Iterable[_watching.Listed], *, contact: str, **more: Any) -> int:
        """Puts entries on a list of ours."""
        return _loop.wait(self._lists.publish(list_id, entries, contact=contact, **more))

    def correct(self, list_id: str, entries: Sequence[_watching.Listed], *, contact: str, **more: Any) -> None:
        """Gives entries another action, end or details."""
        _loop.wait(self._lists.correct(list_id, entries, contact=contact, **more))

    def withdraw(self, list_id: str, entries: Sequence[Subject | str | int], *, reason: str = "") -> None:
        """Takes entries off the list."""
        _loop.wait(self._lists.withdraw(list_id, entries, reason=reason))

    def rotate(
        self, list_id: str, *, checkers: Sequence[str], valid: timedelta | datetime, contact: str, **more: Any
    ) -> int:
        """Opens the next epoch under a new key and carries every entry in force over."""
        return _loop.wait(self._lists.rotate(list_id, checkers=checkers, valid=valid, contact=contact, **more))

    def lists(self) -> list[_watchlists.OwnList]:
        """The lists known here."""
        return _loop.wait(self._lists.lists())

    def entry(self, list_id: str, entry_no: int) -> _watching.Listed | None:
        """An entry of a list of ours."""
        return _loop.wait(self._lists.entry(list_id, entry_no))

    def answer(self, hit_id: str, given: WatchAnswer) -> None:
        """Answers by hand a hit that waits for a person."""
        _loop.wait(self._lists.answer(hit_id, given))


def _id(order: SentOrder | str) -> str:
    return order if isinstance(order, str) else order.id
