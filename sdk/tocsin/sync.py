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
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tocsin.client import participant as _async
from tocsin.client import sent as _sent
from tocsin.client.handlers import CONCURRENCY, MAX_PROCESSING_SECONDS
from tocsin.core.identifiers import Identifier
from tocsin.loop import new_loop
from tocsin.results import Result
from tocsin.wire.sequencing import Receipt

__all__ = ["Participant", "SentOrder"]

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

    def order(self, kind: str, **fields: Any) -> SentOrder:
        """Sends an order of any kind; see the asynchronous verb."""
        return SentOrder(_loop.wait(self._participant.order(kind, **fields)))


def _id(order: SentOrder | str) -> str:
    return order if isinstance(order, str) else order.id
