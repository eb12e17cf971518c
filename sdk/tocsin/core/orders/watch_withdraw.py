"""Kind ``watch-withdraw``: take entries off a watchlist.

 * From its place in the log on the entries match no more. Like a release it is never limited in number or rate, and withdrawing
   what is withdrawn already does no harm.
"""

from collections.abc import Sequence

from tocsin.core.errors import Reason, error
from tocsin.core.message import Nature, kind, private
from tocsin.core.watch import MAX_ENTRIES, TOKEN_BYTES, ListMessage, ListStep, check_items, check_list


@kind("watch-withdraw", Nature.LIST)
class WatchWithdraw(ListMessage):
    """Take entries off a watchlist."""

    STEP = ListStep.WITHDRAW
    NEVER_WITHHELD = True

    list_id: str
    epoch: int
    tokens: tuple[bytes, ...]
    reason: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        check_list(self)
        if any(len(token) != TOKEN_BYTES for token in self.tokens):
            raise error(Reason.FIELD_INVALID, field="tokens", rule="32 bytes")
        check_items(self.tokens, limit=MAX_ENTRIES, field="tokens")

    def tokens_named(self) -> Sequence[bytes]:
        """See ``ListMessage``."""
        return self.tokens
