"""How a bus begins, and how parties and keys come and go, as the hub decides it."""

from dataclasses import replace

from tests.hub.domain.world import (
    CENTRE,
    HOUR_US,
    ICBC,
    POLICE,
    World,
    born,
    card,
    in_force,
    key_of,
    public_key,
)
from tocsin.core.directory import GOVERNANCE
from tocsin.core.directory_messages import HolderKind, Purpose, Range, RevocationCause, RevokeKey, Role, SuspendParty
from tocsin.core.errors import Reason
from tocsin.core.identifiers import IdentifierKind


def revoke(world: World, party: str, use: str) -> None:
    world.accept(
        RevokeKey(header=world.governed(), party=party, key_id=key_of(party, use), cause=RevocationCause.COMPROMISED)
    )


def join(world: World, party: str) -> None:
    world.accept(world.add_key(party, "admin", (Purpose.ADMIN,), by="join"))


def test_a_bus_begins_with_its_root_then_its_policy_and_only_governance_speaks_before() -> None:
    world = World()
    world.refuse(world.policy(), Reason.KEY_UNKNOWN)
    world.accept(world.root())
    world.refuse(world.enrol(ICBC), Reason.POLICY_DENIED)
    world.accept(world.policy())
    world.accept(world.enrol(ICBC))
    world.refuse(world.root(), Reason.VERSION_STALE)
    assert world.book.directory.version == 3


def test_the_root_is_the_first_message_or_none() -> None:
    world = World()
    world.index = 7
    world.refuse(world.root(), Reason.VERSION_STALE)


def test_nobody_but_governance_brings_a_root() -> None:
    world = World()
    root = world.root()
    world.refuse(replace(root, header=replace(root.header, sender=POLICE)), Reason.KEY_UNKNOWN)
    stranger = replace(root.header, author_key=key_of(GOVERNANCE, "second"))
    world.refuse(replace(root, header=stranger), Reason.KEY_UNKNOWN)


def test_before_the_first_policy_no_party_s_order_is_taken() -> None:
    world = born()
    world.accept(world.enrol(POLICE, Role.POLICE))
    join(world, POLICE)
    world.accept(world.add_key(POLICE, "agent", (Purpose.ORDER,)))
    world.book.directory = replace(world.book.directory, policy=None)
    refusal = world.refuse(world.stop(), Reason.POLICY_DENIED)
    assert refusal.facts["row"] == "genesis"


def test_directory_entries_take_their_place_in_the_chain_within_the_batch(world: World) -> None:
    before = world.book.directory
    first = world.accept(world.enrol("bank.new"))
    second = world.accept(world.serve("bank.new", Range(kind=IdentifierKind.CARD, prefix="6224", length=19)))
    assert first.directory is not None
    assert second.directory is world.book.directory
    assert [before.version + 1, before.version + 2] == [first.directory.version, second.directory.version]
    assert len({before.head, first.directory.head, second.directory.head}) == 3
    assert (second.deliver_to, second.thread, second.timers_set) == ((), None, [])


def test_an_order_and_the_range_it_needs_may_stand_in_one_batch(world: World) -> None:
    target = card(1, "622700")
    world.refuse(world.stop(target=target), Reason.TARGET_NOT_SERVED)
    world.accept(world.serve(ICBC, *ranges("622202", "622700")))
    world.accept(world.stop(target=target))


def ranges(*prefixes: str) -> tuple[Range, ...]:
    return tuple(Range(kind=IdentifierKind.CARD, prefix=prefix, length=19) for prefix in prefixes)


def test_a_follower_goes_to_the_bank_of_its_root_though_the_range_has_moved(world: World) -> None:
    stop = in_force(world)
    world.accept(world.serve(ICBC))
    world.accept(world.serve("bank.abc", *ranges("622848", "622202")))
    world.accept(world.release(stop))
    world.refuse(world.stop(), Reason.ROUTE_DIFFERS)


def test_a_join_code_serves_once_and_not_after_its_time(world: World) -> None:
    world.accept(world.enrol("bank.new"))
    world.now_us += HOUR_US
    world.refuse(world.add_key("bank.new", "admin", (Purpose.ADMIN,), by="join"), Reason.JOIN_CODE_EXPIRED)
    world.accept(world.enrol("bank.new"))
    join(world, "bank.new")
    world.refuse(world.add_key("bank.new", "second", (Purpose.ADMIN,), by="join"), Reason.JOIN_CODE_USED)
    world.refuse(world.enrol("bank.new"), Reason.PARTY_EXISTS)


def test_a_join_key_makes_nothing_but_the_party_s_own_first_key(world: World) -> None:
    world.accept(world.enrol("bank.new"))
    world.refuse(world.add_key("bank.new", "agent", (Purpose.ADMIN,), by="join"), Reason.FIELD_INVALID)
    first = world.add_key("bank.new", "admin", (Purpose.REPORT,), by="join")
    world.refuse(first, Reason.FIELD_INVALID)
    header = world.header("bank.new", author_key=key_of("bank.new", "join"))
    world.refuse(replace(world.add_key(ICBC, "second", (Purpose.ADMIN,)), header=header), Reason.KEY_UNKNOWN)


def test_a_first_key_offered_again_is_a_duplicate_and_not_a_second(world: World) -> None:
    world.accept(world.enrol("bank.new"))
    first = world.add_key("bank.new", "admin", (Purpose.ADMIN,), by="join")
    world.accept(first)
    before = world.snapshot()
    world.offer(first)
    assert world.snapshot() == before


def test_a_party_that_lost_its_keys_joins_again_and_keeps_its_name_ranges_and_history(world: World) -> None:
    stop = in_force(world)
    for use in ("agent", "admin"):
        world.refuse(world.enrol(ICBC, join_key=public_key(ICBC, "second")), Reason.PARTY_EXISTS)
        revoke(world, ICBC, use)
    world.refuse(world.add_key(ICBC, "ack", (Purpose.ADMIN,), by="join", holder_kind=HolderKind.PARTY), Reason.JOIN_CODE_USED)
    world.accept(world.enrol(ICBC, join_key=public_key(ICBC, "second")))
    again = world.add_key(ICBC, "ack", (Purpose.REPORT, Purpose.ADMIN), by="second", holder_kind=HolderKind.PARTY)
    world.accept(again)
    party = world.book.directory.party(ICBC)
    assert party.ranges
    assert {key_of(ICBC, use) for use in ("agent", "admin", "ack")} == set(party.keys)
    world.refuse(world.report(stop), Reason.KEY_REVOKED)
    world.accept(world.report(stop, author_key=key_of(ICBC, "ack")))


def test_a_suspension_outlives_a_new_join_code(world: World) -> None:
    world.accept(world.enrol("bank.new"))
    world.accept(SuspendParty(header=world.governed(), party="bank.new"))
    world.accept(world.enrol("bank.new"))
    world.refuse(world.add_key("bank.new", "admin", (Purpose.ADMIN,), by="join"), Reason.PARTY_SUSPENDED)


def test_a_key_is_good_from_the_entry_behind_its_own_to_the_one_before_its_revocation(world: World) -> None:
    world.accept(world.add_key(POLICE, "second", (Purpose.ORDER,)))
    added = world.index - 1
    world.accept(world.stop(author_key=key_of(POLICE, "second")))
    revoke(world, POLICE, "second")
    revoked = world.index - 1
    key = world.book.directory.key(POLICE, key_of(POLICE, "second"))
    assert [key.good_at(i) for i in (added, added + 1, revoked - 1, revoked, revoked + 1)] == [False, True, True, False, False]
    world.refuse(world.stop(2, author_key=key_of(POLICE, "second")), Reason.KEY_REVOKED)


def test_a_policy_takes_effect_with_the_next_message(world: World) -> None:
    from tocsin.core.policy import default_document

    closed = default_document().replace(b'senders = ["police", "anti-fraud"]', b'senders = ["police"]', 1)
    world.accept(world.stop(1, by=CENTRE))
    world.accept(world.policy(2, closed))
    refusal = world.refuse(world.stop(2, by=CENTRE), Reason.POLICY_DENIED)
    assert refusal.facts["row"] == "stop-payment"
