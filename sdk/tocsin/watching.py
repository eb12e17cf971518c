"""What owners put on watchlists and what checkers get back, as plain values.

 * An owner gives ``Listed``: a subject, what to do, until when. A checker gets one row for each subject it asked about, in order:
   ``Clear``, ``Hit``, or ``RowError`` for what was no subject.
 * A hit is proved: the SDK has verified the owner's signature over the entry before it says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.subjects import Subject, subject
from tocsin.core.watch import WatchAction
from tocsin.results import Pending, WatchAnswer

if TYPE_CHECKING:
    from tocsin.client.sent import SentOrder


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry for a list of ours.

    Attributes:
        subject: Such as ``"document:passport/CHN/E00000000"``.
        action: ``notify``, ``inspect`` or ``hold``.
        ends: Until when it is on the list; aware.
        details: For the checker's officer (travels sealed), at most 1,023 bytes.
        entry_no: Its number, once it has one.
        withdrawn: Whether it has been taken off.
    """

    subject: Subject | str
    action: WatchAction | str
    ends: datetime
    details: str = ""
    entry_no: int = 0
    withdrawn: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", subject(self.subject))
        object.__setattr__(self, "action", _action(self.action))


@dataclass(frozen=True, slots=True)
class Clear:
    """A subject that is not on the list.

    Attributes:
        position: Its place among the subjects asked about, from 0.
    """

    position: int
    subject: Subject


@dataclass(frozen=True, slots=True)
class RowError:
    """What was no subject, or stood there twice; the others were checked all the same.

    Attributes:
        position: Its place among the subjects asked about, from 0.
    """

    position: int
    error: BusError


@dataclass(frozen=True, slots=True)
class Hit:
    """A subject that is on the list. Its owner has been told, or will be as soon as the hub can be reached.

    Attributes:
        position: Its place among the subjects asked about, from 0.
        action: What to do.
        owner, contact: Whose entry it is, and whom to call.
        details: What the owner says to the officer.
        ends_at: Until when the entry is on the list, UTC.
    """

    position: int
    subject: Subject
    action: WatchAction
    owner: str
    contact: str
    details: str
    entry_no: int
    ends_at: datetime
    notice: "SentOrder" = field(repr=False)

    async def answer(self, timeout: float | None = None) -> WatchAnswer | Pending:
        """The owner's word; ``Pending`` when ``timeout`` seconds pass first.

        Raises:
            Rejected: The hub refused to tell the owner.
        """
        found = await self.notice.outcome(timeout)
        return found if isinstance(found, WatchAnswer) else Pending()


Row = Clear | Hit | RowError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one check came to.

    Attributes:
        check_id: Id of the signed check, as text.
        list_id, epoch: What it was made against.
        log_index: Its place in the log; -1 when no row was fit to be asked about, and nothing was.
        rows: One for each subject asked about, in order.
    """

    check_id: str
    list_id: str
    epoch: int
    log_index: int
    rows: Sequence[Row]

    @property
    def hits(self) -> list[Hit]:
        """Those on the list."""
        return [row for row in self.rows if isinstance(row, Hit)]

    @property
    def errors(self) -> list[RowError]:
        """Those that could not be asked about."""
        return [row for row in self.rows if isinstance(row, RowError)]


def _action(value: WatchAction | str) -> WatchAction:
    if isinstance(value, WatchAction):
        return value
    found = WatchAction.__members__.get(value.strip().upper())
    if found is None:
        raise error(Reason.FIELD_INVALID, field="action", rule="one of notify, inspect, hold")
    return found
