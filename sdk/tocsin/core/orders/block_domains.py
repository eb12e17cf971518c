"""Kind ``block-domains``: let a carrier answer domains with nothing, for one term.

 * One order goes to one carrier that serves the region; for three carriers there are three, each with its own answer and end.
 * The carrier answers per item: what it did not apply it names, and why.
 * No public suffix and no protected domain of the profile is ever blocked; see ``tocsin.core.domains``.
 * It ends by itself after the term of the profile; some of it is withdrawn by ``unblock-domains``, all of it by ``release``.
"""

from tocsin.core.directory import Directory
from tocsin.core.domains import check_domains, check_not_public
from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import region
from tocsin.core.measure import MeasureOrder, require_one_recipient, require_remedies
from tocsin.core.message import Nature, kind, private
from tocsin.core.profiles import Limits, Profile
from tocsin.core.regions import within
from tocsin.core.times import Term


@kind("block-domains", Nature.ORDER, starts_thread=True)
class BlockDomains(MeasureOrder):
    """Answer domains with nothing, for one term."""

    BY_TARGET = False

    region: str = ""
    domains: tuple[str, ...] = ()
    reason: str = private()

    def check(self) -> None:
        """See ``Message.check``."""
        require_one_recipient(self)
        require_remedies(self)
        if self.header.target is not None:
            raise error(Reason.FIELD_INVALID, field="target", rule="none: the domains are the target")
        if not self.region:
            raise error(Reason.FIELD_MISSING, field="region", rule="where it is to be blocked")
        if region(self.region) != self.region:
            raise error(Reason.FIELD_INVALID, field="region", rule="rule.identifier.region")
        check_domains(self.domains)

    def guard(self) -> None:
        """See ``Message.guard``: no public suffix."""
        check_not_public(self.domains)

    def check_law(self, profile: Profile) -> None:
        """See ``MeasureOrder.check_law``: no protected domain.

        Raises:
            RuleBroken: DOMAIN_PROTECTED with the position; NOT_IN_PROFILE when the law sets no term.
        """
        if profile.limits.block_term is None:
            raise error(Reason.NOT_IN_PROFILE, kind=self.KIND.name, profile=profile.name)
        for position, name in enumerate(self.domains, start=1):
            if profile.protects(name):
                raise error(Reason.DOMAIN_PROTECTED, field="domains", position=position, profile=profile.name)

    def routes_to(self, party: str, directory: Directory) -> bool:
        """See ``MeasureOrder.routes_to``: a carrier that serves the region."""
        return within(self.region, directory.party(party).region)

    @property
    def items(self) -> tuple[str, ...]:
        """See ``MeasureOrder.items``."""
        return self.domains

    def legal_term(self, limits: Limits) -> Term | None:
        """See ``MeasureOrder.legal_term``."""
        return limits.block_term
