"""Kind ``freeze``: take hold of money under a filed case.

 * No freeze before the case is filed (严禁立案前冻结): ``case_filing_no`` and a legal document are needed.
 * In the thread of a stop it takes the stop's place without a gap; on its own it is the root of a thread.
 * It holds up to an amount by default; the whole-account types need words on why less is not enough.
 * It ends by itself after the term of the profile (CN: 6 months, 1 year for major or complex cases).
"""

from enum import Enum

from tocsin.core.errors import Reason, error
from tocsin.core.measure import Event, MeasureOrder, require_recipient_and_target, require_remedies, require_thread
from tocsin.core.message import Nature, kind, private
from tocsin.core.money import Money
from tocsin.core.profiles import Limits
from tocsin.core.times import Term


class FreezeType(Enum):
    """How much a freeze takes hold of."""

    AMOUNT = 1
    CREDIT_ONLY = 2
    FULL = 3


class FreezeTerm(Enum):
    """Which term of the profile applies."""

    STANDARD = 1
    MAJOR = 2


@kind("freeze", Nature.ORDER, starts_thread=True, follows=("stop-payment",))
class Freeze(MeasureOrder):
    """Freeze money under a filed case."""

    EVENT = Event.FREEZE_ORDERED

    freeze_type: FreezeType = FreezeType.AMOUNT
    amount: Money | None = None
    term: FreezeTerm = FreezeTerm.STANDARD
    necessity: str = ""
    holder: str = private()
    holder_id: str = private()
    reason: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        if self.header.thread is not None:
            require_thread(self)
        require_recipient_and_target(self)
        require_remedies(self)
        if not self.header.case_filing_no:
            raise error(Reason.CASE_FILING_MISSING, field="case_filing_no")
        basis = self.header.legal_basis
        if basis is None or not basis.document_no:
            raise error(Reason.FIELD_MISSING, field="legal_basis.document_no", rule="a freeze rests on a legal document")
        if self.freeze_type is FreezeType.AMOUNT:
            if self.amount is None or self.amount.minor <= 0:
                raise error(Reason.FIELD_MISSING, field="amount", rule="above zero")
        elif not self.necessity:
            raise error(Reason.NECESSITY_MISSING, field="necessity")

    def legal_term(self, limits: Limits) -> Term:
        """See ``MeasureOrder.legal_term``."""
        return limits.freeze_term_major if self.term is FreezeTerm.MAJOR else limits.freeze_term
