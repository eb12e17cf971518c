"""What the end-to-end tests share: a town of parties, hand-made envelopes, and what must not change."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin import Executed, Participant, SentOrder, StopPayment
from tocsin.client.channel import HubConnection
from tocsin.client.identity import Identity
from tocsin.client.scribe import Author
from tocsin.core.envelope import pae
from tocsin.core.errors import BusError
from tocsin.core.identifiers import identifier, luhn_valid, new_message_id
from tocsin.core.message import Header, HolderNotice, Lane, LegalBasis, Message, Thread
from tocsin.core.money import parse_money
from tocsin.core.orders.block_domains import BlockDomains
from tocsin.core.orders.extend import Extend
from tocsin.core.orders.freeze import Freeze
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.orders.unblock_domains import UnblockDomains
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.testing import LocalHub
from tocsin.v1.envelope_pb2 import Envelope
from tocsin.wire.codec import seal_envelope
from tocsin.wire.errors import from_refusal
from tocsin.wire.registry import kind_of, payload_class
from tocsin.wire.sequencing import Receipt, receipt_from_proto

POLICE, OTHER_POLICE, BANK, OTHER_BANK = "police.420100", "police.440300", "bank.icbc", "bank.ccb"
CARRIER, OTHER_CARRIER, FAR_CARRIER = "carrier.cmcc", "carrier.cucc", "carrier.far"
CUSTOMS, OTHER_CUSTOMS = "customs.wuhan", "customs.yichang"
BIN, OTHER_BIN, UNSERVED_BIN = "622202", "622700", "629999"
WAIT = 20.0
SECOND_US, HOUR_US = 1_000_000, 3_600_000_000
HOUR = 3_600.0
CONTACT = "027-0000 0000"
PROJECTIONS = ("threads", "orders", "subjects", "timers", "directory", "entries", "nodes", "batches",
               "watch-lists", "watch-entries", "watch-uses", "notices")  # fmt: skip


def card(number: int, bin_: str = BIN) -> str:
    """A card of 16 digits: BIN, zeros, counter, Luhn digit."""
    body = f"{bin_}{number:09d}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


async def populate(hub: LocalHub) -> None:
    """Two police bureaus, two banks, two customs offices, two carriers of the whole country and one of a province."""
    await hub.enrol(POLICE, role="police")
    await hub.enrol(OTHER_POLICE, role="police")
    await hub.enrol(BANK, role="bank", serves=[f"card:16:{BIN}"], escalate_to=OTHER_POLICE)
    await hub.enrol(CUSTOMS, role="customs")
    await hub.enrol(OTHER_CUSTOMS, role="customs")
    await hub.enrol(OTHER_BANK, role="bank", serves=[f"card:16:{OTHER_BIN}"])
    for carrier, region in ((CARRIER, "CN"), (OTHER_CARRIER, "CN"), (FAR_CARRIER, "CN-GD")):
        await hub.enrol(carrier, role="carrier", region=region)


Answer = Receipt | BusError


class Hand:
    """A party that makes its envelopes by hand and speaks to the hub without the SDK's outbox and inbox."""

    def __init__(self, hub: LocalHub, party: str) -> None:
        self.hub = hub
        self.identity: Identity = hub.identity(party)
        self.agent = Ed25519Signer(self.identity.agent_seed)
        self.key_id = self.identity.agent_key_id
        self.connection = HubConnection(self.identity)

    async def __aenter__(self) -> "Hand":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.aclose()

    @property
    def party(self) -> str:
        """Its party id."""
        return self.identity.party

    @property
    def author(self) -> Author:
        """The party itself, for directory messages."""
        return Author(party=self.party, signer=Ed25519Signer(self.identity.party_seed))

    def header(self, recipient: str = BANK, **more: Any) -> Header:
        """A header that is in order, but for ``more``."""
        now_us = self.hub.now_us()
        values: dict[str, Any] = {
            "message_id": new_message_id(now_us // 1000, os.urandom), "sender": self.party, "author_key": self.key_id,
            "recipients": (recipient,), "audience": self.identity.bus, "created_us": now_us,
            "expires_us": now_us + HOUR_US, "lane": Lane.URGENT, "contact": CONTACT, "remedy": "ask the bureau",
            "holder_notice": HolderNotice.FULL, "legal_basis": LegalBasis(profile="cn", document_no="D-1"),
        }  # fmt: skip
        return Header(**{**values, **more})

    def stop(self, number: int, *, bin_: str = BIN, amount: str = "50000.00 CNY", **more: Any) -> StopPayment:
        """A stop-payment on card ``number``."""
        target = identifier(card(number, bin_))
        return StopPayment(header=self.header(target=target, **more), amount=parse_money(amount))

    def freeze(self, number: int, *, root: Message | None = None, **more: Any) -> Freeze:
        """A freeze, on its own or in the thread of ``root``."""
        more = {"target": identifier(card(number)), "case_filing_no": "A-1", "thread": _thread(root), **more}
        return Freeze(header=self.header(**more), amount=parse_money("50000.00 CNY"))

    def extend(self, root: Message, **more: Any) -> Extend:
        """An extension of the stop ``root``."""
        return Extend(header=self.header(thread=_thread(root), **more))

    def release(self, root: Message, **more: Any) -> Release:
        """A release of ``root``."""
        return Release(header=self.header(*root.header.recipients, thread=_thread(root), **more))

    def block(self, *domains: str, recipient: str = CARRIER, region: str = "CN-42", **more: Any) -> BlockDomains:
        """A block of domains."""
        return BlockDomains(header=self.header(recipient, **more), region=region, domains=domains)

    def unblock(self, root: Message, *domains: str, **more: Any) -> UnblockDomains:
        """A withdrawal of domains."""
        return UnblockDomains(header=self.header(*root.header.recipients, thread=_thread(root), **more), domains=domains)

    def report(self, order: Message, outcome: Outcome = Outcome.DONE, **more: Any) -> Report:
        """A report on ``order``, which runs from now for 48 hours when it was executed."""
        now_us = self.hub.now_us()
        times = {"applied_us": now_us, "expires_us": now_us + 48 * HOUR_US} if outcome.executed else {}
        header = replace(
            self.header(order.header.sender, expires_us=now_us + 366 * 24 * HOUR_US),
            legal_basis=None,
            holder_notice=None,
            contact="",
            remedy="",
            thread=Thread(root_id=order.header.root_id, parent_id=order.header.message_id),
        )
        return Report(header=header, outcome=outcome, **{**times, **more})

    def seal(self, message: Message, sign: Callable[[bytes], bytes] | None = None) -> bytes:
        """The envelope of ``message``, signed by our agent unless told otherwise."""
        return seal_envelope(message, sign or self.agent.sign)

    def altered(self, message: Message, change: Callable[[Any], None]) -> bytes:
        """``message`` with its proto changed before it is signed: what our own code would never make."""
        envelope = Envelope.FromString(self.seal(message))
        payload = payload_class(kind_of(envelope.payload_type)).FromString(envelope.payload)
        change(payload)
        return self.signed(envelope.payload_type, payload.SerializeToString(deterministic=True))

    def signed(self, payload_type: str, payload: bytes) -> bytes:
        """Any payload in a properly signed envelope."""
        envelope = Envelope(payload=payload, payload_type=payload_type)
        envelope.signatures.add(sig=self.agent.sign(pae(payload_type, payload)), keyid=self.key_id)
        return envelope.SerializeToString(deterministic=True)

    async def publish(self, envelopes: Sequence[bytes]) -> list[Answer]:
        """The hub's answers to a frame, in order."""
        answer = await self.connection.publish(envelopes)
        return [
            receipt_from_proto(one.receipt) if one.WhichOneof("result") == "receipt" else from_refusal(one.refusal)
            for one in answer.results
        ]

    async def offer(self, envelope: bytes) -> Answer:
        """The hub's answer to one envelope."""
        (answer,) = await self.publish([envelope])
        return answer

    async def accepted(self, message: Message) -> Receipt:
        """The receipt of a message that must be accepted."""
        answer = await self.offer(self.seal(message))
        assert isinstance(answer, Receipt), answer
        return answer


def _thread(root: Message | None) -> Thread | None:
    if root is None:
        return None
    return Thread(root_id=root.header.message_id, parent_id=root.header.message_id)


@dataclass(frozen=True)
class Standing:
    """Everything the hub has concluded: equal before and after whatever must change nothing."""

    log_size: int
    directory: bytes
    projections: str


async def standing(hub: LocalHub) -> Standing:
    """What stands in the hub's memory and on its disk."""
    inner = hub.serving.hub
    stored = hashlib.sha256()
    for table in PROJECTIONS:
        stored.update(repr(await inner.store.dump(table)).encode())
    mailboxes = {key: head for key, (head, _) in (await inner.store.all_mailboxes()).items()}
    stored.update(repr(sorted(mailboxes.items())).encode())
    return Standing(inner.sequencer.frontier.size, inner.sequencer.directory.head, stored.hexdigest())


def executing(bank: Participant, calls: list[Any] | None = None) -> None:
    """Lets ``bank`` carry out whatever is ordered, and note each call."""
    from tocsin import Extend, Freeze, Release

    async def carry_out(order: Any) -> Executed:
        if calls is not None:
            calls.append(order)
        return Executed(held=getattr(order, "amount", None))

    for kind in (StopPayment, Extend, Freeze, Release):
        bank.on(kind)(carry_out)


async def ordered(police: Participant, number: int, **more: Any) -> SentOrder:
    """A stop-payment by the SDK."""
    values = {"holder": "张三", "amount": "50000.00 CNY", "contact": CONTACT, **more}
    return await police.stop_payment(account=card(number), **values)


async def until(condition: Callable[[], Any], seconds: float = WAIT) -> None:
    """Waits for what happens in real time: connections, threads, other processes."""
    import asyncio

    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
