"""Kind ``watch-hit``: a checker tells the owner of a list that one of its entries was met, and where.

 * It goes to the list's owner alone, by a party that made the check it names. The owner answers in its thread.
"""

from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import check_message_id
from tocsin.core.measure import require_one_recipient
from tocsin.core.message import Nature, kind, private
from tocsin.core.watch import HASH_BYTES, ListNotice, check_list


@kind("watch-hit", Nature.NOTICE, starts_thread=True)
class WatchHit(ListNotice):
    """Tell the owner of a watchlist that one of its entries was met."""

    AWAITS_ANSWER = True

    list_id: str
    epoch: int
    entry_no: int
    entry_hash: bytes
    check_id: bytes
    place: str = private()
    officer: str = private()
    met_us: int = private(0)
    note: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        check_list(self)
        require_one_recipient(self)
        if self.entry_no < 1:
            raise error(Reason.FIELD_INVALID, field="entry_no", rule="a whole number from 1")
        if len(self.entry_hash) != HASH_BYTES:
            raise error(Reason.FIELD_INVALID, field="entry_hash", rule="32 bytes")
        check_message_id(self.check_id, field="check_id")
