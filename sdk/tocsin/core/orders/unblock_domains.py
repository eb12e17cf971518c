"""Kind ``unblock-domains``: let go of some domains of a block now; the rest of it stays.

 * By the party that ordered the block. Never limited in number or rate, never withheld behind another message.
 * It changes no state of the block: what was not blocked is let go of all the same, and the carrier confirms it.
"""

from tocsin.core.domains import check_domains
from tocsin.core.measure import Event, MeasureOrder, require_one_recipient, require_thread
from tocsin.core.message import Nature, kind, private


@kind("unblock-domains", Nature.ORDER, follows=("block-domains",))
class UnblockDomains(MeasureOrder):
    """Let go of some domains of a block."""

    EVENT = Event.WITHDRAW_ORDERED
    NEVER_WITHHELD = True

    domains: tuple[str, ...] = ()
    reason: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        require_thread(self)
        require_one_recipient(self)
        check_domains(self.domains)

    @property
    def items(self) -> tuple[str, ...]:
        """See ``MeasureOrder.items``."""
        return self.domains
