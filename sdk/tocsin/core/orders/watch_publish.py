"""Kind ``watch-publish``: put entries on a watchlist.

 * Every entry has an end, and the message says whom a checker calls and where a person concerned may object.
 * ``complete`` says that the epoch holds all it is to hold: from then on it is checked against.
"""

from collections.abc import Sequence

from tocsin.core.measure import require_remedies
from tocsin.core.message import Nature, kind
from tocsin.core.watch import ListMessage, ListStep, WatchEntry, check_entries, check_list


@kind("watch-publish", Nature.LIST)
class WatchPublish(ListMessage):
    """Put entries on a watchlist."""

    STEP = ListStep.PUBLISH

    list_id: str
    epoch: int
    entries: tuple[WatchEntry, ...] = ()
    complete: bool = False

    def check(self) -> None:
        """See ``Message.check``."""
        check_list(self)
        require_remedies(self)
        check_entries(self.entries, least=0 if self.complete else 1)

    def tokens_named(self) -> Sequence[bytes]:
        """See ``ListMessage``."""
        return [entry.token for entry in self.entries]
