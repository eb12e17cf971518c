"""What the tests of the bank kit share: cards, accounts, orders as the SDK hands them over."""

from dataclasses import dataclass
from pathlib import Path

from examples.bank.ledger import Account, Ledger
from tocsin import Extend, Freeze, HolderNotice, Lane, Release, StopPayment
from tocsin.client.answering import Context
from tocsin.clock import LIVENESS
from tocsin.core.identifiers import identifier, luhn_valid, message_id_text
from tocsin.core.message import Header, LegalBasis, Thread, delivered
from tocsin.core.money import parse_money

BIN = "622498"
HOUR_US = 3_600_000_000
START_US = LIVENESS.now_us()

Order = StopPayment | Extend | Freeze | Release


@dataclass
class HandClock:
    """A clock that stands where it was put."""

    at_us: int = START_US

    def now_us(self) -> int:
        return self.at_us

    def monotonic_us(self) -> int:
        return self.at_us

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here sleeps")


def card(number: int) -> str:
    """A card of 19 digits: BIN, zeros, counter, Luhn digit."""
    body = f"{BIN}{number:012d}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


def opened(path: Path, *balances: str, holder: str = "张三") -> Ledger:
    """A ledger with accounts 1, 2, … of these balances."""
    ledger = Ledger(path)
    ledger.open_accounts(
        [Account(number=card(n), holder=holder, balance=parse_money(b)) for n, b in enumerate(balances, 1)]
    )
    return ledger


class Orders:
    """Makes orders as a handler gets them."""

    def __init__(self) -> None:
        self._count = 0

    def stop(self, account: str, amount: str | None = "50000.00 CNY", *, until_us: int, **more: object) -> StopPayment:
        """A stop-payment; of the whole account without an amount."""
        values = {"amount": parse_money(amount) if amount else None, "holder": "张三"} | more
        return self._handed(StopPayment(header=self._header(account), **values), until_us)  # type: ignore[arg-type]

    def freeze(self, account: str, amount: str, *, until_us: int, thread: str = "", **more: object) -> Freeze:
        """A freeze, in a thread or on its own."""
        values = {"amount": parse_money(amount)} | more
        return self._handed(Freeze(header=self._header(account, thread), **values), until_us)  # type: ignore[arg-type]

    def extend(self, thread: str, *, until_us: int) -> Extend:
        """An extension."""
        return self._handed(Extend(header=self._header("", thread)), until_us)

    def release(self, thread: str) -> Release:
        """A release."""
        return self._handed(Release(header=self._header("", thread)), 0)

    @staticmethod
    def again(order: Order) -> Order:
        """The same order delivered once more."""
        return _deliver(order, order.delivery.ends_us, repeat=True, attempt=2)

    def _handed(self, order: "Order", until_us: int) -> "Order":  # type: ignore[type-var]
        return _deliver(order, until_us, repeat=False, attempt=1)

    def _header(self, account: str, thread: str = "") -> Header:
        self._count += 1
        made = self._count.to_bytes(16, "big")
        message_id = made[:6] + b"\x70\x00\x80" + made[9:]
        root = bytes.fromhex(thread.replace("-", "")) if thread else b""
        return Header(
            message_id=message_id, sender="police.420100", author_key="0" * 32, recipients=("bank.bhb",), audience="tocsin.example",
            created_us=START_US, expires_us=START_US + HOUR_US, lane=Lane.URGENT, contact="027-0000 0000", remedy="ask us",
            holder_notice=HolderNotice.FULL, legal_basis=LegalBasis(profile="cn", document_no="D-1"), case_filing_no="A-1",
            target=identifier(account) if account else None, thread=Thread(root_id=root, parent_id=root) if root else None,
        )  # fmt: skip


def _deliver(order: "Order", until_us: int, *, repeat: bool, attempt: int) -> "Order":
    context = Context(
        repeat=repeat, attempt=attempt, accepted_us=START_US, started_us=START_US, ends_us=until_us,
        key=message_id_text(order.header.message_id),
    )  # fmt: skip
    return delivered(order, context)
