"""One party on the bus: what an application holds.

 * ``async with`` connects in the background and drains at the end; ``serve`` runs until told to stop; ``run`` is the whole program.
 * Sending returns once the message is on this machine's disk. Everything else, the network included, may fail without losing it.
 * What the hub says is checked: receipts against the log's key, deliveries against our own copy of the directory.

Example:
    bank = Participant.load("bank.identity")

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Executed | Refused:
        ...

    bank.run()
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tocsin import loop
from tocsin.client.answering import Answerer, outgoing
from tocsin.client.by_hand import by_hand, objection_of
from tocsin.client.channel import HubConnection
from tocsin.client.checking import Checker
from tocsin.client.compose import Composer, Follow
from tocsin.client.directory_copy import DirectoryCopy
from tocsin.client.given import Given
from tocsin.client.handlers import CONCURRENCY, MAX_PROCESSING_SECONDS, Handler, Handlers
from tocsin.client.identity import Identity, load_identity
from tocsin.client.life import after_order, new_measure
from tocsin.client.link import ONCE, Link
from tocsin.client.list_keys import ListKeys
from tocsin.client.notices import Notices
from tocsin.client.rows import Incoming, MeasureRow
from tocsin.client.sent import SentOrder, Waiters
from tocsin.client.store import ClientStore
from tocsin.client.watchlists import Watchlists
from tocsin.clock import Clock, SystemClock
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import Identifier, identifier, message_id_text, parse_message_id
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import KINDS, Message
from tocsin.core.money import Money
from tocsin.core.orders.report import Outcome
from tocsin.core.subjects import Subject
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.results import Executed, Refused
from tocsin.watching import Checked
from tocsin.wire.codec import open_envelope

if TYPE_CHECKING:
    from tocsin.client.blocks import BlockJob

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

SUBSCRIPTION = "main"

SWITCH_SECONDS = 0.0005
"""How long a thread of a program of ours keeps the interpreter while another waits: an urgent order changes threads
several times on its
way, and at the interpreter's own 5 ms each change could cost that much."""


def _nothing(_: Sequence[Incoming]) -> None:
    """Nobody wants to know."""


class Participant:
    """A party's connection to the bus. Make it with ``load``.

    Args:
        receive: Whether to take deliveries; a process that only sends leaves them to another.
        on_stored: Told of messages that are new here, once they are on the disk.
        connect: Dials the hub.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        clock: Clock | None = None,
        random: Callable[[int], bytes] = os.urandom,
        subscription: str = SUBSCRIPTION,
        receive: bool = True,
        on_stored: Callable[[Sequence[Incoming]], None] = _nothing,
        connect: Callable[[Identity], HubConnection] = HubConnection,
    ) -> None:
        self.identity = identity
        self._clock = clock or SystemClock()
        self._random = random
        self._subscription = subscription
        self._receive = receive
        self._on_stored = on_stored
        self._connect = connect
        self._handlers = Handlers()
        self._waiters = Waiters()
        self._copy = DirectoryCopy(bus=identity.bus, root_hash=identity.root_hash)
        self._composer = Composer(
            identity=identity,
            directory=lambda: self._copy.directory,
            signer=Ed25519Signer(identity.agent_seed),
            clock=self._clock,
            random=random,
        )
        self._answerer = Answerer(identity=identity, composer=self._composer, clock=self._clock)
        self._notices = Notices(identity=identity, composer=self._composer, clock=self._clock)
        self.list_keys = ListKeys(identity, random)
        self.watchlists = Watchlists(self)
        self._checker = Checker(self)
        self._store: ClientStore | None = None
        self._link: Link | None = None

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        passphrase: str | None = None,
        passphrase_file: str | Path | None = None,
        clock: Clock | None = None,
        subscription: str = SUBSCRIPTION,
        receive: bool = True,
    ) -> Self:
        """The party whose identity directory is ``path``; with ``receive=False`` it leaves deliveries to another process.

        The passphrase comes from the argument, the file, the systemd credential ``tocsin-passphrase``, the file that
        ``TOCSIN_PASSPHRASE_FILE`` names, or a question at the terminal.

        Raises:
            LocalFault: PASSPHRASE_WRONG, IDENTITY_INVALID, IDENTITY_EXPOSED.
        """
        file = Path(passphrase_file) if passphrase_file is not None else None
        identity = load_identity(Path(path), passphrase=passphrase, passphrase_file=file)
        return cls(identity, clock=clock, subscription=subscription, receive=receive)

    # -- handling ---------------------------------------------------------------------------------------------------------------

    def on(
        self,
        cls: type,
        *,
        concurrency: int = CONCURRENCY,
        max_processing: float = MAX_PROCESSING_SECONDS,
        exercise: bool = False,
    ) -> Callable[[F], F]:
        """Registers a handler for a kind of order, or for ``Lapsed``.

        Args:
            cls: Such as ``StopPayment``.
            concurrency: How many run at a time; orders of one thread never overlap.
            max_processing: Seconds one call may take.
            exercise: Whether drills are handed to it too.
        """

        def enter(function: F) -> F:
            self._handlers.register(
                cls,
                Handler(function=function, concurrency=concurrency, max_processing=max_processing, exercise=exercise),
            )
            return function

        return enter

    # -- running ----------------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.open()
        self.link.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def open(self) -> None:
        """Opens the durable file and the directory copy; connects to nothing."""
        if self._store is not None:
            return
        store = await ClientStore.open(self.identity.database)
        try:
            self._link = Link(
                identity=self.identity,
                store=store,
                copy=self._copy,
                handlers=self._handlers,
                answerer=self._answerer,
                notices=self._notices,
                waiters=self._waiters,
                clock=self._clock,
                random=self._random,
                subscription=self._subscription,
                receive=self._receive,
                on_stored=self._on_stored,
                connect=self._connect,
            )
            await self._link.load_directory()
        except BaseException:
            await store.aclose()
            raise
        self._store = store

    async def aclose(self) -> None:
        """Finishes what runs, has acks confirmed, and closes; what is not sent stays in the outbox."""
        if self._link is not None:
            await self._link.stop()
        if self._store is not None:
            await self._store.aclose()
        self._store = self._link = None
        self._waiters.close()

    async def fetch_directory(self) -> int:
        """Fetches, verifies and keeps the directory, over one connection; returns its version.

        Raises:
            Unavailable: The hub cannot be reached.
            SignatureInvalid: What the hub gave does not hold.
        """
        await self.open()
        return await self.link.fetch_once()

    async def serve(self, stop: asyncio.Event | None = None) -> None:
        """Runs until ``stop`` is set (or for ever): connects, resumes, handles, drains.

        Raises:
            BusError: What no reconnecting can mend, such as a hub behind our log or a revoked membership.
        """
        await self.open()
        try:
            self.link.start()
            await self.link.until(stop or asyncio.Event())
        finally:
            await self.aclose()

    def run(self) -> None:
        """The whole program: serves until SIGINT or SIGTERM, then drains."""

        async def main() -> None:
            stop = asyncio.Event()
            running = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                with contextlib.suppress(
                    NotImplementedError
                ):  # no signals on this platform's loops: Ctrl-C still ends it
                    running.add_signal_handler(number, stop.set)
            await self.serve(stop)

        sys.setswitchinterval(SWITCH_SECONDS)
        loop.run(main())

    @property
    def store(self) -> ClientStore:
        """The durable file.

        Raises:
            LocalFault: IDENTITY_INVALID when the participant is not open.
        """
        if self._store is None:
            raise error(Reason.IDENTITY_INVALID, hint="open the participant first: async with, or serve")
        return self._store

    @property
    def link(self) -> "Link":
        """The connection's supervisor. Raises as ``store`` does."""
        if self._link is None:
            raise error(Reason.IDENTITY_INVALID, hint="open the participant first: async with, or serve")
        return self._link

    @property
    def directory_copy(self) -> DirectoryCopy:
        """Our verified copy of the directory."""
        return self._copy

    @property
    def is_open(self) -> bool:
        """Whether the durable file is open."""
        return self._store is not None

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way: outbox drained, handlers idle, acks confirmed."""
        return self._link is None or self._link.quiet

    # -- sending ----------------------------------------------------------------------------------------------------------------

    async def stop_payment(
        self,
        *,
        account: str | Identifier,
        contact: str,
        amount: str | Money | None = None,
        holder: str = "",
        reason: str = "",
        **more: Any,
    ) -> "SentOrder":
        """Orders a bank to hold money at once.

        Args:
            account: Card, IBAN or account as people write it; routed to the one party that serves it.
            contact: Whom the bank and the holder may call.
            amount: What to hold at most, such as ``"50000.00 CNY"``; needed unless ``scope`` is WHOLE_ACCOUNT.
            holder: Name the bank matches before it acts (travels sealed).
            reason: For the bank's officer (travels sealed).
            more: Other fields of ``StopPayment`` (``scope``, ``transaction_ref``, ``necessity``, ``victim``, …) and of the
                header (``case_ref``, ``remedy``, ``holder_notice``, ``lane``, ``exercise``, ``on_behalf_of``, ``profile``,
                ``statute``, ``article``, ``document_no``).

        Returns:
            The order; its receipt and outcome are awaited there.

        Raises:
            Rejected: What is wrong here and now: a check digit, an amount, nobody serving the account.
        """
        given = {"amount": amount, "holder": holder, "reason": reason, "contact": contact, **more}
        return await self.order("stop-payment", target=account, **given)

    async def freeze(
        self,
        account_or_order: "str | Identifier | SentOrder",
        *,
        case_filing_no: str,
        document_no: str,
        contact: str,
        **more: Any,
    ) -> "SentOrder":
        """Freezes under a filed case: in the thread of a stop, without a gap, or on its own.

        Args:
            account_or_order: The stop to convert, or an account.
            case_filing_no: Number of the filed case.
            document_no: Number of the legal document.
            contact: Whom the bank and the holder may call.
            more: As for ``stop_payment``, with the fields of ``Freeze``.

        Raises:
            Rejected: As ``stop_payment``; THREAD_UNKNOWN for an order that is not ours.
        """
        given = {"case_filing_no": case_filing_no, "document_no": document_no, "contact": contact, **more}
        if isinstance(account_or_order, SentOrder):
            return await self.order("freeze", thread=account_or_order.id, **given)
        return await self.order("freeze", target=account_or_order, **given)

    async def extend(self, order: "SentOrder | str", *, reason: str = "") -> "SentOrder":
        """Asks for one more term of a stop. Raises as ``freeze``."""
        return await self.order("extend", thread=_id_of(order), reason=reason)

    async def release(self, order: "SentOrder | str", *, reason: str = "") -> "SentOrder":
        """Ends a measure now. Raises as ``freeze``."""
        return await self.order("release", thread=_id_of(order), reason=reason)

    async def block_domains(
        self,
        domains: Iterable[str],
        *,
        region: str,
        contact: str,
        progress: Callable[[int, int], None] | None = None,
        **more: Any,
    ) -> "BlockJob":
        """Has domains blocked by every carrier of a region: a thousand to an order, each carrier for itself.

        What a carrier is already ordered to block is not ordered again, so a call that was cut off is simply made once more.

        Args:
            domains: As people write them, in any order and number.
            region: GB/T 2260 or ISO 3166-2.
            contact: Whom carriers and owners may call.
            progress: Told (orders made, orders in all) after each.
            more: As for ``stop_payment``, with the fields of ``BlockDomains``.

        Returns:
            The orders, and the entries that cannot be blocked with the reason for each.

        Raises:
            NotRoutable: TARGET_NOT_SERVED when no carrier serves the region.
            Rejected: What is wrong with the other fields.
        """
        from tocsin.client.blocks import block

        return await block(self, domains, region=region, progress=progress, fields={"contact": contact, **more})

    async def unblock_domains(self, domains: Iterable[str], *, reason: str = "") -> "BlockJob":
        """Has domains that this party had blocked let go of, everywhere; entries that it does not block are named."""
        from tocsin.client.blocks import unblock

        return await unblock(self, domains, reason=reason)

    async def order(
        self,
        kind: str,
        *,
        target: str | Identifier | None = None,
        thread: str = "",
        recipient: str = "",
        once: str = "",
        **fields: Any,
    ) -> "SentOrder":
        """Sends an order of any kind: the one door the others go through.

        Args:
            kind: Such as ``stop-payment``.
            target: What it is about, for an order that starts a thread.
            thread: Any order id of the thread it joins.
            recipient: Where an order goes whose kind does not go by target.
            once: A key of the caller's own: whatever comes later under it, after a crash too, is the order sent first.
            fields: Fields of the kind and of the header.

        Raises:
            Rejected: See ``stop_payment``.
        """
        if once and (before := await self.store.get_meta(ONCE + once)):
            return await self.sent_order(message_id_text(before))
        message, envelope, row = await self._up_to_date(lambda: self._made(kind, target, thread, recipient, fields))
        stands = await self.link.enqueue(outgoing(message, envelope, self._clock.now_us()), row, once=once)
        return SentOrder(message, self) if stands == message.header.message_id else await self.sent_order(message_id_text(stands))

    async def compose(self, kind: str, **how: Any) -> tuple[Message, bytes]:
        """A signed message that nobody routes, see ``Composer.plain``. Raises as ``order`` does."""

        async def made() -> tuple[Message, bytes]:
            return self._composer.plain(KINDS[kind], **how)

        return await self._up_to_date(made)

    async def _up_to_date(self, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` gives: what our copy of the directory does not know, a newer one may, such as a bank that joined a
        minute ago."""
        try:
            return await make()
        except BusError as failure:
            if failure.reason not in _DIRECTORY_REASONS or not await self.link.catch_up(CATCH_UP_SECONDS):
                raise
        return await make()

    async def _made(
        self, kind: str, target: str | Identifier | None, thread: str, recipient: str, fields: Mapping[str, Any]
    ) -> tuple[MeasureOrder, bytes, MeasureRow]:
        """The signed order and the measure it begins or changes."""
        one, given, now_us = KINDS[kind], Given.sort(kind, fields), self._clock.now_us()
        if thread:
            before, follow = await self._follow(parse_message_id(thread, field="thread"))
            message, envelope = self._composer.follow(
                one, follow, fields=given.fields, header=given.header, **given.basis
            )
            assert isinstance(message, MeasureOrder)
            return message, envelope, after_order(before, message, now_us)
        if target is None and not recipient:
            raise error(Reason.FIELD_MISSING, field="target", rule="the card or account")
        aimed = identifier(target) if isinstance(target, str) else target
        message, envelope = self._composer.root(
            one, target=aimed, recipient=recipient, fields=given.fields, header=given.header, **given.basis
        )
        assert isinstance(message, MeasureOrder)
        profile = message.header.legal_basis.profile if message.header.legal_basis is not None else ""
        subject = self.identity.subject_token(aimed)
        return message, envelope, new_measure(message, profile=profile, subject=subject, now_us=now_us)

    async def check(self, subjects: Iterable[str | Subject], **how: Any) -> Checked:
        """Checks subjects against a watchlist that authorises us; see ``tocsin.client.checking.Checker.check``."""
        return await self._checker.check(subjects, **how)

    async def sent_order(self, order_id: str) -> "SentOrder":
        """An order this party sent before, from any process.

        Raises:
            WrongState: THREAD_UNKNOWN for an order that is not ours.
        """
        row = await self.store.get_outbox(parse_message_id(order_id))
        if row is None:
            raise error(Reason.THREAD_UNKNOWN, field="thread")
        return SentOrder(open_envelope(row.envelope).message, self)

    async def answer(self, order_id: str, given: Executed | Refused) -> "SentOrder":
        """Answers by hand an order that waits for a person; returns the report on its way.

        Raises:
            NotFound: NOT_FOUND when no such order came here.
            WrongState: TRANSITION_REFUSED when it is answered, or in a handler's hands.
        """
        received = parse_message_id(order_id, field="id")
        report = await by_hand(self.store, self._answerer, self._copy, received, given, self._clock.now_us())
        await self.link.answered(received)
        return SentOrder(report, self)

    async def objection(self, order_id: str) -> Outcome | None:
        """What the law answers by itself to an order that waits for a person, such as OUT_OF_TERM; None for nothing.

        Raises:
            BusError: As ``answer``.
        """
        return await objection_of(
            self.store, self._answerer, self._copy, parse_message_id(order_id, field="id"), self._clock.now_us()
        )

    async def _follow(self, order_id: bytes) -> tuple[MeasureRow, Follow]:
        sent = await self.store.get_outbox(order_id)
        row = await self.store.get_measure(sent.root_id if sent is not None else order_id)
        root = await self.store.get_outbox(row.root_id) if row is not None else None
        if row is None or root is None:
            raise error(Reason.THREAD_UNKNOWN, field="thread")
        message = open_envelope(root.envelope).message
        return row, Follow(
            root_id=row.root_id, parent_id=order_id, recipient=row.recipient, lane=root.lane, exercise=row.exercise,
            profile=row.profile, target=message.header.target,
        )  # fmt: skip

    @property
    def clock(self) -> Clock:
        """The domain clock."""
        return self._clock

    @property
    def random(self) -> Callable[[int], bytes]:
        """Source of ids, keys and salts."""
        return self._random

    @property
    def composer(self) -> Composer:
        """Makes our signed messages."""
        return self._composer

    @property
    def notices(self) -> Notices:
        """Answers notices."""
        return self._notices

    @property
    def waiters(self) -> Waiters:
        """Who waits for receipts and outcomes."""
        return self._waiters


CATCH_UP_SECONDS = 3.0
"""How long an order may wait for a connection that could bring a newer directory."""

_DIRECTORY_REASONS = frozenset(
    {
        Reason.DIRECTORY_EMPTY,
        Reason.TARGET_NOT_SERVED,
        Reason.PARTY_UNKNOWN,
        Reason.PROFILE_UNKNOWN,
        Reason.PARTY_NOT_JOINED,
    }
)


def _id_of(order: "SentOrder | str") -> str:
    return order if isinstance(order, str) else order.id
