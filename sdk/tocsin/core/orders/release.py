"""Kind ``release``: end the measure of this thread now.

 * By the party that ordered it. Never limited in number or rate, never withheld behind another message.
 * A stop that reaches the bank after its release is answered SUPERSEDED and never executed.
"""

from tocsin.core.measure import Event, MeasureOrder, require_one_recipient, require_thread
from tocsin.core.message import ANY_THREAD, Nature, kind, private


@kind("release", Nature.ORDER, follows=ANY_THREAD)
class Release(MeasureOrder):
    """End the measure of this thread."""

    EVENT = Event.RELEASE_ORDERED
    NEVER_WITHHELD = True

    reason: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        require_thread(self)
        require_one_recipient(self)
