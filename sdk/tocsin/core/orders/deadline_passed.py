"""Kind ``deadline-passed``: the hub records that a time went by.

 * It records; it never creates, widens, shortens or releases a measure. The bank ends a measure by its own clock.
 * It is a message in the log, so a replay needs no clock.
"""

from enum import Enum

from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import party_id
from tocsin.core.measure import require_thread
from tocsin.core.message import ANY_THREAD, Message, Nature, kind


class Deadline(Enum):
    """Which deadline."""

    ANSWER_NOT_FETCHED = 1
    ANSWER_FETCHED = 2
    MEASURE_END = 3
    EXECUTION = 4
    DELIVERY = 5


@kind("deadline-passed", Nature.RECORD, follows=ANY_THREAD)
class DeadlinePassed(Message):
    """A deadline went by."""

    deadline: Deadline
    due_us: int
    party: str

    def check(self) -> None:
        """See ``Message.check``."""
        require_thread(self)
        if not self.header.recipients:
            raise error(Reason.FIELD_MISSING, field="recipients", rule="whom it concerns")
        if self.due_us <= 0:
            raise error(Reason.FIELD_MISSING, field="due_us", rule="when it was due")
        if not self.party:
            raise error(Reason.FIELD_MISSING, field="party", rule="who was to act")
        party_id(self.party)
