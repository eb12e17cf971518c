"""Kind ``extend``: one more term for the stop of this thread.

 * It runs from the end of the term before it, so there is no gap and no overlap.
 * It counts as the next stop of the account; CN allows two in all (银发〔2016〕86号 二(一)2).
 * It must be accepted before the end of the term it extends; after it the answer is EXTEND_AFTER_END.
"""

from tocsin.core.measure import Event, MeasureOrder, require_one_recipient, require_thread
from tocsin.core.message import Nature, kind, private
from tocsin.core.profiles import Limits
from tocsin.core.times import Term


@kind("extend", Nature.ORDER, follows=("stop-payment",))
class Extend(MeasureOrder):
    """Give the stop of this thread one more term."""

    EVENT = Event.EXTEND_ORDERED
    COUNTS_AS_TERM = True

    reason: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        require_thread(self)
        require_one_recipient(self)

    def legal_term(self, limits: Limits) -> Term:
        """See ``MeasureOrder.legal_term``: from the end of the term before."""
        return limits.stop_term
