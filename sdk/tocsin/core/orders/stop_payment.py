"""Kind ``stop-payment``: hold money at once, for one short term.

 * The target is the account or card; the order goes to the one party that serves it.
 * It holds up to an amount by default; the whole account only with words on why less is not enough; or one transaction.
 * It ends by itself one term after the bank applied it (CN: 48 h, 银发〔2016〕86号 二(一)2), at hub and bank alike.
 * The bank matches holder, account, amount and time before it executes; a mismatch is answered, not executed.
"""

from enum import Enum

from tocsin.core.errors import Reason, error
from tocsin.core.measure import MeasureOrder, require_recipient_and_target, require_remedies
from tocsin.core.message import Nature, kind, private
from tocsin.core.money import Money
from tocsin.core.profiles import Limits
from tocsin.core.times import Term


class StopScope(Enum):
    """How much a stop holds."""

    AMOUNT = 1
    WHOLE_ACCOUNT = 2
    TRANSACTION = 3


@kind("stop-payment", Nature.ORDER, starts_thread=True)
class StopPayment(MeasureOrder):
    """Hold money on an account at once."""

    COUNTS_AS_TERM = True

    scope: StopScope = StopScope.AMOUNT
    amount: Money | None = None
    transaction_ref: str = ""
    necessity: str = ""
    holder: str = private()
    reason: str = private()
    victim: str = private()
    transferred: Money | None = private(None)
    transferred_us: int = private(0)

    def check(self) -> None:
        """See ``Message.check``."""
        require_recipient_and_target(self)
        require_remedies(self)
        if self.scope is StopScope.WHOLE_ACCOUNT:
            if not self.necessity:
                raise error(Reason.NECESSITY_MISSING, field="necessity")
        elif self.amount is None or self.amount.minor <= 0:
            raise error(Reason.FIELD_MISSING, field="amount", rule="above zero")
        if self.scope is StopScope.TRANSACTION and not self.transaction_ref:
            raise error(Reason.FIELD_MISSING, field="transaction_ref", rule="the serial of the transaction")

    def legal_term(self, limits: Limits) -> Term:
        """See ``MeasureOrder.legal_term``."""
        return limits.stop_term
