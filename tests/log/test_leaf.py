"""The leaf and the directory chain, byte for byte."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import Malformed
from tocsin.core.leaf import (
    EMPTY_HEAD,
    LEAF_BYTES,
    MAX_INTEGER,
    Leaf,
    commitment,
    encode_leaf,
    next_head,
)

HEAD, COMMITMENT, SALT, MESSAGE = (bytes([n]) * 32 for n in (0x11, 0x22, 0x33, 0x44))
LEAF = Leaf(accepted_us=1_700_000_000_000_001, directory_version=7, directory_head=HEAD, commitment=COMMITMENT)
numbers = st.integers(0, MAX_INTEGER)
hashes = st.binary(min_size=32, max_size=32)


def test_a_leaf_is_version_time_directory_and_commitment() -> None:
    expected = b"\x01" + (1_700_000_000_000_001).to_bytes(8, "big") + bytes([0] * 7 + [7]) + HEAD + COMMITMENT
    assert LEAF.encode() == expected
    assert len(expected) == LEAF_BYTES


@given(numbers, numbers, hashes, hashes)
def test_a_leaf_reads_back_as_it_was_written(accepted_us: int, version: int, head: bytes, committed: bytes) -> None:
    leaf = Leaf(accepted_us=accepted_us, directory_version=version, directory_head=head, commitment=committed)
    assert Leaf.decode(leaf.encode()) == leaf
    assert encode_leaf(accepted_us, version, head, committed) == leaf.encode()


@given(st.one_of(st.binary(max_size=200), st.binary(min_size=80, max_size=80).map(lambda tail: b"\x01" + tail)))
def test_any_bytes_are_the_leaf_they_encode_or_malformed(data: bytes) -> None:
    try:
        leaf = Leaf.decode(data)
    except Malformed:
        return
    assert leaf.encode() == data


@pytest.mark.parametrize(
    "data",
    [b"", LEAF.encode()[:-1], LEAF.encode() + b"\x00", b"\x02" + LEAF.encode()[1:], b"\x01\xff" + LEAF.encode()[2:]],
    ids=["empty", "short", "long", "other version", "time beyond int64"],
)
def test_bytes_that_are_no_leaf_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Leaf.decode(data)


@pytest.mark.parametrize("change", [(-1, 0), (2**63, 0), (0, -1), (0, 2**63)])
def test_a_number_that_does_not_fit_is_refused_and_not_cut(change: tuple[int, int]) -> None:
    with pytest.raises(Malformed):
        encode_leaf(*change, HEAD, COMMITMENT)
    with pytest.raises(Malformed):
        Leaf(accepted_us=change[0], directory_version=change[1], directory_head=HEAD, commitment=COMMITMENT)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused_and_not_padded(length: int) -> None:
    odd = bytes(length)
    calls: list[Callable[[], bytes]] = [
        lambda: encode_leaf(1, 1, odd, COMMITMENT),
        lambda: encode_leaf(1, 1, HEAD, odd),
        lambda: commitment(odd, MESSAGE, b"s"),
        lambda: commitment(SALT, odd, b"s"),
        lambda: next_head(odd, 1, MESSAGE),
        lambda: next_head(HEAD, 1, odd),
    ]
    for call in calls:
        with pytest.raises(Malformed):
            call()


def test_a_commitment_blinds_message_and_signature_with_the_salt() -> None:
    signature = bytes(range(64))
    expected = sha256(b"tocsin leaf v1" + SALT + MESSAGE + sha256(signature).digest()).digest()
    assert commitment(SALT, MESSAGE, signature) == expected
    changed = {
        commitment(MESSAGE, MESSAGE, signature),
        commitment(SALT, SALT, signature),
        commitment(SALT, MESSAGE, signature[:-1]),
    }
    assert len(changed | {expected}) == 4


def test_the_directory_chain_starts_with_zeros_and_binds_order_and_position() -> None:
    first = next_head(EMPTY_HEAD, 1, MESSAGE)
    assert bytes(32) == EMPTY_HEAD
    assert first == sha256(b"tocsin directory entry v1" + bytes(32) + bytes([0] * 7 + [1]) + MESSAGE).digest()
    assert len({first, next_head(EMPTY_HEAD, 2, MESSAGE), next_head(first, 1, MESSAGE), next_head(first, 2, SALT)}) == 4


@pytest.mark.parametrize("version", [-1, 0, 2**63])
def test_the_chain_counts_from_one(version: int) -> None:
    with pytest.raises(Malformed):
        next_head(EMPTY_HEAD, version, MESSAGE)
