"""Bodies at rest and tokens of accounts."""

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import LocalFault, Reason
from tocsin_hub.bodies import MAX_READ_KEYS, NONCE_BYTES, SALT_BYTES, BodyCipher, SubjectTokens

KEY, ID, BODY = bytes(range(32)), b"i" * 16, b"an envelope"


def refused(cipher, message_id, body):
    with pytest.raises(LocalFault) as caught:
        cipher.open(message_id, body)
    assert caught.value.reason is Reason.CORRUPT


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=300))
def test_a_body_opens_as_it_was_sealed(message_id, envelope):
    sealed = BodyCipher(KEY).seal(message_id, envelope)
    assert len(sealed) == SALT_BYTES + NONCE_BYTES + len(envelope) + 16
    assert BodyCipher(KEY).open(message_id, sealed) == envelope


def test_a_body_tells_nothing_of_its_content():
    sealed = BodyCipher(KEY).seal(ID, b"6222020200000000006" * 20)
    assert b"6222" not in sealed


def test_the_same_body_is_never_sealed_alike():
    cipher = BodyCipher(KEY)
    assert len({cipher.seal(ID, BODY) for _ in range(100)}) == 100


@given(st.integers(0, (SALT_BYTES + NONCE_BYTES + len(BODY) + 16) * 8 - 1))
def test_no_bit_of_a_body_can_change(bit):
    cipher = BodyCipher(KEY)
    sealed = bytearray(cipher.seal(ID, BODY))
    sealed[bit // 8] ^= 1 << bit % 8
    refused(cipher, ID, bytes(sealed))


@pytest.mark.parametrize(
    "size", [0, 1, SALT_BYTES, SALT_BYTES + 4, SALT_BYTES + NONCE_BYTES, SALT_BYTES + NONCE_BYTES + 15]
)
def test_a_body_that_was_cut_off_is_refused(size):
    cipher = BodyCipher(KEY)
    refused(cipher, ID, cipher.seal(ID, BODY)[:size])


def test_a_body_of_another_message_or_another_key_is_refused():
    cipher = BodyCipher(KEY)
    sealed = cipher.seal(ID, BODY)
    refused(cipher, b"j" * 16, sealed)
    refused(BodyCipher(bytes(32)), ID, sealed)
    assert cipher.open(ID, sealed) == BODY


def test_one_key_seals_no_more_bodies_than_its_nonces_allow():
    cipher = BodyCipher(KEY, limit=3)
    sealed = [cipher.seal(ID, BODY) for _ in range(7)]
    salts = [one[:SALT_BYTES] for one in sealed]
    assert [len(list(group)) for _, group in itertools.groupby(salts)] == [3, 3, 1]
    assert len(set(salts)) == 3
    assert all(cipher.open(ID, one) == BODY for one in sealed)


def test_each_run_seals_under_a_key_of_its_own_and_reads_those_of_all_others():
    runs = [BodyCipher(KEY).seal(ID, BODY) for _ in range(MAX_READ_KEYS + 10)]
    assert len({one[:SALT_BYTES] for one in runs}) == len(runs)
    reader = BodyCipher(KEY)
    assert all(reader.open(ID, one) == BODY for one in runs + runs[:5])


def test_salts_and_nonces_come_from_the_source_that_is_given():
    asked = []

    def random(n):
        asked.append(n)
        return os.urandom(n)

    cipher = BodyCipher(KEY, random=random)
    cipher.seal(ID, BODY)
    cipher.seal(ID, BODY)
    assert asked == [SALT_BYTES, NONCE_BYTES, NONCE_BYTES]


def test_a_token_stands_for_one_account_under_one_key():
    tokens = SubjectTokens(KEY)
    assert tokens.token("card", "1") == SubjectTokens(KEY).token("card", "1")
    given_ = [("card", "1"), ("card", "2"), ("car", "d1"), ("", "card1"), ("card1", ""), ("account", "1")]
    made = {tokens.token(*one) for one in given_} | {SubjectTokens(bytes(32)).token("card", "1")}
    assert len(made) == len(given_) + 1
    assert {len(one) for one in made} == {32}


def test_stored_tokens_stay_what_they_are():
    token = SubjectTokens(KEY).token("card", "6222020200000000006")
    assert token.hex() == "d433b1dc56771ff747aca2d269dcf4b8f49d73b1d508bc07787d301e0a615cb8"
