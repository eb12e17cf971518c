"""Kind ``watch-answer``: the owner of a list tells a checker what to do about a hit, in the thread of the hit."""

from enum import Enum

from tocsin.core.measure import require_one_recipient, require_thread
from tocsin.core.message import Nature, kind, private
from tocsin.core.watch import Notice, not_a_drill


class WatchInstruction(Enum):
    """What the checker is to do."""

    HOLD = 1
    INSPECT = 2
    LET_GO = 3
    CALL = 4
    WITHDRAWN = 5


@kind("watch-answer", Nature.NOTICE, follows=("watch-hit",))
class WatchAnswered(Notice):
    """Tell a checker what to do about a hit."""

    instruction: WatchInstruction
    note: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        not_a_drill(self.header)
        require_thread(self)
        require_one_recipient(self)
