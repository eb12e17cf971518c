"""What ``decide`` refuses, row by row: its own reason, and the state as it was."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.hub.domain.world import (
    ABC,
    CENTRE,
    HOUR_US,
    ICBC,
    POLICE,
    POLICE_2,
    STOP_US,
    World,
    as_order,
    card,
    in_force,
    key_of,
    public_key,
    within,
)
from tocsin.core.directory import HUB
from tocsin.core.directory_messages import Purpose, Range, RevocationCause, RevokeKey, Role, SuspendParty
from tocsin.core.errors import CLASS_OF, Malformed, NotPermitted, NotRoutable, Reason, RuleBroken, WrongState
from tocsin.core.identifiers import IdentifierKind
from tocsin.core.message import MAX_CLOCK_AHEAD_US, Lane, LegalBasis, Message, Thread
from tocsin.core.money import Money
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import Outcome
from tocsin_hub.domain.book import Duplicate

Make = Callable[[World], Message]


def suspended(world: World, party: str) -> None:
    world.accept(SuspendParty(header=world.governed(), party=party))


def first_suspend(party: str, make: Make) -> Make:
    def made(world: World) -> Message:
        message = make(world)
        suspended(world, party)
        return message

    return made


def with_ack_key(world: World) -> Message:
    world.accept(world.add_key(POLICE, "ack", (Purpose.ACK,)))
    return world.stop(author_key=key_of(POLICE, "ack"))


def after_revocation(world: World) -> Message:
    stop = world.stop()
    header = world.header(POLICE, author_key=key_of(POLICE, "admin"))
    world.accept(RevokeKey(header=header, party=POLICE, key_id=key_of(POLICE), cause=RevocationCause.RETIRED))
    return stop


def to_a_bank_of_old_types(world: World) -> Message:
    accepts = ("application/vnd.tocsin.release.v1+protobuf",)
    world.accept(world.enrol("bank.old", accepts=accepts))
    world.accept(world.serve("bank.old", Range(kind=IdentifierKind.CARD, prefix="6223", length=19)))
    return world.stop(to="bank.old", target=card(1, "622300"))


ROWS: dict[str, tuple[Make, Reason, type[Exception], dict[str, str]]] = {
    "expired": (
        lambda w: w.stop(created_us=w.now_us - 2, expires_us=w.now_us), Reason.EXPIRED, RuleBroken, {"field": "expires"}),
    "from the future": (
        lambda w: w.stop(created_us=w.now_us + MAX_CLOCK_AHEAD_US + 1), Reason.CREATED_IN_FUTURE, RuleBroken,
        {"field": "created", "limit": "120"}),
    "an unknown party": (lambda w: w.stop(by="police.429999"), Reason.PARTY_UNKNOWN, NotPermitted, {"party": "police.429999"}),
    "to an unknown party": (lambda w: w.stop(to="bank.none"), Reason.PARTY_UNKNOWN, NotPermitted, {}),
    "a key nobody added": (
        lambda w: w.stop(author_key=key_of(POLICE, "none")), Reason.KEY_UNKNOWN, NotPermitted, {"party": POLICE}),
    "a key of another party": (
        lambda w: w.stop(author_key=key_of(POLICE_2)), Reason.KEY_UNKNOWN, NotPermitted, {"party": POLICE}),
    "a revoked key": (after_revocation, Reason.KEY_REVOKED, NotPermitted, {"party": POLICE}),
    "a suspended sender": (
        first_suspend(POLICE, lambda w: w.stop()), Reason.PARTY_SUSPENDED, NotPermitted, {"party": POLICE}),
    "an order to a suspended bank": (
        first_suspend(ICBC, lambda w: w.stop()), Reason.PARTY_SUSPENDED, NotPermitted, {"party": ICBC}),
    "a bank that freezes": (
        lambda w: as_order(w.freeze(), sender=ICBC, author_key=key_of(ICBC)), Reason.POLICY_DENIED, NotPermitted,
        {"row": "freeze"}),
    "a centre that freezes": (
        lambda w: w.freeze(by=CENTRE), Reason.POLICY_DENIED, NotPermitted, {"row": "freeze", "rule": "sender"}),
    "a policeman who reports": (
        lambda w: w.report(in_force(w), by=POLICE), Reason.POLICY_DENIED, NotPermitted, {"row": "report"}),
    "a stop sent to the police": (
        lambda w: w.stop(to=POLICE_2), Reason.POLICY_DENIED, NotPermitted,
        {"row": "stop-payment", "rule": "recipient"}),
    "an order by a key that only acknowledges": (
        with_ack_key, Reason.KEY_PURPOSE, NotPermitted, {"needed": "order", "purpose": "ack"}),
    "an order by the party's own key": (
        lambda w: w.stop(author_key=key_of(POLICE, "admin")), Reason.KEY_PURPOSE, NotPermitted, {"purpose": "admin"}),
    "a card nobody serves": (
        lambda w: w.stop(target=card(1, "622999")), Reason.TARGET_NOT_SERVED, NotRoutable, {"kind": "card"}),
    "a card of another length": (
        lambda w: w.stop(target=card(1, length=16)), Reason.TARGET_NOT_SERVED, NotRoutable, {}),
    "a bank that does not serve the card": (
        lambda w: w.stop(to=ABC, target=card(1)), Reason.ROUTE_DIFFERS, NotRoutable, {"party": ABC}),
    "a kind its bank does not read": (
        to_a_bank_of_old_types, Reason.TYPE_NOT_ACCEPTED, NotPermitted, {"party": "bank.old"}),
    "a law nobody enacted": (
        lambda w: w.stop(legal_basis=LegalBasis(profile="xx")), Reason.PROFILE_UNKNOWN, RuleBroken, {"profile": "xx"}),
    "another currency than the law's": (
        lambda w: w.stop(amount=Money(100, "USD")), Reason.FIELD_INVALID, Malformed, {"field": "amount.currency"}),
    "an extension behind an order of another thread": (
        lambda w: w.extend(in_force(w), thread=Thread(
            root_id=in_force(w, 2).header.message_id, parent_id=in_force(w, 3).header.message_id)),
        Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.parent_id"}),
    "a release behind what is no order": (
        lambda w: w.release(stop := in_force(w), thread=Thread(root_id=stop.header.message_id, parent_id=w.new_id())),
        Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.parent_id"}),
    "an extension of nothing known": (
        lambda w: w.extend(w.stop()), Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.root_id"}),
    "a report on nothing known": (
        lambda w: w.report(w.stop()), Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.root_id"}),
    "a report on an order of another thread": (
        lambda w: w.report(in_force(w), thread=Thread(
            root_id=in_force(w, 2).header.message_id, parent_id=in_force(w, 3).header.message_id)),
        Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.parent_id"}),
    "an extension before the bank answered": (
        lambda w: w.extend(sent(w)), Reason.TRANSITION_REFUSED, WrongState,
        {"state": "ordered", "event": "extend-ordered", "field": "thread"}),
    "an extension by another bureau": (
        lambda w: w.extend(in_force(w), by=POLICE_2), Reason.NOT_ORIGIN, NotPermitted, {"row": "extend"}),
    "a freeze by another bureau": (
        lambda w: w.freeze(in_force(w), by=POLICE_2), Reason.NOT_ORIGIN, NotPermitted, {"row": "freeze"}),
    "a release by a stranger": (
        lambda w: w.release(in_force(w), by=POLICE_2), Reason.NOT_ORIGIN, NotPermitted, {"row": "release"}),
    "a report by a bank that was not asked": (
        lambda w: w.report(in_force(w), by=ABC), Reason.NOT_ADDRESSEE, NotPermitted, {"row": "report"}),
    "a report to somebody else than who asked": (
        lambda w: replace(one := w.report(in_force(w)), header=replace(one.header, recipients=(POLICE_2,))),
        Reason.FIELD_INVALID, Malformed, {"field": "recipients"}),
    "an execution without its end": (
        lambda w: w.report(sent(w), ends_us=0), Reason.FIELD_MISSING, Malformed, {"field": "expires_us"}),
    "an execution without its beginning": (
        lambda w: replace(w.report(sent(w)), applied_us=0), Reason.FIELD_MISSING, Malformed, {"field": "expires_us"}),
    "a report on what is no order": (
        lambda w: w.report(stop := in_force(w), thread=Thread(root_id=stop.header.message_id, parent_id=w.new_id())),
        Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.parent_id"}),
    "a record on what is no order": (
        lambda w: DeadlinePassed(
            header=w.header(HUB, POLICE, thread=Thread(root_id=in_force(w).header.message_id, parent_id=w.new_id())),
            deadline=Deadline.MEASURE_END, due_us=1, party=ICBC),
        Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.parent_id"}),
    "a follower in the other lane": (
        lambda w: w.release(in_force(w), lane=Lane.ROUTINE), Reason.FIELD_INVALID, Malformed, {"field": "lane"}),
    "a report in the other lane": (
        lambda w: w.report(sent(w), lane=Lane.ROUTINE), Reason.FIELD_INVALID, Malformed, {"field": "lane"}),
    "a drill in the thread of a real order": (
        lambda w: w.release(in_force(w), exercise=True), Reason.FIELD_INVALID, Malformed, {"field": "exercise"}),
    "a real release in the thread of a drill": (
        lambda w: w.release(sent(w, exercise=True), exercise=False), Reason.FIELD_INVALID, Malformed, {"field": "exercise"}),
    "a real report on a drill": (
        lambda w: w.report(sent(w, exercise=True), exercise=False), Reason.FIELD_INVALID, Malformed, {"field": "exercise"}),
    "a freeze of another account than the thread's": (
        lambda w: w.freeze(in_force(w), target=card(2)), Reason.FIELD_INVALID, Malformed, {"field": "target"}),
    "a follower to another bank": (
        lambda w: as_order(w.release(in_force(w)), recipients=(ABC,)), Reason.ROUTE_DIFFERS, NotRoutable, {"party": ABC}),
    "a follower under another law": (
        lambda w: w.freeze(in_force(w), legal_basis=LegalBasis(profile="generic", document_no="D-1")),
        Reason.FIELD_INVALID, Malformed, {"field": "legal_basis.profile"}),
    "a stop inside a thread": (
        lambda w: w.stop(thread=within(in_force(w))), Reason.FIELD_INVALID, Malformed, {"field": "thread"}),
    "an extension of a freeze": (
        lambda w: w.extend(sent_freeze(w)), Reason.FIELD_INVALID, Malformed, {"field": "thread"}),
    "a record by somebody who is not the hub": (
        lambda w: DeadlinePassed(
            header=w.header(ICBC, POLICE, thread=within(in_force(w))), deadline=Deadline.MEASURE_END, due_us=1, party=ICBC),
        Reason.POLICY_DENIED, NotPermitted, {"row": "deadline-passed"}),
    "a record on a thread nobody knows": (
        lambda w: DeadlinePassed(
            header=w.header(HUB, POLICE, thread=within(w.stop())), deadline=Deadline.MEASURE_END, due_us=1, party=ICBC),
        Reason.THREAD_UNKNOWN, WrongState, {}),
    "a record on an order of another thread": (
        lambda w: DeadlinePassed(
            header=w.header(HUB, POLICE, thread=Thread(
                root_id=in_force(w).header.message_id, parent_id=in_force(w, 2).header.message_id)),
            deadline=Deadline.MEASURE_END, due_us=1, party=ICBC),
        Reason.THREAD_UNKNOWN, WrongState, {"field": "thread.parent_id"}),
    "a drill that would change the directory": (
        lambda w: replace(one := w.enrol("bank.new"), header=replace(one.header, exercise=True)),
        Reason.FIELD_INVALID, Malformed, {"field": "exercise"}),
    "a directory entry addressed to somebody": (
        lambda w: replace(one := w.enrol("bank.new"), header=replace(one.header, recipients=(ICBC,))),
        Reason.POLICY_DENIED, NotPermitted, {"row": "enrol-party", "rule": "recipient"}),
    "a key added by a key that may only order": (
        lambda w: w.add_key(POLICE, "second", (Purpose.ORDER,), by="agent"), Reason.KEY_PURPOSE, NotPermitted,
        {"row": "add-key", "needed": "admin"}),
    "a party enrolled by the police": (
        lambda w: replace(w.enrol("bank.new"), header=w.header(POLICE, author_key=key_of(POLICE, "admin"))),
        Reason.POLICY_DENIED, NotPermitted, {"row": "enrol-party"}),
    "a party enrolled by the hub": (
        lambda w: replace(w.enrol("bank.new"), header=w.header(HUB, author_key=key_of(HUB, "admin"))),
        Reason.POLICY_DENIED, NotPermitted, {"row": "enrol-party"}),
    "a range another bank serves": (
        lambda w: w.serve(ABC, Range(kind=IdentifierKind.CARD, prefix="622202", length=19)), Reason.RANGE_TAKEN, WrongState,
        {"party": ABC, "other": ICBC}),
    "an old version of the policy": (lambda w: w.policy(1), Reason.VERSION_STALE, WrongState, {"limit": "1"}),
    "a policy that would be the last": (
        lambda w: w.policy(2, b"[kinds]\n[rpcs]\n"), Reason.DOCUMENT_INVALID, Malformed, {"row": "policy-version"}),
}  # fmt: skip


def sent(world: World, n: int = 1, **how: object) -> Message:
    stop = world.stop(n, **how)  # type: ignore[arg-type]
    world.accept(stop)
    return stop


def sent_freeze(world: World) -> Message:
    freeze = world.freeze()
    world.accept(freeze)
    world.accept(world.report(freeze))
    return freeze


@pytest.mark.parametrize("sentence", ROWS)
def test_is_refused_and_nothing_has_changed(world: World, sentence: str) -> None:
    make, reason, cls, facts = ROWS[sentence]
    message = make(world)
    refusal = world.refuse(message, reason)
    assert isinstance(refusal, cls)
    assert CLASS_OF[reason] is cls
    assert facts.items() <= refusal.facts.items()


def test_a_signature_checked_with_another_key_than_the_one_in_force_is_refused(world: World) -> None:
    """The join key was replaced between admission and decision."""
    world.accept(world.enrol("bank.new"))
    first = world.add_key("bank.new", "admin", (Purpose.ADMIN,), by="join")
    refusal = world.refuse(first, Reason.SIGNATURE_INVALID, public=public_key("somebody"))
    assert refusal.facts["field"] == "signature"


def test_the_last_moment_before_expiry_and_the_first_within_the_clock_s_tolerance_are_taken(world: World) -> None:
    world.accept(world.stop(1, created_us=world.now_us - HOUR_US, expires_us=world.now_us + 1))
    world.accept(world.stop(2, created_us=world.now_us + MAX_CLOCK_AHEAD_US))


def test_the_same_bytes_again_get_their_first_place_even_when_expired_revoked_and_suspended(world: World) -> None:
    stop = world.stop()
    place = world.index
    world.accept(stop)
    header = world.header(POLICE, author_key=key_of(POLICE, "admin"))
    world.accept(RevokeKey(header=header, party=POLICE, key_id=key_of(POLICE), cause=RevocationCause.COMPROMISED))
    suspended(world, POLICE)
    world.now_us += 100 * HOUR_US
    before = world.snapshot()
    assert world.offer(stop) == Duplicate(log_index=place)
    assert world.snapshot() == before


def test_an_id_used_for_other_bytes_is_refused_though_all_else_is_good(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.refuse(world.stop(2, message_id=stop.header.message_id), Reason.ID_REUSED)


def test_an_extension_after_the_end_is_refused_before_and_after_the_hub_recorded_the_end(world: World) -> None:
    stop = in_force(world)
    world.now_us += STOP_US
    assert world.thread(stop).state == "in-force"
    world.refuse(world.extend(stop), Reason.EXTEND_AFTER_END)
    refusal = world.refuse(world.freeze(stop), Reason.TRANSITION_REFUSED)
    assert refusal.facts["state"] == "lapsed"
    world.pass_until(world.now_us)
    assert world.thread(stop).state == "lapsed"
    world.refuse(world.extend(stop), Reason.EXTEND_AFTER_END)
    world.refuse(world.freeze(stop), Reason.TRANSITION_REFUSED)


def test_an_extension_a_moment_before_the_end_is_taken(world: World) -> None:
    stop = in_force(world)
    world.now_us += STOP_US - 1
    world.accept(world.extend(stop))


def test_a_frozen_account_is_neither_extended_nor_frozen_again_in_its_thread(world: World) -> None:
    stop = in_force(world)
    freeze = world.freeze(stop)
    world.accept(freeze)
    world.accept(world.report(freeze, term_us=STOP_US * 90))
    for order in (world.extend(stop), world.freeze(stop)):
        refusal = world.refuse(order, Reason.TRANSITION_REFUSED)
        assert refusal.facts["state"] == "in-force"


def test_a_suspended_bank_is_still_sent_releases_and_may_be_named_in_reports_to_a_suspended_bureau(world: World) -> None:
    stop, other = in_force(world), in_force(world, 2)
    suspended(world, ICBC)
    world.refuse(world.extend(stop), Reason.PARTY_SUSPENDED)
    assert world.accept(world.release(stop)).deliver_to == (ICBC,)
    world.accept(SuspendParty(header=world.governed(), party=ICBC, suspended=False))
    suspended(world, POLICE)
    assert world.accept(world.report(other, Outcome.LAPSED)).deliver_to == (POLICE,)


def test_a_refused_order_leaves_its_batch_mates_alone(world: World) -> None:
    world.accept(world.stop(1))
    world.refuse(world.stop(2, to=ABC, target=card(2)), Reason.ROUTE_DIFFERS)
    world.accept(world.stop(2))
    assert [row.sender for row in world.book.changes.orders.values()] == [POLICE, POLICE]


def test_a_kind_that_the_law_does_not_know_is_refused(world: World) -> None:
    from tocsin.core.profiles import default_document

    document = default_document("cn").replace(b"version = 1", b"version = 2").replace(b'"release", ', b"")
    world.accept(world.profile("cn", 2, document))
    refusal = world.refuse(world.release(in_force(world)), Reason.NOT_IN_PROFILE)
    assert refusal.facts == {"kind": "release", "profile": "cn"}


def test_a_follower_without_a_place_in_a_thread_is_refused_also_by_decide(world: World) -> None:
    """Admission refuses it by its own rules; ``decide`` does not rely on that."""
    from tocsin_hub.domain.decide import decide

    lost = Release(header=world.header(POLICE, ICBC))
    admitted = replace(world.admitted(world.stop()), message=lost)
    with pytest.raises(Malformed) as refusal:
        decide(admitted, world.book, index=world.index, at_us=world.now_us)
    assert refusal.value.facts["field"] == "thread.root_id"


def test_no_policy_lets_a_follower_start_a_thread(world: World) -> None:
    from tocsin.core.policy import default_document
    from tocsin_hub.domain.decide import decide

    loose = default_document().replace(b'relation = "origin"', b'relation = "none"')
    world.accept(world.policy(2, loose))
    admitted = replace(world.admitted(world.stop()), message=Release(header=world.header(POLICE, ICBC, target=card(1))))
    with pytest.raises(Malformed) as refusal:
        decide(admitted, world.book, index=world.index, at_us=world.now_us)
    assert refusal.value.facts["field"] == "thread.root_id"


def test_a_policy_may_keep_freezes_to_threads_of_their_own_stop(world: World) -> None:
    from tocsin.core.policy import default_document

    world.accept(world.policy(2, default_document().replace(b'"start-or-origin"', b'"origin"', 1)))
    assert world.refuse(world.freeze(), Reason.FIELD_MISSING).facts["field"] == "thread.root_id"
    world.accept(world.freeze(in_force(world)))


@pytest.mark.parametrize("role", [Role.HUB, Role.GOVERNANCE])
def test_nobody_else_becomes_hub_or_governance(world: World, role: Role) -> None:
    world.refuse(world.enrol("bank.new", role), Reason.FIELD_INVALID)
