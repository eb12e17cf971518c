"""Kind ``watch-list``: open a watchlist, or its next epoch with a new key.

 * Its recipients are the checkers the epoch authorises; the list key is sealed to them. Who is left out loses access from here on.
 * The epoch before stays in use, for those authorised in both, until the new one is complete.
"""

from tocsin.core.errors import Reason, error
from tocsin.core.message import Nature, kind, private
from tocsin.core.watch import KEY_BYTES, KEY_CHECK_BYTES, MAX_EPOCH_US, ListMessage, ListStep, check_list


@kind("watch-list", Nature.LIST)
class WatchList(ListMessage):
    """Open a watchlist or its next epoch, and name who may check against it."""

    STEP = ListStep.OPEN

    list_id: str
    epoch: int
    valid_until_us: int
    key_check: bytes
    list_key: bytes = private(b"")

    def check(self) -> None:
        """See ``Message.check``."""
        check_list(self)
        if not self.header.recipients:
            raise error(Reason.FIELD_MISSING, field="recipients", rule="whom the list authorises to check")
        if len(self.key_check) != KEY_CHECK_BYTES:
            raise error(Reason.FIELD_INVALID, field="key_check", rule="16 bytes")
        if len(self.list_key) not in (0, KEY_BYTES):
            raise error(Reason.FIELD_INVALID, field="list_key", rule="32 bytes")
        created_us = self.header.created_us
        if not created_us < self.valid_until_us <= created_us + MAX_EPOCH_US:
            raise error(Reason.FIELD_INVALID, field="valid_until_us", rule="after created_us, at most 366 days later")
