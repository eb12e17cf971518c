"""Amounts of money.

* An amount is a whole number of the currency's smallest unit (分, cent): no float, no rounding anywhere.
* Never negative, at most 2^63-1 units, always with a currency of ISO 4217. ``RMB`` is refused: the code is CNY.
* Amounts of different currencies are never added or compared, only told apart.

Example:
    >>> parse_money("50,000.00 CNY").to_text()
    '50000.00 CNY'
"""

import re
import unicodedata
from dataclasses import dataclass

from tocsin.core.currencies import EXPONENTS
from tocsin.core.errors import BusError, Reason, error

MAX_MINOR = 2**63 - 1
"""Largest amount: int64 on the wire and in both stores."""

MAX_AMOUNT_INPUT = 64
"""Characters of typed input: the largest amount with separators, sign and currency."""

_NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?")
_TYPED = re.compile(r"(?P<before>[A-Z]{3})? *(?P<sign>[-−])? *(?P<number>[0-9,.]+) *(?P<after>[A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency.

    Attributes:
        minor: Smallest units of the currency; 5000000 is fifty thousand yuan.
        currency: ISO 4217 code, capitals.

    Raises:
        Malformed: AMOUNT_INVALID, CURRENCY_UNKNOWN or CURRENCY_RMB, with field ``amount``.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise _unknown(self.currency, "amount")
        if self.minor < 0:
            raise _invalid("amount", "negative")
        if self.minor > MAX_MINOR:
            raise _invalid("amount", "range")

    def to_text(self) -> str:
        """``50000.00 CNY``: all decimals, no separators."""
        return f"{self._decimal()} {self.currency}"

    def to_json(self) -> dict[str, str]:
        """``{"amount": "50000.00", "currency": "CNY"}``; texts, because JSON numbers are floats in most languages."""
        return {"amount": self._decimal(), "currency": self.currency}

    @classmethod
    def from_json(cls, value: object, *, field: str = "amount", positive: bool = False) -> "Money":
        """Reads what ``to_json`` gives; decimals may be fewer, separators and JSON numbers are refused.

        Raises:
            Malformed: AMOUNT_INVALID, AMOUNT_PRECISION, CURRENCY_UNKNOWN or CURRENCY_RMB.
        """
        if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
            raise _invalid(field, "json")
        amount, currency = value["amount"], value["currency"]
        if not isinstance(amount, str) or not isinstance(currency, str) or len(amount) > MAX_AMOUNT_INPUT:
            raise _invalid(field, "json")
        if "," in amount:
            raise _invalid(field, "json")
        return _build(amount, currency, field, positive)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise _invalid("amount", "currencies")
        return other.minor

    def _decimal(self) -> str:
        places = EXPONENTS[self.currency]
        if not places:
            return str(self.minor)
        whole, rest = divmod(self.minor, 10**places)
        return f"{whole}.{rest:0{places}}"


def parse_money(text: str, *, field: str = "amount", positive: bool = False) -> Money:
    """Reads an amount as people type it: ``50000 CNY``, ``50,000.00 CNY``, ``CNY 50000``, ``￥50000``.

    Args:
        text: The number with its currency, full-width forms included; ``¥`` and ``￥`` mean CNY on this bus.
        field: What the error names.
        positive: Whether zero is refused too.

    Raises:
        Malformed: AMOUNT_INVALID, AMOUNT_PRECISION, CURRENCY_UNKNOWN or CURRENCY_RMB.
    """
    if len(text) > MAX_AMOUNT_INPUT:
        raise _invalid(field, "form")
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if plain.count("¥") == 1 and not re.search("[A-Z]", plain):
        plain = plain.replace("¥", "CNY", 1)
    typed = _TYPED.fullmatch(plain)
    if typed is None or bool(typed["before"]) == bool(typed["after"]):
        raise _invalid(field, "form")
    if typed["sign"]:
        raise _invalid(field, "negative")
    return _build(typed["number"], typed["before"] or typed["after"], field, positive)


def _build(number: str, currency: str, field: str, positive: bool) -> Money:
    if currency not in EXPONENTS:
        raise _unknown(currency, field)
    if number.startswith("-"):
        raise _invalid(field, "negative")
    read = _NUMBER.fullmatch(number)
    if read is None:
        raise _invalid(field, "form")
    places, decimals = EXPONENTS[currency], read[2] or ""
    if len(decimals) > places:
        raise error(Reason.AMOUNT_PRECISION, field=field, currency=currency, limit=places)
    minor = int(read[1].replace(",", "") + decimals.ljust(places, "0"))
    if positive and minor == 0:
        raise _invalid(field, "positive")
    if minor > MAX_MINOR:
        raise _invalid(field, "range")
    return Money(minor, currency)


def _invalid(field: str, rule: str) -> BusError:
    return error(Reason.AMOUNT_INVALID, field=field, rule=f"rule.amount.{rule}")


def _unknown(currency: str, field: str) -> BusError:
    return error(Reason.CURRENCY_RMB if currency.upper() == "RMB" else Reason.CURRENCY_UNKNOWN, field=field)
