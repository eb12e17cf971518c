"""Kind ``watch-check``: an officer's statement that subjects were checked against a watchlist, and why.

 * It holds their number and a commitment, no subject and no token; place and officer are sealed to the checker's own party.
 * It stands in the log before anything is matched.
"""

from tocsin.core.errors import Reason, error
from tocsin.core.message import Nature, kind, private
from tocsin.core.watch import HASH_BYTES, KEY_CHECK_BYTES, MAX_PURPOSE, MAX_TOKENS, ListMessage, ListStep, check_list


@kind("watch-check", Nature.LIST)
class WatchCheck(ListMessage):
    """State that subjects were checked against a watchlist, and why."""

    STEP = ListStep.CHECK

    list_id: str
    epoch: int
    key_check: bytes
    count: int
    commitment: bytes
    purpose: str
    place: str = private()
    officer: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        check_list(self)
        if len(self.key_check) != KEY_CHECK_BYTES:
            raise error(Reason.FIELD_INVALID, field="key_check", rule="16 bytes")
        if self.count < 1:
            raise error(Reason.FIELD_MISSING, field="count", rule="at least one")
        if self.count > MAX_TOKENS:
            raise error(Reason.TOO_MANY_ITEMS, field="count", value=self.count, limit=MAX_TOKENS)
        if len(self.commitment) != HASH_BYTES:
            raise error(Reason.FIELD_INVALID, field="commitment", rule="32 bytes")
        if not self.purpose or len(self.purpose) > MAX_PURPOSE:
            raise error(Reason.FIELD_INVALID, field="purpose", rule="1 to 120 characters that name nobody")
        basis = self.header.legal_basis
        if basis is None or not basis.profile:
            raise error(Reason.FIELD_MISSING, field="legal_basis.profile", rule="the profile whose limits apply")
        if not (basis.statute or basis.document_no):
            raise error(Reason.FIELD_MISSING, field="legal_basis.statute", rule="the law or document a check rests on")
