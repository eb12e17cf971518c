"""Banks, their real BINs, and card numbers nobody has.

* A card is BIN + zeros + counter + check digit, never random, so that it cannot be a person's by chance.
* ``serving`` looks the bank up in the table by (card length, longest BIN) with code of its own: it is what the hub's routing is
  checked against.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from examples.bank.ledger import Account
from tocsin import Money
from tocsin.core.identifiers import luhn_valid

TABLE = Path(__file__).parent.parent / "data" / "card_bins.csv"

BANKS = {"bank.icbc": "ICBC", "bank.czbank": "CZBANK", "bank.bhb": "BHB", "bank.bocz": "BOCZ"}
"""Party → its code in the table. The first two share BIN 622309 and differ by card length; the fourth has BINs inside those of
the third."""

NODE_BANK = "bank.jxbank"
"""One more, which nothing happens to; its program is in Node.js."""

CODES = {**BANKS, NODE_BANK: "JXBANK"}

NAMES = {"bank.icbc": "中国工商银行", "bank.czbank": "浙商银行", "bank.bhb": "河北银行", "bank.bocz": "沧州银行"}

HOLDERS = ("张三", "李四", "王五", "赵六", "孙七", "周八", "吴九", "郑十")
"""Placeholder names, as in textbooks."""

AMOUNT = Money(50_000_00, "CNY")
"""What each order asks to hold."""

FULL, SHORT = Money(68_000_00, "CNY"), Money(12_345_67, "CNY")
"""Balances: enough, and not enough."""

SHORT_EVERY = 10
"""Every tenth account has less than the order asks for."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of the table."""

    prefix: str
    length: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One card to be stopped.

    Attributes:
        party: The bank the table says serves it.
        named: Holder that the order names; differs from the account's in the case that must be refused.
    """

    number: int
    account: Account
    party: str
    named: str


def bins() -> list[Bin]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Bin(row["bin"], int(row["card_len"]), row["bank_code"]) for row in csv.DictReader(file)]


def ranges(party: str) -> list[str]:
    """What a bank serves, as ``tocsin-hub party add --serves`` takes it."""
    return [f"card:{one.length}:{one.prefix}" for one in bins() if one.code == CODES[party]]


def serving(table: list[Bin], card: str) -> str:
    """The party that serves a card."""
    fits = [one for one in table if one.length == len(card) and card.startswith(one.prefix)]
    code = max(fits, key=lambda one: len(one.prefix)).code
    return next(party for party, its in CODES.items() if its == code)


def card_number(prefix: str, length: int, counter: int) -> str:
    """BIN, zeros, counter, Luhn digit."""
    body = prefix + str(counter).zfill(length - 1 - len(prefix))
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


def cases(count: int, *, wrong_name: int) -> list[Case]:
    """``count`` cards, the banks in turn, each bank's most confusable BINs first.

    Args:
        count: At least one for each bank.
        wrong_name: Number of the case whose order names somebody else.
    """
    table = bins()
    choices = {party: _bins_of(table, party) for party in BANKS}
    made = []
    for number, party in enumerate(islice(cycle(BANKS), count)):
        one = next(choices[party])
        card = card_number(one.prefix, one.length, number + 1)
        holder = HOLDERS[number % len(HOLDERS)]
        account = Account(
            number=card, holder=holder, balance=SHORT if number % SHORT_EVERY == SHORT_EVERY - 1 else FULL
        )
        named = HOLDERS[(number + 1) % len(HOLDERS)] if number == wrong_name else holder
        made.append(Case(number=number, account=account, party=serving(table, card), named=named))
    return made


def _bins_of(table: list[Bin], party: str) -> Iterator[Bin]:
    ours = [one for one in table if one.code == BANKS[party]]
    others = {one.prefix for one in table if one.code in BANKS.values() and one.code != BANKS[party]}
    return cycle(sorted(ours, key=lambda one: not any(one.prefix.startswith(other) for other in others)))
