"""Who may say who is who: the rule holds in ``apply`` itself, so that a hub with a policy of its own cannot forge a directory."""

import dataclasses
from collections.abc import Callable
from hashlib import sha256

import pytest

from tests.core.test_directory_entries import (
    AGENT_KEY,
    BORN,
    EXPIRES,
    HASH,
    JOIN_KEY,
    JOINED,
    OTHER_KEY,
    PARTY_KEY,
    ROOT_KEY,
    add,
    after,
    enrol,
    of,
    refused,
    root,
)
from tests.wire.samples import stop_payment
from tocsin.core.directory import GOVERNANCE, HUB, Directory, apply
from tocsin.core.directory_messages import (
    MAX_DOCUMENT_BYTES,
    MAX_RANGES,
    AddKey,
    EnrolParty,
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
from tocsin.core.errors import Malformed, NotPermitted, Reason, Rejected
from tocsin.core.identifiers import IdentifierKind
from tocsin.core.keyid import key_id
from tocsin.core.message import MAX_TEXT, Message
from tocsin.core.policy import default_document
from tocsin.core.profiles import default_document as profile_document

HUB_KEY = bytes([7]) * 32
SEAL_KEY = bytes([8]) * 32
WITH_HUB = after(JOINED, enrol(HUB, role=Role.HUB), add(HUB, HUB_KEY, by=JOIN_KEY))
BY_HUB = of(HUB, HUB_KEY)

FORGED: dict[str, Message] = {
    "a party": EnrolParty(header=BY_HUB, party="police.forged", role=Role.POLICE, join_key=JOIN_KEY, join_expires_us=EXPIRES),
    "a suspension": SuspendParty(header=BY_HUB, party="bank.icbc"),
    "a range": ServeRanges(header=BY_HUB, party=HUB, ranges=(Range(kind=IdentifierKind.CARD, prefix="6"),)),
    "a policy": PolicyVersion(header=BY_HUB, version=9, document=default_document()),
    "a profile": ProfileVersion(header=BY_HUB, name="cn", version=9, document=profile_document("cn")),
    "a root": dataclasses.replace(root(version=2), header=BY_HUB),
}


@pytest.mark.parametrize("what", FORGED)
def test_the_hub_cannot_sign(what: str) -> None:
    refused(WITH_HUB, FORGED[what], Reason.POLICY_DENIED)


def test_the_hub_cannot_give_another_party_a_key_or_take_one() -> None:
    refused(WITH_HUB, add("bank.icbc", AGENT_KEY, by=HUB_KEY, sender=HUB), Reason.NOT_ORIGIN)
    revoke = RevokeKey(header=BY_HUB, party="bank.icbc", key_id=key_id("ed25519", PARTY_KEY), cause=RevocationCause.COMPROMISED)
    refused(WITH_HUB, revoke, Reason.NOT_ORIGIN)


def test_a_key_without_the_admin_purpose_gives_and_takes_no_keys() -> None:
    grown = after(JOINED, add("bank.icbc", AGENT_KEY, by=PARTY_KEY, purposes=(Purpose.REPORT, Purpose.ACK), kind=HolderKind.AGENT))
    refused(grown, add("bank.icbc", OTHER_KEY, by=AGENT_KEY), Reason.KEY_PURPOSE)
    header = of("bank.icbc", AGENT_KEY)
    revoke = RevokeKey(header=header, party="bank.icbc", key_id=key_id("ed25519", PARTY_KEY), cause=RevocationCause.RETIRED)
    with pytest.raises(NotPermitted) as refusal:
        after(grown, revoke)
    assert {"needed": "admin", "purpose": "ack, report", "row": "revoke-key"}.items() <= refusal.value.facts.items()
    sealing = after(JOINED, add("bank.icbc", SEAL_KEY, by=PARTY_KEY, purposes=()))
    with pytest.raises(NotPermitted) as refusal:
        after(sealing, add("bank.icbc", OTHER_KEY, by=SEAL_KEY))
    assert refusal.value.facts["purpose"] == "none"


def test_a_party_may_lose_its_keys_join_again_and_keep_what_it_signed() -> None:
    one = key_id("ed25519", PARTY_KEY)
    lost = after(JOINED, RevokeKey(header=of(GOVERNANCE), party="bank.icbc", key_id=one, cause=RevocationCause.COMPROMISED))
    assert not lost.party("bank.icbc").joined
    refused(lost, add("bank.icbc", AGENT_KEY, by=JOIN_KEY), Reason.JOIN_CODE_USED)
    again = after(lost, enrol("bank.icbc", join_key=OTHER_KEY), add("bank.icbc", AGENT_KEY, by=OTHER_KEY))
    party = again.party("bank.icbc")
    assert party.joined
    assert set(party.keys) == {one, key_id("ed25519", AGENT_KEY)}
    refused(again, enrol("bank.icbc"), Reason.PARTY_EXISTS)
    refused(again, add("bank.icbc", PARTY_KEY, by=AGENT_KEY), Reason.KEY_EXISTS)


def test_a_join_key_speaks_for_its_own_party_only_and_none_for_a_party_without_a_code() -> None:
    two = after(JOINED, enrol("bank.abc", join_key=OTHER_KEY))
    refused(two, add("bank.abc", AGENT_KEY, by=OTHER_KEY, sender="bank.icbc"), Reason.KEY_UNKNOWN)
    silent = after(JOINED, enrol("bank.abc", join_key=b"", join_expires_us=0))
    refused(silent, add("bank.abc", AGENT_KEY, by=b""), Reason.KEY_UNKNOWN)


def test_what_is_no_entry_is_none_whoever_sends_it() -> None:
    order = dataclasses.replace(stop_payment(), header=of(GOVERNANCE))
    refused(BORN, order, Reason.UNKNOWN_PAYLOAD_TYPE)


def test_there_is_one_root_even_at_index_nought() -> None:
    refused(BORN, root(), Reason.VERSION_STALE, index=0)


def test_a_profile_is_entered_under_its_own_name_and_version() -> None:
    cn = ProfileVersion(header=of(GOVERNANCE), name="generic", version=1, document=profile_document("cn"))
    refused(BORN, cn, Reason.DOCUMENT_INVALID)
    refused(BORN, dataclasses.replace(cn, name="cn", version=2), Reason.DOCUMENT_INVALID)


def test_a_key_of_governance_is_no_party_s_key() -> None:
    refused(JOINED, add("bank.icbc", ROOT_KEY, by=PARTY_KEY), Reason.KEY_EXISTS)


def test_an_invitation_renewed_keeps_ranges_and_suspension() -> None:
    invited = after(
        BORN, enrol("bank.icbc"), SuspendParty(header=of(GOVERNANCE), party="bank.icbc"),
        ServeRanges(header=of(GOVERNANCE), party="bank.icbc", ranges=(Range(kind=IdentifierKind.CARD, prefix="6"),)),
    )  # fmt: skip
    party = after(invited, enrol("bank.icbc", join_key=OTHER_KEY)).party("bank.icbc")
    assert (party.suspended, len(party.ranges), party.join_key, party.join_used) == (True, 1, OTHER_KEY, False)


@pytest.mark.parametrize(("party", "role"), [("bank.x", Role.HUB), ("bank.x", Role.GOVERNANCE), (HUB, Role.BANK)])
def test_hub_and_governance_are_one_party_each(party: str, role: Role) -> None:
    refused(BORN, enrol(party, role=role), Reason.FIELD_INVALID)


def test_the_newest_sealing_key_that_is_not_revoked_is_sealed_to() -> None:
    two = after(
        JOINED, add("bank.icbc", AGENT_KEY, by=PARTY_KEY, purposes=()), add("bank.icbc", SEAL_KEY, by=PARTY_KEY, purposes=())
    )
    newest = two.party("bank.icbc").sealing_key
    assert newest is not None
    assert newest.public_key == SEAL_KEY
    revoke = RevokeKey(
        header=of("bank.icbc", PARTY_KEY), party="bank.icbc", key_id=newest.key_id, cause=RevocationCause.RETIRED
    )
    before = after(two, revoke).party("bank.icbc").sealing_key
    assert before is not None
    assert before.public_key == AGENT_KEY


def test_a_key_of_a_party_nobody_knows_or_of_another_is_unknown() -> None:
    with pytest.raises(NotPermitted) as refusal:
        JOINED.key("bank.none", "0" * 32)
    assert refusal.value.reason is Reason.PARTY_UNKNOWN
    with pytest.raises(NotPermitted) as refusal:
        JOINED.key(GOVERNANCE, key_id("ed25519", PARTY_KEY))
    assert refusal.value.reason is Reason.KEY_UNKNOWN


def test_versions_rise_by_any_step_and_never_fall() -> None:
    policy = PolicyVersion(header=of(GOVERNANCE), version=5, document=default_document())
    five = after(BORN, policy)
    assert after(five, dataclasses.replace(policy, version=9)).policy_version == 9
    for version in (4, 5):
        refused(five, dataclasses.replace(policy, version=version), Reason.VERSION_STALE)


def test_entries_make_the_same_chain_for_everybody_and_another_for_another_order() -> None:
    a, b = enrol("bank.a"), enrol("bank.b")

    def chain(*messages: Message) -> bytes:
        made = BORN
        for message in messages:
            made = apply(made, message, message_hash=sha256(repr(message.party).encode()).digest(), index=9, at_us=1)  # type: ignore[attr-defined]
        return made.head

    assert chain(a, b) == chain(a, b) != chain(b, a)
    assert apply(BORN, a, message_hash=HASH, index=9, at_us=1).head != BORN.head
    assert Directory().head != BORN.head


CHECKS: dict[str, tuple[Callable[[], Message], Reason, str]] = {
    "a party id in capitals": (lambda: enrol("Bank.X"), Reason.PARTY_ID_INVALID, "party"),
    "escalation to oneself": (lambda: enrol("bank.x", escalate_to="bank.x"), Reason.FIELD_INVALID, "escalate_to"),
    "a join key of five bytes": (lambda: enrol("bank.x", join_key=b"short"), Reason.FIELD_INVALID, "join_key"),
    "a join key without an end": (lambda: enrol("bank.x", join_expires_us=0), Reason.FIELD_INVALID, "join_key"),
    "suspension of what is no party": (
        lambda: SuspendParty(header=of(GOVERNANCE), party="a b"), Reason.PARTY_ID_INVALID, "party"),
    "a suspension with a book for a reason": (
        lambda: SuspendParty(header=of(GOVERNANCE), party="bank.x", reason="x" * (MAX_TEXT + 1)), Reason.FIELD_INVALID,
        "reason"),
    "a key of what is no party": (lambda: add("a b", AGENT_KEY, by=PARTY_KEY), Reason.PARTY_ID_INVALID, "party"),
    "a key of nobody": (
        lambda: dataclasses.replace(add("bank.x", AGENT_KEY, by=PARTY_KEY), holder=""), Reason.FIELD_INVALID, "holder"),
    "a key of a name too long": (
        lambda: dataclasses.replace(add("bank.x", AGENT_KEY, by=PARTY_KEY), holder="x" * 65), Reason.FIELD_INVALID, "holder"),
    "purposes twice": (
        lambda: add("bank.x", AGENT_KEY, by=PARTY_KEY, purposes=(Purpose.ACK, Purpose.ACK)), Reason.FIELD_INVALID, "purposes"),
    "a sealing key that signed": (
        lambda: dataclasses.replace(add("bank.x", AGENT_KEY, by=PARTY_KEY, purposes=()), possession=b"x"),
        Reason.FIELD_INVALID, "possession"),
    "revocation at what is no party": (lambda: revoked(party="a b"), Reason.PARTY_ID_INVALID, "party"),
    "revocation of what is no key id": (lambda: revoked(key_id="K" * 32), Reason.FIELD_INVALID, "key_id"),
    "a retired key that was never trusted": (lambda: revoked(compromised_since=3), Reason.FIELD_INVALID, "compromised_since"),
    "ranges of what is no party": (lambda: ServeRanges(header=of(GOVERNANCE), party="a b"), Reason.PARTY_ID_INVALID, "party"),
    "too many ranges": (
        lambda: ranges(*(Range(kind=IdentifierKind.CARD, prefix=str(n)) for n in range(MAX_RANGES + 1))),
        Reason.FIELD_INVALID, "ranges"),
    "a range twice": (lambda: ranges(*[Range(kind=IdentifierKind.CARD, prefix="6")] * 2), Reason.FIELD_INVALID, "ranges"),
    "a range of everything": (lambda: ranges(Range(kind=IdentifierKind.CARD, prefix="")), Reason.FIELD_INVALID, "ranges"),
    "a prefix longer than its cards": (
        lambda: ranges(Range(kind=IdentifierKind.CARD, prefix="6" * 17, length=16)), Reason.FIELD_INVALID, "ranges"),
    "a policy as long as a library": (
        lambda: PolicyVersion(header=of(GOVERNANCE), version=1, document=bytes(MAX_DOCUMENT_BYTES + 1)),
        Reason.FIELD_INVALID, "document"),
    "a policy of version nought": (
        lambda: PolicyVersion(header=of(GOVERNANCE), version=0, document=b"x"), Reason.FIELD_INVALID, "version"),
    "a profile without a name": (
        lambda: ProfileVersion(header=of(GOVERNANCE), name="", version=1, document=b"x"), Reason.FIELD_MISSING, "name"),
    "one key twice in a root": (
        lambda: root(keys=(RootKey(algorithm="ed25519", public_key=ROOT_KEY),) * 2, threshold=2), Reason.FIELD_INVALID,
        "threshold"),
}  # fmt: skip


def revoked(**changed: object) -> RevokeKey:
    values = {"party": "bank.x", "key_id": "0" * 32, "cause": RevocationCause.RETIRED, **changed}
    return RevokeKey(header=of(GOVERNANCE), **values)  # type: ignore[arg-type]


def ranges(*served: Range) -> ServeRanges:
    return ServeRanges(header=of(GOVERNANCE), party="bank.x", ranges=served)


@pytest.mark.parametrize("case", CHECKS)
def test_an_entry_is_refused_by_itself_for(case: str) -> None:
    make, reason, field = CHECKS[case]
    with pytest.raises(Malformed) as refusal:
        make().check()
    assert (refusal.value.reason, refusal.value.facts["field"]) == (reason, field)
    assert "?" not in refusal.value.text("en") + refusal.value.text("zh")


def test_entries_that_are_whole_pass() -> None:
    revoked(cause=RevocationCause.COMPROMISED, compromised_since=3).check()
    ranges(Range(kind=IdentifierKind.CARD, prefix="6" * 16, length=16)).check()
    SuspendParty(header=of(GOVERNANCE), party="bank.x", reason="x" * MAX_TEXT).check()
    enrol("bank.x", join_key=b"", join_expires_us=0).check()
    assert isinstance(add("bank.x", AGENT_KEY, by=PARTY_KEY), AddKey)


def test_a_refusal_of_an_entry_leaves_the_very_same_directory() -> None:
    before = JOINED.party("bank.icbc")
    with pytest.raises(Rejected):
        after(JOINED, enrol("bank.icbc"))
    assert JOINED.party("bank.icbc") is before
