"""What the shortest bank holds money in: two accounts in memory. A real one is ``examples.bank``."""

from dataclasses import dataclass, field
from datetime import datetime

from tocsin import Money
from tocsin.core.money import parse_money


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: what it holds, and the balance it was taken from."""

    amount: Money
    balance: Money


@dataclass(slots=True)
class Account:
    """An account; ``holds`` by the key of the order that asked."""

    holder: str
    balance: Money
    holds: dict[str, Hold] = field(default_factory=dict)


class CoreBanking:
    """The bank's own system, as far as the example needs one."""

    def __init__(self) -> None:
        self._accounts = {
            "6222020000000007": Account("张三", parse_money("70000.00 CNY")),
            "6222020000000015": Account("李四", parse_money("300.00 CNY")),
        }

    async def find(self, number: str) -> Account | None:
        """The account with this number."""
        return self._accounts.get(number)

    async def hold(self, account: Account, amount: Money | None, *, until: datetime | None, key: str) -> Hold:
        """Holds up to ``amount``, or all there is, until then; the same key holds once."""
        assert until is not None, "a stop-payment has an end"
        wanted = account.balance if amount is None else min(amount, account.balance)
        return account.holds.setdefault(key, Hold(wanted, account.balance))


core_banking = CoreBanking()
