"""What a handler returns and what an order comes to.

 * A handler returns ``Executed`` or ``Refused``; that becomes the signed report. It raises ``Retry`` to be asked
   again later. Anything else, an exception included, is no answer: the order comes again, and after some tries it is
   parked for a person.
 * ``order.outcome()`` gives ``Executed``, ``Refused``, ``NoAnswer`` (stated by the hub, signed) or ``Pending`` (our own time-out).
 * Amounts may be given as ``Money`` or as text such as ``"50000.00 CNY"``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.errors import Reason, error
from tocsin.core.money import Money, parse_money
from tocsin.core.orders.report import Outcome
from tocsin.core.orders.watch_answer import WatchInstruction


@dataclass(frozen=True, slots=True)
class Executed:
    """The order took effect.

    Attributes:
        held: What is held now under the thread.
        balance: Balance of the account (travels sealed).
        available: What the holder can still use (travels sealed).
        outcome: DONE, DONE_SHORT or ALREADY; worked out from ``held`` when left alone.
        applied_at, expires_at: When it took effect and when it ends, by the bank's clock, UTC; set by the SDK.
        note: For the officer (travels sealed).
        late: The report came after the order had ended.
        not_applied: Of an order that lists items: those that were not done, by the item or its place from 1, and why.
    """

    held: Money | None = None
    balance: Money | None = None
    available: Money | None = None
    outcome: Outcome = Outcome.DONE
    applied_at: datetime | None = None
    expires_at: datetime | None = None
    note: str = ""
    late: bool = False
    not_applied: Mapping[str | int, Outcome | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "not_applied", {item: _outcome(why) for item, why in self.not_applied.items()})
        for name in ("held", "balance", "available"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, parse_money(value, field=name))
        if not self.outcome.executed:
            raise error(Reason.HANDLER_RESULT_INVALID, field="outcome", rule="done, done-short or already")


@dataclass(frozen=True, slots=True)
class Refused:
    """The order did not take effect.

    Attributes:
        reason: Why: an ``Outcome`` or its name, such as ``"mismatch"`` or ``"not-found"``.
        note: For the officer (travels sealed).
    """

    reason: Outcome | str
    note: str = ""
    late: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", _outcome(self.reason))

    @property
    def outcome(self) -> Outcome:
        """The reason as outcome."""
        return _outcome(self.reason)


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """What the owner of a watchlist tells a checker to do about a hit; what a handler for ``WatchHit`` returns.

    Attributes:
        instruction: ``hold``, ``inspect``, ``let-go``, ``call``; ``withdrawn`` is said by the SDK for an entry taken off the list.
        note: For the officer (travels sealed).
        contact: Whom to call.
    """

    instruction: WatchInstruction | str
    note: str = ""
    contact: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.instruction, WatchInstruction):
            found = WatchInstruction.__members__.get(self.instruction.upper().replace("-", "_"))
            if found is None:
                names = ", ".join(one.name.lower().replace("_", "-") for one in WatchInstruction)
                raise error(Reason.HANDLER_RESULT_INVALID, field="instruction", rule=f"one of {names}")
            object.__setattr__(self, "instruction", found)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A deadline passed without an answer; the hub says so under its signature.

    Attributes:
        party: Who was to act.
        fetched: Whether the order had been fetched.
        due_at: When the answer was due, UTC.
    """

    party: str
    fetched: bool
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """Our own time-out: the answer may still come."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A measure reached its legal end at this party; handed to the handler registered for ``Lapsed``.

    Attributes:
        thread_id: The thread, by which the hold is found.
        kind: ``stop-payment`` or ``freeze``.
        ends_at: Its legal end, UTC.
        repeat: Whether a handler may have had this before.
    """

    thread_id: str
    kind: str
    ends_at: datetime
    repeat: bool


class Retry(Exception):
    """Raised by a handler to be asked again.

    Args:
        after: Seconds to wait at least; 0 leaves it to the hub.
        reason: For the operator; never an identifier.
    """

    def __init__(self, after: float = 0.0, reason: str = "retry asked by the handler") -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


class Park(Exception):
    """Raised by a handler that gives an order up: it is asked no more, and a person answers it.

    Args:
        reason: For the operator; never an identifier.
    """

    def __init__(self, reason: str = "given up by the handler") -> None:
        super().__init__(reason)
        self.reason = reason


class ByHand(Exception):
    """Raised by a handler that has passed an order on durably to people or a system with a pace of their own.

    The order then waits for an answer by hand, without holding up others, and is not handed out again.
    """


Answer = Executed | Refused
Result = Executed | Refused | WatchAnswer | NoAnswer | Pending


def _outcome(value: Outcome | str) -> Outcome:
    if isinstance(value, Outcome):
        found: Outcome | None = value
    else:
        found = Outcome.__members__.get(value.upper().replace("-", "_").replace(" ", "_"))
    if found is None or found.executed or found is Outcome.LAPSED:
        names = ", ".join(o.name.lower().replace("_", "-") for o in Outcome if not o.executed and o is not Outcome.LAPSED)
        raise error(Reason.HANDLER_RESULT_INVALID, field="reason", rule=f"one of {names}")
    return found
