"""Who is who, entry by entry: what each may say, and that a refused entry leaves the directory as it was."""

import dataclasses

import pytest

from tests.wire.samples import header
from tocsin.core.directory import GOVERNANCE, Directory, apply, root_keys
from tocsin.core.directory_messages import (
    AddKey,
    EnrolParty,
    GovernanceRoot,
    HolderKind,
    PolicyVersion,
    ProfileVersion,
    Purpose,
    Range,
    RevocationCause,
    RevokeKey,
    Role,
    RootKey,
    ServeRanges,
    SuspendParty,
)
from tocsin.core.errors import Malformed, Reason, Rejected, error
from tocsin.core.identifiers import Identifier, IdentifierKind
from tocsin.core.keyid import key_id
from tocsin.core.leaf import next_head
from tocsin.core.message import Message
from tocsin.core.orders.stop_payment import StopPayment
from tocsin.core.policy import Policy, check_relation, default_document
from tocsin.core.profiles import Profile
from tocsin.core.profiles import default_document as profile_document

ROOT_KEY, JOIN_KEY, PARTY_KEY, AGENT_KEY, OTHER_KEY = (bytes([n]) * 32 for n in (1, 2, 3, 4, 5))
HASH = bytes(32)
EXPIRES = 1_000_000


def of(sender: str, key: bytes = ROOT_KEY):
    return header(sender=sender, author_key=key_id("ed25519", key), recipients=(), target=None, parts=())


def root(**changed):
    values = {"version": 1, "threshold": 1, "keys": (RootKey(algorithm="ed25519", public_key=ROOT_KEY),), "log_key": bytes(32)}
    return GovernanceRoot(header=of(GOVERNANCE), **{**values, **changed})


def enrol(party: str, **changed):
    values = {"role": Role.BANK, "join_key": JOIN_KEY, "join_expires_us": EXPIRES}
    return EnrolParty(header=of(GOVERNANCE), party=party, **{**values, **changed})


def add(party: str, public_key: bytes, *, by: bytes, purposes=(Purpose.ADMIN,), kind=HolderKind.PARTY, sender: str = ""):
    return AddKey(
        header=of(sender or party, by), party=party, holder="x", holder_kind=kind, algorithm="ed25519", public_key=public_key,
        purposes=purposes, possession=b"s" if purposes else b"",
    )  # fmt: skip


def after(directory: Directory, *messages: Message, index: int | None = None, at_us: int = 1) -> Directory:
    for message in messages:
        directory = apply(
            directory, message, message_hash=HASH, index=directory.version if index is None else index, at_us=at_us
        )
    return directory


def refused(directory: Directory, message: Message, *reasons: Reason, **how) -> None:
    before = dataclasses.replace(directory)
    with pytest.raises(Rejected) as failure:
        after(directory, message, **how)
    assert failure.value.reason in reasons
    assert directory == before


BORN = after(Directory(), root())
INVITED = after(BORN, enrol("bank.icbc"))
JOINED = after(INVITED, add("bank.icbc", PARTY_KEY, by=JOIN_KEY))


def test_each_entry_lengthens_the_chain():
    assert JOINED.version == 3
    head = bytes(32)
    for version in (1, 2, 3):
        head = next_head(head, version, HASH)
    assert JOINED.head == head


def test_the_root_signs_itself_once_and_only_at_the_beginning():
    assert Directory().authority(root()) == root_keys(root())[key_id("ed25519", ROOT_KEY)]
    refused(BORN, root(), Reason.VERSION_STALE)
    refused(Directory(), root(), Reason.VERSION_STALE, index=5)
    refused(Directory(), root(version=2), Reason.VERSION_STALE)
    with pytest.raises(Rejected):
        Directory().authority(dataclasses.replace(root(), header=of("police.420100")))


def test_a_root_needs_as_many_keys_as_must_sign():
    for bad in ({"threshold": 2}, {"threshold": 0}, {"log_key": b""}, {"version": 0}):
        with pytest.raises(Malformed):
            root(**bad).check()


def test_a_party_is_enrolled_once_it_has_joined_and_its_code_renewed_before():
    renewed = after(INVITED, enrol("bank.icbc", join_key=AGENT_KEY))
    assert renewed.party("bank.icbc").join_key == AGENT_KEY
    refused(JOINED, enrol("bank.icbc"), Reason.PARTY_EXISTS)
    refused(BORN, enrol(GOVERNANCE), Reason.PARTY_EXISTS)
    refused(BORN, enrol("bank.abc", escalate_to="bank.none"), Reason.PARTY_UNKNOWN)
    with pytest.raises(Malformed):
        enrol("bank.icbc", join_key=b"").check()


def test_the_join_key_signs_the_first_key_only():
    assert INVITED.authority(add("bank.icbc", PARTY_KEY, by=JOIN_KEY)).public_key == JOIN_KEY
    refused(INVITED, add("bank.icbc", PARTY_KEY, by=JOIN_KEY), Reason.JOIN_CODE_EXPIRED, at_us=EXPIRES)
    refused(INVITED, add("bank.icbc", PARTY_KEY, by=JOIN_KEY, purposes=(Purpose.ORDER,)), Reason.FIELD_INVALID)
    refused(JOINED, add("bank.icbc", AGENT_KEY, by=JOIN_KEY), Reason.JOIN_CODE_USED)


def test_a_party_adds_keys_of_its_own_and_of_nobody_else():
    grown = after(JOINED, add("bank.icbc", AGENT_KEY, by=PARTY_KEY, purposes=(Purpose.REPORT,), kind=HolderKind.AGENT))
    assert grown.key("bank.icbc", key_id("ed25519", AGENT_KEY)).purposes == {Purpose.REPORT}
    refused(grown, add("bank.icbc", AGENT_KEY, by=PARTY_KEY), Reason.KEY_EXISTS)
    two = after(grown, enrol("bank.abc"))
    refused(two, add("bank.icbc", bytes([9]) * 32, by=PARTY_KEY, sender="bank.abc"), Reason.NOT_ORIGIN, Reason.KEY_UNKNOWN)
    refused(grown, add("bank.none", AGENT_KEY, by=PARTY_KEY), Reason.PARTY_UNKNOWN)


def test_a_key_is_good_from_its_entry_to_its_revocation():
    one = key_id("ed25519", PARTY_KEY)
    revoke = RevokeKey(header=of("bank.icbc", PARTY_KEY), party="bank.icbc", key_id=one, cause=RevocationCause.RETIRED)
    gone = after(JOINED, revoke)
    key = gone.key("bank.icbc", one)
    assert [key.good_at(index) for index in (2, 3, 4)] == [False, False, False]
    assert JOINED.key("bank.icbc", one).good_at(3)
    assert gone.party("bank.icbc").sealing_key is None
    refused(gone, revoke, Reason.KEY_REVOKED)
    refused(JOINED, dataclasses.replace(revoke, key_id="0" * 32), Reason.KEY_UNKNOWN)
    by_stranger = dataclasses.replace(revoke, header=of("bank.abc", PARTY_KEY))
    refused(after(JOINED, enrol("bank.abc")), by_stranger, Reason.NOT_ORIGIN, Reason.KEY_UNKNOWN)
    assert after(JOINED, dataclasses.replace(revoke, header=of(GOVERNANCE))).key("bank.icbc", one).revoked_index == 3


def test_suspension_begins_and_ends():
    suspended = after(JOINED, SuspendParty(header=of(GOVERNANCE), party="bank.icbc"))
    assert suspended.party("bank.icbc").suspended
    ended = after(suspended, SuspendParty(header=of(GOVERNANCE), party="bank.icbc", suspended=False))
    assert not ended.party("bank.icbc").suspended


def test_ranges_route_and_may_not_collide():
    icbc = ServeRanges(
        header=of(GOVERNANCE), party="bank.icbc",
        ranges=(Range(kind=IdentifierKind.CARD, prefix="622202", length=19), Range(kind=IdentifierKind.IBAN, prefix="DE")),
    )  # fmt: skip
    served = after(JOINED, enrol("bank.abc"), icbc)
    card = Identifier(IdentifierKind.CARD, "6222020200000000006")
    assert served.routing.route(card) == "bank.icbc"
    same = dataclasses.replace(icbc, party="bank.abc", ranges=(icbc.ranges[0],))
    refused(served, same, Reason.RANGE_TAKEN)
    carved = dataclasses.replace(
        icbc, party="bank.abc", ranges=(Range(kind=IdentifierKind.CARD, prefix="62220202", length=19),)
    )
    assert after(served, carved).routing.route(card) == "bank.abc"
    nothing = after(served, dataclasses.replace(icbc, ranges=()))
    with pytest.raises(Rejected) as failure:
        nothing.routing.route(card)
    assert failure.value.reason is Reason.TARGET_NOT_SERVED
    for bad in ((icbc.ranges[0], icbc.ranges[0]), (Range(kind=IdentifierKind.CARD, prefix=""),)):
        with pytest.raises(Malformed):
            dataclasses.replace(icbc, ranges=bad).check()


def test_policy_and_profiles_have_versions_that_rise():
    one = PolicyVersion(header=of(GOVERNANCE), version=1, document=default_document())
    cn = ProfileVersion(header=of(GOVERNANCE), name="cn", version=1, document=profile_document("cn"))
    governed = after(BORN, one, cn)
    assert governed.profile("cn").currency == "CNY"
    refused(governed, one, Reason.VERSION_STALE)
    refused(governed, cn, Reason.VERSION_STALE)
    refused(governed, dataclasses.replace(cn, version=2), Reason.DOCUMENT_INVALID)
    with pytest.raises(Rejected) as failure:
        governed.profile("xx")
    assert failure.value.reason is Reason.PROFILE_UNKNOWN
    for bad in ({"version": 0}, {"document": b""}, {"name": ""}):
        with pytest.raises(Malformed):
            dataclasses.replace(cn, **bad).check()


def test_what_is_no_entry_is_refused():
    refused(BORN, StopPayment(header=header()), Reason.UNKNOWN_PAYLOAD_TYPE, Reason.POLICY_DENIED)


def test_keys_without_order_or_proof_are_refused():
    whole = add("bank.icbc", AGENT_KEY, by=PARTY_KEY)
    for bad in ({"holder": ""}, {"purposes": (Purpose.ADMIN, Purpose.ORDER)}, {"possession": b""}):
        with pytest.raises(Malformed):
            dataclasses.replace(whole, **bad).check()


@pytest.mark.parametrize(
    ("break_it", "row"),
    [
        (lambda t: t.replace('purpose = "order"', 'purpose = "fly"', 1), "stop-payment"),
        (lambda t: t.replace('relation = "origin"', 'relation = "origin"\nmore = 1', 1), "extend"),
        (lambda t: t.replace('= "member"', '= "friend"', 1), "tocsin.v1.BusService/Publish"),
        (lambda t: "not toml at all [", "document"),
    ],
)
def test_a_policy_document_that_is_wrong_names_its_row(break_it, row):
    with pytest.raises(Malformed) as failure:
        Policy.parse(break_it(default_document().decode()).encode())
    assert failure.value == error(Reason.DOCUMENT_INVALID, field="policy", row=row)


def test_relations_are_looked_at_row_by_row():
    rows = Policy.parse(default_document()).kinds
    check_relation(rows["stop-payment"], sender="a.a", origin=None, addressee=None)
    for row, origin, reason in (
        ("release", None, Reason.FIELD_MISSING),
        ("release", "b.b", Reason.NOT_ORIGIN),
        ("report", "b.b", Reason.NOT_ADDRESSEE),
    ):
        with pytest.raises(Rejected) as failure:
            check_relation(rows[row], sender="a.a", origin=origin, addressee="b.b" if origin else None)
        assert failure.value.reason is reason
    policy = Policy.parse(default_document())
    with pytest.raises(Rejected):
        policy.check_recipient(rows["report"], Role.BANK)


@pytest.mark.parametrize(
    ("break_it", "row"),
    [
        (lambda t: t.replace("[limits.stop-term]", "[limits.stop-time]"), "stop-term"),
        (lambda t: t + '\n[limits.more]\nvalue = 1\nsource = "x"\nmark = "P"\n', "more"),
        (lambda t: t.replace('mark = "V"', 'mark = "Q"', 1), "stop-term"),
        (lambda t: t.replace("value = 2", "value = 0"), "stop-max-terms"),
        (lambda t: t.replace('value = "48h"', 'value = "two days"', 1), "stop-term"),
        (lambda t: t.replace('mark = "V"', 'mark = "V"\nnote = "x"', 1), "stop-term"),
        (lambda t: 'colour = "red"\n' + t, "document"),
        (lambda t: t.replace('zone = "Asia/Shanghai"', 'zone = ""'), "document"),
    ],
)
def test_a_profile_document_that_is_wrong_names_its_limit(break_it, row):
    with pytest.raises(Malformed) as failure:
        Profile.parse(break_it(profile_document("cn").decode()).encode())
    assert failure.value.facts["row"] == row


def test_a_profile_not_shipped_is_unknown():
    for name in ("xx", "../cn"):
        with pytest.raises(Rejected) as failure:
            profile_document(name)
        assert failure.value.reason is Reason.PROFILE_UNKNOWN
