"""A small pure bus for the tests of ``decide``: governance, the hub, two police bureaus, an anti-fraud centre, two banks.

Nothing is signed and nothing is stored: admission and commit are others' to test. Keys are made-up bytes, because ``decide`` only
compares the key a signature was checked with. ``accept`` and ``refuse`` are the two ways to offer a message; ``refuse`` proves that
nothing changed. Timers are kept as a store keeps them, and ``pass_until`` records those that are due as the hub does.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any

import pytest

from tocsin.core.directory import GOVERNANCE, HUB, Directory
from tocsin.core.directory_messages import (
    AddKey,
    EnrolParty,
    GovernanceRoot,
    HolderKind,
    PolicyVersion,
    ProfileVersion,
    Purpose,
    Range,
    Role,
    RootKey,
    ServeRanges,
)
from tocsin.core.errors import BusError, Reason, Rejected
from tocsin.core.identifiers import Identifier, IdentifierKind, luhn_valid, new_message_id
from tocsin.core.keyid import key_id
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import Header, HolderNotice, Lane, LegalBasis, Message, Thread
from tocsin.core.money import Money
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.core.orders.extend import Extend
from tocsin.core.orders.freeze import Freeze
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.orders.stop_payment import StopPayment
from tocsin.core.policy import default_document as policy_document
from tocsin.core.profiles import Profile
from tocsin.core.profiles import default_document as profile_document
from tocsin_hub.domain.book import Accepted, Admitted, Book, Duplicate
from tocsin_hub.domain.deadlines import deadline_message
from tocsin_hub.domain.decide import decide
from tocsin_hub.domain.rows import Changes, Loaded, OrderRow, SubjectRow, ThreadRow, TimerKey, TimerRow

BUS = "tocsin.example"
CUSTOMS, CUSTOMS_2 = "customs.wuhan", "customs.yichang"
POLICE, POLICE_2, CENTRE = "police.420100", "police.420200", "anti-fraud.420000"
ICBC, ABC = "bank.icbc", "bank.abc"
BIN_OF = {ICBC: "622202", ABC: "622848"}
ROLE_OF = {
    HUB: Role.HUB, POLICE: Role.POLICE, POLICE_2: Role.POLICE, CENTRE: Role.ANTI_FRAUD, ICBC: Role.BANK, ABC: Role.BANK,
    CUSTOMS: Role.CUSTOMS, CUSTOMS_2: Role.CUSTOMS,
}  # fmt: skip
WORKS_FOR = {
    Role.HUB: (Purpose.REPORT,), Role.POLICE: (Purpose.ORDER, Purpose.REPORT), Role.ANTI_FRAUD: (Purpose.ORDER,),
    Role.BANK: (Purpose.REPORT, Purpose.ACK), Role.CUSTOMS: (Purpose.ORDER, Purpose.REPORT),
}  # fmt: skip

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY = 24 * HOUR_US
START_US = 1_767_225_600_000_000
"""2026-01-01T00:00Z."""

CN = Profile.parse(profile_document("cn"))
STOP_US = CN.limits.stop_term.seconds * SECOND_US
EXECUTE_US = CN.limits.execute_within.seconds * SECOND_US
ANSWER_US = CN.limits.answer_within.seconds * SECOND_US
FREEZE_US = 180 * 24 * HOUR_US
"""About the term of a freeze; the hub takes whatever end the bank states."""

HELD = Money(5_000_000, "CNY")
NOTHING = Money(0, "CNY")


def card(n: int, bank: str = ICBC, *, length: int = 19) -> Identifier:
    """The ``n``-th invented card of a bank (or of a BIN): BIN, zeros, counter, Luhn digit."""
    head = BIN_OF.get(bank, bank)
    body = f"{head}{n:0{length - len(head) - 1}}"
    return Identifier(IdentifierKind.CARD, next(body + d for d in "0123456789" if luhn_valid(body + d)))


def public_key(party: str, use: str = "agent") -> bytes:
    """Bytes that stand for a public key."""
    return sha256(f"{party} {use}".encode()).digest()


def key_of(party: str, use: str = "agent") -> str:
    """Its key id."""
    return key_id("ed25519", public_key(party, use))


class World:
    """A bus with its state."""

    def __init__(self) -> None:
        self.now_us = START_US
        self.index = 0
        self.timers: dict[TimerKey, TimerRow] = {}
        self.book = Book(Loaded(), Directory(), Changes())
        self._numbers = count(1)

    # -- offering -----------------------------------------------------------------------------------------------------

    def accept(self, message: Message, **how: Any) -> Accepted:
        """Offers a message that must be accepted, and takes its effects."""
        decision = self.offer(message, **how)
        assert isinstance(decision, Accepted)
        return decision

    def refuse(self, message: Message, reason: Reason, **how: Any) -> BusError:
        """Offers a message that must be refused with ``reason``; nothing has changed. Returns the refusal."""
        before, directory = self.snapshot(), self.book.directory
        with pytest.raises(Rejected) as refusal:
            self.offer(message, **how)
        assert refusal.value.reason is reason
        assert self.snapshot() == before
        assert self.book.directory is directory
        assert "?" not in refusal.value.text("en") + refusal.value.text("zh"), "a text lacks a fact"
        return refusal.value

    def offer(self, message: Message, *, public: bytes | None = None, message_hash: bytes = b"") -> Accepted | Duplicate:
        """Decides on a message and takes what it does; ``public`` is the key its signature was checked with."""
        admitted = self.admitted(message, public=public, message_hash=message_hash)
        decision = decide(admitted, self.book, index=self.index, at_us=self.now_us)
        if isinstance(decision, Accepted):
            self.book.take(admitted, decision, self.index)
            self.index += 1
            for key in decision.timers_cleared:
                self.timers.pop(key, None)
            for timer in decision.timers_set:
                self.timers[TimerKey(timer.order_id, timer.deadline)] = timer
        return decision

    def admitted(self, message: Message, *, public: bytes | None = None, message_hash: bytes = b"") -> Admitted:
        """What admission makes of a message."""
        header = message.header
        header.check()
        message.check()
        target = header.target
        subject = b"" if target is None or header.exercise else sha256(target.text().encode()).digest()
        return Admitted(
            message=message,
            message_hash=message_hash or sha256(repr(message).encode()).digest(),
            signature=b"signature",
            envelope=b"envelope",
            subject=subject,
            author_public_key=self._public(header) if public is None else public,
        )

    def _public(self, header: Header) -> bytes:
        for party in (header.sender, GOVERNANCE):
            for use in ("agent", "admin", "join", "ack", "second"):
                if key_of(party, use) == header.author_key:
                    return public_key(party, use)
        return b"unknown"

    def snapshot(self) -> object:
        """All that a refusal must leave as it was; the directory is compared by identity."""
        return copy.deepcopy((self.book.loaded, self.book.changes, self.timers, self.index))

    def next_batch(self) -> None:
        """Commits: what was decided is now stored state."""
        self.book = Book(self.book.loaded, self.book.directory, Changes())

    # -- time ---------------------------------------------------------------------------------------------------------

    def pass_until(self, at_us: int, *, fetched: bool = False) -> list[Accepted]:
        """Lets time pass and records each deadline in its turn, as the hub does."""
        made = []
        while due := sorted((t for t in self.timers.values() if t.due_us <= at_us), key=lambda t: (t.due_us, t.order_id)):
            self.now_us = max(self.now_us, due[0].due_us)
            made.append(self.accept(self.record(due[0], fetched=fetched)))
        self.now_us = max(self.now_us, at_us)
        return made

    def record(self, timer: TimerRow, *, fetched: bool = False) -> Message:
        """The hub's own message that a deadline passed."""
        return deadline_message(
            timer, self.book.loaded.threads[timer.root_id], self.book.directory, fetched=fetched, bus=BUS,
            author_key=key_of(HUB), message_id=self.new_id(), at_us=self.now_us,
        )  # fmt: skip

    def timer(self, order: Message, deadline: Deadline) -> TimerRow | None:
        """The timer of an order, when one runs."""
        return self.timers.get(TimerKey(order.header.message_id, deadline.value))

    # -- state --------------------------------------------------------------------------------------------------------

    def thread(self, message: Message) -> ThreadRow:
        """The thread a message belongs to."""
        return self.book.loaded.threads[message.header.root_id]

    def order(self, message: Message) -> OrderRow:
        """The order's row."""
        return self.book.loaded.orders[message.header.message_id]

    def terms(self, target: Identifier) -> tuple[int, int]:
        """Terms of an account: used and pending."""
        row = self.book.loaded.subjects.get(sha256(target.text().encode()).digest())
        return (0, 0) if row is None else (row.terms_used, row.terms_pending)

    def subjects(self) -> Iterator[SubjectRow]:
        """All accounts counted."""
        return iter(self.book.loaded.subjects.values())

    # -- making messages ----------------------------------------------------------------------------------------------

    def new_id(self) -> bytes:
        """The next message id."""
        number = next(self._numbers)
        return new_message_id(START_US // 1000 + number, lambda size: number.to_bytes(size, "big"))

    def header(self, sender: str, *recipients: str, **changed: Any) -> Header:
        """A header by ``sender``'s agent, created now."""
        values: dict[str, Any] = {
            "message_id": self.new_id(), "sender": sender, "author_key": key_of(sender), "recipients": recipients,
            "audience": BUS, "created_us": self.now_us, "expires_us": self.now_us + HOUR_US, "lane": Lane.URGENT,
        }  # fmt: skip
        return Header(**(values | changed))

    def governed(self, **changed: Any) -> Header:
        """A header by governance."""
        return self.header(GOVERNANCE, **({"author_key": key_of(GOVERNANCE, "admin")} | changed))

    def stop(self, n: int = 1, *, by: str = POLICE, to: str = ICBC, amount: Money | None = HELD, **changed: Any) -> StopPayment:
        """An order to stop the ``n``-th card of a bank."""
        header = {"target": card(n, to if to in BIN_OF else ICBC), "legal_basis": LegalBasis(profile="cn"),
                  "contact": "027-1111 2222", "remedy": "object", "holder_notice": HolderNotice.FULL}  # fmt: skip
        return StopPayment(header=self.header(by, to, **(header | changed)), amount=amount)

    def freeze(self, of: Message | None = None, n: int = 1, *, by: str = POLICE, **changed: Any) -> Freeze:
        """A freeze: of the thread of ``of``, or of the ``n``-th card."""
        as_root = self.stop(n, by=by).header if of is None else of.header
        header = {"target": as_root.target, "case_filing_no": "A420100", "contact": "027-1111 2222",
                  "legal_basis": LegalBasis(profile="cn", document_no="D-1"), "remedy": "object", "lane": as_root.lane,
                  "holder_notice": HolderNotice.FULL, "thread": None if of is None else within(of),
                  "exercise": as_root.exercise}  # fmt: skip
        return Freeze(header=self.header(by, *as_root.recipients, **(header | changed)), amount=HELD)

    def extend(self, of: Message, *, by: str = POLICE, **changed: Any) -> Extend:
        """An order to extend the stop of a thread."""
        return Extend(header=self._following(of, by, *of.header.recipients, **changed))

    def release(self, of: Message, *, by: str = POLICE, **changed: Any) -> Release:
        """An order to end the measure of a thread."""
        return Release(header=self._following(of, by, *of.header.recipients, **changed))

    def report(
        self,
        on: Message,
        outcome: Outcome = Outcome.DONE,
        *,
        by: str = ICBC,
        held: Money | None = None,
        term_us: int = STOP_US,
        ends_us: int | None = None,
        **changed: Any,
    ) -> Report:
        """The bank's report on an order: executed now with an end, or not."""
        in_force = outcome.executed and not isinstance(on, Release)
        ends = (self.now_us + term_us if ends_us is None else ends_us) if in_force else 0
        header = self._following(on, by, on.header.sender, **changed)
        return Report(
            header=header, outcome=outcome, held=held, applied_us=max(1, min(self.now_us, ends - 1)) if in_force else 0,
            expires_us=ends,
        )  # fmt: skip

    def _following(self, of: Message, sender: str, *recipients: str, **changed: Any) -> Header:
        values = {"thread": within(of), "lane": of.header.lane, "exercise": of.header.exercise}
        return self.header(sender, *recipients, **(values | changed))

    def add_key(self, party: str, use: str, purposes: tuple[Purpose, ...], *, by: str = "admin", **changed: Any) -> AddKey:
        """A party's message that gives it one more key."""
        first = use == "admin"
        return AddKey(
            header=self.header(party, author_key=key_of(party, by)), party=party, algorithm="ed25519",
            **({"holder": party if first else use, "public_key": public_key(party, use), "purposes": purposes,
                "holder_kind": HolderKind.PARTY if first else HolderKind.AGENT,
                "possession": b"proof" if purposes else b""} | changed),
        )  # fmt: skip

    def enrol(self, party: str, role: Role = Role.BANK, **changed: Any) -> EnrolParty:
        """Governance's message that admits a party."""
        return EnrolParty(
            header=self.governed(), party=party, role=role,
            **({"join_key": public_key(party, "join"), "join_expires_us": self.now_us + HOUR_US} | changed),
        )  # fmt: skip

    def serve(self, party: str, *ranges: Range) -> ServeRanges:
        """Governance's message about what a party serves."""
        return ServeRanges(header=self.governed(), party=party, ranges=ranges)

    def policy(self, version: int = 1, document: bytes = b"") -> PolicyVersion:
        """Governance's message that brings a policy."""
        return PolicyVersion(header=self.governed(), version=version, document=document or policy_document())

    def profile(self, name: str, version: int = 1, document: bytes = b"") -> ProfileVersion:
        """Governance's message that brings a profile."""
        header = self.governed()
        return ProfileVersion(header=header, name=name, version=version, document=document or profile_document(name))

    def root(self) -> GovernanceRoot:
        """The trust root."""
        key = RootKey(algorithm="ed25519", public_key=public_key(GOVERNANCE, "admin"))
        return GovernanceRoot(header=self.governed(), version=1, threshold=1, keys=(key,), log_key=bytes(32))


def within(of: Message) -> Thread:
    """Place of a message that follows ``of``."""
    return Thread(root_id=of.header.root_id, parent_id=of.header.message_id)


def born() -> World:
    """A bus with governance, policy and profiles, and nobody else."""
    world = World()
    for message in (world.root(), world.policy(), world.profile("cn"), world.profile("generic")):
        world.accept(message)
    return world


def ready() -> World:
    """A bus on which everybody has joined and both banks serve their cards."""
    world = born()
    for party, role in ROLE_OF.items():
        world.accept(world.enrol(party, role))
        world.accept(world.add_key(party, "admin", (Purpose.ADMIN,), by="join"))
        world.accept(world.add_key(party, "agent", WORKS_FOR[role]))
    for bank, bin_ in BIN_OF.items():
        world.accept(world.serve(bank, Range(kind=IdentifierKind.CARD, prefix=bin_, length=19)))
    world.next_batch()
    return world


@cache
def _ready() -> World:
    return ready()


def fresh() -> World:
    """A bus on which everybody has joined, of one's own; made once and copied."""
    stored = _ready()
    made = copy.copy(stored)
    made.timers = {}
    made.book = Book(copy.deepcopy(stored.book.loaded), stored.book.directory, Changes())
    return made


def in_force(world: World, n: int = 1, **how: Any) -> StopPayment:
    """A stop that the bank has executed."""
    stop = world.stop(n, **how)
    world.accept(stop)
    world.accept(world.report(stop, held=HELD, by=stop.header.recipients[0]))
    return stop


def as_order(message: MeasureOrder, **changed: Any) -> MeasureOrder:
    """``message`` with its header changed."""
    return replace(message, header=replace(message.header, **changed))
