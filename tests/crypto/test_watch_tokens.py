"""The key of a watchlist's epoch: tokens, details, check value; and the vectors others compare with."""

import hmac
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import make_watch
from tocsin.core.errors import Malformed, Reason, SignatureInvalid
from tocsin.core.subjects import subject
from tocsin.core.watch import MAX_SEALED_DETAILS, WatchSubjectKind, commitment
from tocsin.crypto.watch import MAX_DETAILS, ListKey

KEY = ListKey(bytes(range(32)), "wanted", 1)
PERSON = subject("document:passport/CHN/E00000000")
TOKEN = KEY.token(PERSON)


def test_the_golden_vectors_are_those_of_the_code() -> None:
    assert make_watch.FILE.read_text(encoding="utf-8") == make_watch.text()


def test_a_token_is_plain_hmac_over_kind_zero_and_canonical_form() -> None:
    assert hmac.digest(bytes(range(32)), b"document\0passport/CHN/E00000000", "sha256") == TOKEN


def test_kinds_and_keys_keep_tokens_apart() -> None:
    plates = [f"CHN/A0000{n}" for n in range(10)]
    made = {KEY.token(subject(plate, WatchSubjectKind.PLATE)) for plate in plates}
    made |= {KEY.token(subject(plate.replace("/", ""), WatchSubjectKind.PARCEL)) for plate in plates}
    made |= {ListKey(os.urandom(32), "wanted", 1).token(PERSON), TOKEN}
    assert len(made) == 22


def test_the_check_value_differs_by_key_list_and_epoch() -> None:
    checks = {KEY.check, ListKey(bytes(range(32)), "wanted", 2).check, ListKey(bytes(range(32)), "other", 1).check}
    assert len(checks | {ListKey(bytes(32), "wanted", 1).check}) == 4
    assert {len(check) for check in checks} == {16}


@given(st.text(max_size=300))
def test_details_open_as_they_were_sealed(details: str) -> None:
    sealed = KEY.seal(TOKEN, details, os.urandom)
    assert KEY.open(TOKEN, sealed) == details
    assert len(sealed) <= MAX_SEALED_DETAILS
    assert not sealed or len(sealed) % 64 == 28


def test_details_moved_changed_or_sealed_elsewhere_do_not_open() -> None:
    sealed = KEY.seal(TOKEN, "hold", os.urandom)
    other = KEY.token(subject("phone:+8613800000000"))
    moved = [
        (KEY, other, sealed), (KEY, TOKEN, sealed[:-1] + bytes([sealed[-1] ^ 1])), (KEY, TOKEN, sealed[:20]),
        (ListKey(bytes(range(32)), "wanted", 2), TOKEN, sealed), (ListKey(bytes(32), "wanted", 1), TOKEN, sealed),
    ]  # fmt: skip
    for key, token, bytes_ in moved:
        with pytest.raises(SignatureInvalid) as refused:
            key.open(token, bytes_)
        assert refused.value.reason is Reason.SEAL_INVALID


def test_the_longest_details_fit_and_one_byte_more_is_refused() -> None:
    assert len(KEY.seal(TOKEN, "x" * MAX_DETAILS, os.urandom)) == MAX_SEALED_DETAILS
    with pytest.raises(Malformed):
        KEY.seal(TOKEN, "x" * (MAX_DETAILS + 1), os.urandom)


def test_a_key_of_another_length_is_no_list_key() -> None:
    with pytest.raises(SignatureInvalid):
        ListKey(bytes(16), "wanted", 1)


def test_a_commitment_binds_salt_order_and_number() -> None:
    a, b = bytes(32), bytes([1]) * 32
    made = {commitment(a, [a, b]), commitment(a, [b, a]), commitment(b, [a, b]), commitment(a, [a]), commitment(a, [a, b, b])}
    assert len(made) == 5


def test_the_vectors_hold_the_same_subject_once_however_it_was_typed() -> None:
    vectors = json.loads(make_watch.FILE.read_text(encoding="utf-8"))
    first, second = (epoch["tokens"] for epoch in vectors["epochs"])
    assert [one["token"] for one in first] == [one["token"] for one in second]  # one key; epochs differ by key, not by name
    assert vectors["epochs"][0]["key_check"] != vectors["epochs"][1]["key_check"]
