"""Kind ``watch-correct``: replace entries of a watchlist.

 * Token and number stay; action, end and details are new. Another subject is another entry: withdraw the one, publish the other.
"""

from collections.abc import Sequence

from tocsin.core.measure import require_remedies
from tocsin.core.message import Nature, kind
from tocsin.core.watch import ListMessage, ListStep, WatchEntry, check_entries, check_list


@kind("watch-correct", Nature.LIST)
class WatchCorrect(ListMessage):
    """Replace entries of a watchlist: other action, end or details."""

    STEP = ListStep.CORRECT

    list_id: str
    epoch: int
    entries: tuple[WatchEntry, ...]

    def check(self) -> None:
        """See ``Message.check``."""
        check_list(self)
        require_remedies(self)
        check_entries(self.entries)

    def tokens_named(self) -> Sequence[bytes]:
        """See ``ListMessage``."""
        return [entry.token for entry in self.entries]
