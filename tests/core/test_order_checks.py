"""What each kind refuses by looking at the message alone."""

import dataclasses

import pytest

from tests.wire.samples import header
from tocsin.core.errors import LocalFault, Malformed, Reason, Rejected
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import KINDS, LegalBasis, Nature, Thread, kind
from tocsin.core.money import Money
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.extend import Extend
from tocsin.core.orders.freeze import Freeze, FreezeTerm, FreezeType
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.orders.stop_payment import StopPayment, StopScope
from tocsin.core.profiles import Profile, default_document
from tocsin.core.texts import en, zh

CNY = Money(minor=100, currency="CNY")
THREAD = Thread(root_id=header().message_id, parent_id=header().message_id)
BASIS = LegalBasis(profile="cn", document_no="D-1")
FILED = {"case_filing_no": "A-1", "legal_basis": BASIS}

REFUSED = {
    "a stop without an amount": (lambda: StopPayment(header=header()), Reason.FIELD_MISSING),
    "a stop of the whole account without a word why": (
        lambda: StopPayment(header=header(), scope=StopScope.WHOLE_ACCOUNT), Reason.NECESSITY_MISSING),
    "a stop of one transaction without its serial": (
        lambda: StopPayment(header=header(), scope=StopScope.TRANSACTION, amount=CNY), Reason.FIELD_MISSING),
    "a stop for two banks": (
        lambda: StopPayment(header=header(recipients=("bank.abc", "bank.icbc")), amount=CNY), Reason.FIELD_INVALID),
    "a stop without a target": (lambda: StopPayment(header=header(target=None), amount=CNY), Reason.FIELD_MISSING),
    "a stop without a contact": (lambda: StopPayment(header=header(contact=""), amount=CNY), Reason.FIELD_MISSING),
    "a stop without a remedy": (lambda: StopPayment(header=header(remedy=""), amount=CNY), Reason.FIELD_MISSING),
    "a stop under no law": (lambda: StopPayment(header=header(legal_basis=None), amount=CNY), Reason.FIELD_MISSING),
    "a stop under a law without a profile": (
        lambda: StopPayment(header=header(legal_basis=LegalBasis(statute="x")), amount=CNY), Reason.FIELD_MISSING),
    "an extension in a thread without a root": (
        lambda: Extend(header=header(thread=Thread(parent_id=THREAD.parent_id))), Reason.FIELD_MISSING),
    "a freeze in a thread that follows nothing": (
        lambda: Freeze(header=header(thread=Thread(root_id=THREAD.root_id), **FILED), amount=CNY), Reason.FIELD_MISSING),
    "a stop of an amount of nothing": (
        lambda: StopPayment(header=header(), amount=Money(minor=0, currency="CNY")), Reason.FIELD_MISSING),
    "a freeze of an amount of nothing": (
        lambda: Freeze(header=header(**FILED), amount=Money(minor=0, currency="CNY")), Reason.FIELD_MISSING),
    "a freeze without a law": (
        lambda: Freeze(header=header(case_filing_no="A-1", legal_basis=LegalBasis(document_no="D-1")), amount=CNY),
        Reason.FIELD_MISSING),
    "an extension for two banks": (
        lambda: Extend(header=header(thread=THREAD, recipients=("bank.abc", "bank.icbc"))), Reason.FIELD_INVALID),
    "a release for nobody": (lambda: Release(header=header(thread=THREAD, recipients=())), Reason.FIELD_INVALID),
    "a report to two": (
        lambda: Report(header=header(thread=THREAD, recipients=("a.a", "b.b")), outcome=Outcome.DONE), Reason.FIELD_INVALID),
    "a report without a thread": (lambda: Report(header=header(), outcome=Outcome.DONE), Reason.FIELD_MISSING),
    "a report that ends when it began": (
        lambda: Report(header=header(thread=THREAD), outcome=Outcome.DONE, applied_us=9, expires_us=9), Reason.FIELD_INVALID),
    "a report of a time before all times": (
        lambda: Report(header=header(thread=THREAD), outcome=Outcome.DONE, applied_us=-1), Reason.FIELD_INVALID),
    "a deadline of what is no party": (
        lambda: DeadlinePassed(header=header(thread=THREAD), deadline=Deadline.EXECUTION, due_us=1, party="a b"),
        Reason.PARTY_ID_INVALID),
    "a stop that does not say what the holder may be told": (
        lambda: StopPayment(header=header(holder_notice=None), amount=CNY), Reason.FIELD_MISSING),
    "a freeze before the case is filed": (
        lambda: Freeze(header=header(case_filing_no="", legal_basis=BASIS), amount=CNY), Reason.CASE_FILING_MISSING),
    "a freeze without a legal document": (
        lambda: Freeze(header=header(case_filing_no="A-1", legal_basis=LegalBasis(profile="cn")), amount=CNY),
        Reason.FIELD_MISSING),
    "a freeze of nothing": (lambda: Freeze(header=header(**FILED)), Reason.FIELD_MISSING),
    "a full freeze without a word why": (
        lambda: Freeze(header=header(**FILED), freeze_type=FreezeType.FULL), Reason.NECESSITY_MISSING),
    "an extension of nothing": (lambda: Extend(header=header(thread=None)), Reason.FIELD_MISSING),
    "a release that follows nothing": (
        lambda: Release(header=header(thread=Thread(root_id=THREAD.root_id))), Reason.FIELD_MISSING),
    "a report that ends before it began": (
        lambda: Report(header=header(thread=THREAD), outcome=Outcome.DONE, applied_us=9, expires_us=3),
        Reason.FIELD_INVALID),
    "a deadline for nobody": (
        lambda: DeadlinePassed(header=header(thread=THREAD, recipients=()), deadline=Deadline.EXECUTION, due_us=1, party="x"),
        Reason.FIELD_MISSING),
    "a deadline without a time": (
        lambda: DeadlinePassed(header=header(thread=THREAD), deadline=Deadline.EXECUTION, due_us=0, party="bank.icbc"),
        Reason.FIELD_MISSING),
    "a deadline of no party": (
        lambda: DeadlinePassed(header=header(thread=THREAD), deadline=Deadline.EXECUTION, due_us=1, party=""),
        Reason.FIELD_MISSING),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case):
    make, reason = REFUSED[case]
    with pytest.raises(Rejected) as refused:
        make().check()
    assert refused.value.reason is reason


HEADERS = {
    "no sender": {"sender": ""},
    "a key id that is none": {"author_key": "XYZ"},
    "no audience": {"audience": ""},
    "recipients out of order": {"recipients": ("b.b", "a.a")},
    "too many recipients": {"recipients": tuple(f"bank.b{n:03}" for n in range(65))},
    "an expiry before its creation": {"expires_us": 1},
    "a contact as long as a book": {"contact": "x" * 2_001},
    "a thread id of three bytes": {"thread": Thread(root_id=b"abc", parent_id=THREAD.parent_id)},
    "a message id of no version": {"message_id": bytes(16)},
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_is_refused_with(case):
    with pytest.raises(Malformed):
        dataclasses.replace(header(), **HEADERS[case]).check()


def test_what_is_whole_passes():
    StopPayment(header=header(), amount=CNY).check()
    Freeze(header=header(**FILED), amount=CNY, term=FreezeTerm.MAJOR).check()
    Freeze(header=header(**FILED), freeze_type=FreezeType.FULL, necessity="the whole account is the gang's").check()
    Freeze(header=header(thread=THREAD, **FILED), amount=CNY).check()
    StopPayment(header=header(), scope=StopScope.WHOLE_ACCOUNT, necessity="the whole account is the gang's").check()
    StopPayment(header=header(), scope=StopScope.TRANSACTION, amount=CNY, transaction_ref="1").check()
    Report(header=header(thread=THREAD), outcome=Outcome.MISMATCH).check()
    Report(header=header(thread=THREAD), outcome=Outcome.DONE, applied_us=1, expires_us=2).check()


def test_terms_are_those_of_the_profile():
    limits = Profile.parse(default_document("cn")).limits
    stop, freeze = StopPayment(header=header(), amount=CNY), Freeze(header=header(**FILED), amount=CNY)
    assert stop.legal_term(limits) == limits.stop_term
    assert freeze.legal_term(limits) == limits.freeze_term
    assert dataclasses.replace(freeze, term=FreezeTerm.MAJOR).legal_term(limits) == limits.freeze_term_major
    assert Extend(header=header(thread=THREAD)).legal_term(limits) == limits.stop_term
    assert Release(header=header(thread=THREAD)).legal_term(limits) is None


def test_a_message_that_no_handler_got_says_so():
    with pytest.raises(LocalFault):
        _ = StopPayment(header=header(), amount=CNY).repeat
    assert Extend(header=header(target=None, thread=THREAD)).account == ""


def test_every_kind_has_labels_and_a_name_is_taken_once():
    for name in KINDS:
        assert name in en.LABELS
        assert name in zh.LABELS
    with pytest.raises(ValueError, match="taken"):
        kind("stop-payment", KINDS["stop-payment"].nature)


@pytest.mark.parametrize("name", sorted(name for name, one in KINDS.items() if one.nature is Nature.ORDER and one.starts_thread))
def test_every_order_that_starts_a_thread_has_a_term(name: str) -> None:
    """A report of execution names its end, so a root without a term could never be reported as done."""
    assert KINDS[name].cls.legal_term is not MeasureOrder.legal_term
