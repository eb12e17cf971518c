"""The policy as a document: what is wrong is refused naming its row, and what no row allows is denied."""

import pytest

from tocsin.core.directory_messages import Purpose, Role
from tocsin.core.errors import Malformed, NotPermitted, Reason
from tocsin.core.policy import Policy, Relation, default_document

DEFAULT = default_document().decode()
POLICY = Policy.parse(DEFAULT.encode())
VERSION_ROW = DEFAULT[DEFAULT.index("[kinds.policy-version]") : DEFAULT.index("[kinds.profile-version]")]

WRONG = {
    "a role nobody has": (DEFAULT.replace('"police", "anti-fraud"', '"wizard"', 1), "stop-payment"),
    "a purpose nobody has": (DEFAULT.replace('purpose = "report"', 'purpose = "fly"', 1), "report"),
    "a relation nobody defined": (DEFAULT.replace('relation = "addressee"', 'relation = "friend"'), "report"),
    "a row without its recipients": (DEFAULT.replace('recipients = ["bank", "payment"]\n', "", 1), "stop-payment"),
    "an entry nobody defined": (DEFAULT.replace('relation = "origin"', 'relation = "origin"\nmore = 1', 1), "extend"),
    "a caller nobody defined": (DEFAULT.replace('= "anyone"', '= "everyone"', 1), "tocsin.v1.EnrolmentService/GetTrust"),
    "a heading nobody defined": (DEFAULT + "\n[people]\nx = 1\n", "document"),
    "no rows for rpcs": (DEFAULT[: DEFAULT.index("[rpcs]")], "document"),
    "no row for the next policy": (DEFAULT.replace(VERSION_ROW, ""), "policy-version"),
    "a next policy by the police": (DEFAULT.replace(VERSION_ROW, VERSION_ROW.replace("governance", "police")), "policy-version"),
    "a next policy by a reporting key": (DEFAULT.replace(VERSION_ROW, VERSION_ROW.replace("admin", "report")), "policy-version"),
    "what is not TOML": ("= =", "document"),
    "lists inside lists without end": ("a = " + "[" * 5_000, "document"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_document_is_refused_naming_its_row(case: str) -> None:
    text, row = WRONG[case]
    assert text != DEFAULT
    with pytest.raises(Malformed) as refusal:
        Policy.parse(text.encode())
    assert refusal.value.reason is Reason.DOCUMENT_INVALID
    assert refusal.value.facts == {"field": "policy", "row": row}


def test_a_kind_without_a_row_is_denied_to_everybody() -> None:
    for role in Role:
        with pytest.raises(NotPermitted) as refusal:
            POLICY.check_kind("block-number", sender=role, purposes=frozenset(Purpose))
        assert refusal.value.reason is Reason.POLICY_DENIED
        assert {"row": "block-number", "rule": "sender"}.items() <= refusal.value.facts.items()


@pytest.mark.parametrize("kind", sorted(POLICY.kinds))
def test_a_row_lets_its_senders_send_and_nobody_else(kind: str) -> None:
    row = POLICY.kinds[kind]
    for role in Role:
        if role in row.senders:
            assert POLICY.check_kind(kind, sender=role, purposes=frozenset({row.purpose})) is row
            with pytest.raises(NotPermitted) as refusal:
                POLICY.check_kind(kind, sender=role, purposes=frozenset(Purpose) - {row.purpose})
            assert refusal.value.reason is Reason.KEY_PURPOSE
        else:
            with pytest.raises(NotPermitted) as refusal:
                POLICY.check_kind(kind, sender=role, purposes=frozenset(Purpose))
            assert refusal.value.reason is Reason.POLICY_DENIED
        if role in row.recipients:
            POLICY.check_recipient(row, role)
        else:
            with pytest.raises(NotPermitted):
                POLICY.check_recipient(row, role)


def test_only_the_police_freezes_and_only_who_ordered_changes_or_releases() -> None:
    assert POLICY.kinds["freeze"].senders == {Role.POLICE}
    assert {POLICY.kinds[k].relation for k in ("extend", "release")} == {Relation.ORIGIN}
    assert POLICY.kinds["freeze"].relation is Relation.START_OR_ORIGIN
    assert POLICY.kinds["report"].relation is Relation.ADDRESSEE


def test_the_hub_speaks_only_to_record_and_of_its_own_keys() -> None:
    assert {name for name, row in POLICY.kinds.items() if Role.HUB in row.senders} == {"deadline-passed", "add-key", "revoke-key"}


def test_an_empty_purpose_shows_as_none() -> None:
    with pytest.raises(NotPermitted) as refusal:
        POLICY.check_kind("freeze", sender=Role.POLICE, purposes=frozenset())
    assert refusal.value.facts["purpose"] == "none"
    assert "freeze" in refusal.value.facts["row"]
