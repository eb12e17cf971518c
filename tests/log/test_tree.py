"""The growing tree and its stored nodes, exhaustively on small trees: every leaf, every size, every pair, every bit."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.log import oracle
from tocsin.core.errors import LocalFault, Malformed, Reason, SignatureInvalid
from tocsin.core.merkle import EMPTY_ROOT, leaf_hash, root_of, verify_consistency, verify_inclusion
from tocsin_hub.log.proofs import (
    Node,
    assemble,
    consistency_nodes,
    inclusion_nodes,
    lookup,
    root_nodes,
    subtree_hash,
)
from tocsin_hub.log.tree import Frontier

LARGEST = 300
LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(LARGEST)]


@cache
def roots() -> list[bytes]:
    return [root_of(LEAVES[:size]) for size in range(LARGEST + 1)]


@cache
def stored() -> dict[Node, bytes]:
    """All complete nodes of the largest tree, appended leaf by leaf as a store would hold them."""
    found: dict[Node, bytes] = {}
    frontier = Frontier()
    for leaf in LEAVES:
        grown = frontier.append([leaf])
        for level, index, node in grown.nodes():
            assert (level, index) not in found
            found[level, index] = node
        frontier = grown.frontier
    return found


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def test_every_complete_node_is_stored_once_and_is_the_root_of_its_leaves() -> None:
    expected = {
        (level, index): root_of(LEAVES[index << level : index + 1 << level])
        for level in range(LARGEST.bit_length())
        for index in range(LARGEST >> level)
    }
    assert stored() == expected


def test_every_leaf_of_every_tree_has_a_proof_from_stored_nodes_and_it_is_the_path_of_the_rfc() -> None:
    get = lookup(stored())
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = assemble(inclusion_nodes(index, size), get)
            verify_inclusion(leaf_hash=LEAVES[index], index=index, size=size, proof=proof, root=roots()[size])
    for size in (1, 2, 3, 7, 8, 100, 255, 256, 257, 300):
        for index in range(0, size, 7):
            assert assemble(inclusion_nodes(index, size), get) == oracle.path(index, LEAVES[:size])


def test_every_pair_of_trees_has_a_consistency_proof_from_stored_nodes() -> None:
    get = lookup(stored())
    for size2 in range(1, LARGEST + 1):
        for size1 in range(1, size2 + 1):
            proof = assemble(consistency_nodes(size1, size2), get)
            verify_consistency(size1=size1, size2=size2, root1=roots()[size1], root2=roots()[size2], proof=proof)


def test_every_root_can_be_had_from_stored_nodes() -> None:
    get = lookup(stored())
    assert [subtree_hash(root_nodes(size), get) for size in range(LARGEST + 1)] == roots()


def test_every_single_bit_changed_in_an_inclusion_proof_is_noticed() -> None:
    get = lookup(stored())
    for size in (1, 2, 3, 8, 11, 300):
        for index in {0, size // 2, size - 1}:
            proof = assemble(inclusion_nodes(index, size), get)
            parts = [LEAVES[index], *proof, roots()[size]]
            for position in range(len(parts)):
                for bit in range(256):
                    changed = [*parts[:position], flipped(parts[position], bit), *parts[position + 1 :]]
                    leaf, *path, root = changed
                    with pytest.raises(SignatureInvalid):
                        verify_inclusion(leaf_hash=leaf, index=index, size=size, proof=path, root=root)


def test_every_single_bit_changed_in_a_consistency_proof_is_noticed() -> None:
    get = lookup(stored())
    for size1, size2 in ((1, 2), (2, 3), (4, 8), (6, 11), (255, 300)):
        proof = assemble(consistency_nodes(size1, size2), get)
        parts = [roots()[size1], *proof, roots()[size2]]
        for position in range(len(parts)):
            for bit in range(256):
                changed = [*parts[:position], flipped(parts[position], bit), *parts[position + 1 :]]
                root1, *path, root2 = changed
                with pytest.raises(SignatureInvalid):
                    verify_consistency(size1=size1, size2=size2, root1=root1, root2=root2, proof=path)


@given(st.data())
def test_any_single_bit_changed_in_any_proof_is_noticed(data: st.DataObject) -> None:
    get = lookup(stored())
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], *assemble(inclusion_nodes(index, size), get), roots()[size]]
    position, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[position] = flipped(parts[position], bit)
    leaf, *path, root = parts
    with pytest.raises(SignatureInvalid):
        verify_inclusion(leaf_hash=leaf, index=index, size=size, proof=path, root=root)
    size1 = data.draw(st.integers(1, size))
    parts = [roots()[size1], *assemble(consistency_nodes(size1, size), get), roots()[size]]
    position = data.draw(st.integers(0, len(parts) - 1))
    parts[position] = flipped(parts[position], bit)
    root1, *path, root2 = parts
    with pytest.raises(SignatureInvalid):
        verify_consistency(size1=size1, size2=size, root1=root1, root2=root2, proof=path)


def test_a_proof_does_not_hold_for_another_index_or_size() -> None:
    get = lookup(stored())
    for size in range(1, 40):
        for index in range(size):
            proof = assemble(inclusion_nodes(index, size), get)
            for wrong in set(range(size)) - {index}:
                with pytest.raises(SignatureInvalid):
                    verify_inclusion(leaf_hash=LEAVES[index], index=wrong, size=size, proof=proof, root=roots()[size])
            for other in (size - 1, size + 1):
                with pytest.raises(SignatureInvalid):
                    verify_inclusion(leaf_hash=LEAVES[index], index=index, size=other, proof=proof, root=roots()[other])


def test_a_batch_of_any_length_onto_a_tree_of_any_size_gives_root_nodes_and_proofs() -> None:
    get = lookup(stored())
    for first in range(70):
        before = Frontier.load(first, get)
        for count in [*range(70), LARGEST - first]:
            grown = before.append(LEAVES[first : first + count])
            size = first + count
            assert (grown.size, grown.root, grown.first) == (size, roots()[size], first)
            made = {(level, index): node for level, index, node in grown.nodes()}
            wanted = {
                (level, index): get(level, index)
                for level in range(size.bit_length())
                for index in range(first >> level, size >> level)
            }
            assert made == wanted
            paths = [tuple(assemble(inclusion_nodes(index, size), get)) for index in range(first, size)]
            assert grown.proofs() == paths


@given(st.lists(st.integers(0, 64), max_size=8))
def test_batches_of_any_lengths_build_the_same_tree(lengths: list[int]) -> None:
    frontier, size = Frontier(), 0
    for length in lengths:
        if size + length > LARGEST:
            break
        frontier = frontier.append(LEAVES[size : size + length]).frontier
        size += length
    assert frontier == Frontier.load(size, lookup(stored()))
    assert frontier.root == roots()[size]


def test_a_batch_that_is_dropped_leaves_the_frontier_as_it_was() -> None:
    before = Frontier().append(LEAVES[:21]).frontier
    size, edge, root = before.size, before.edge, before.root
    lost = before.append(LEAVES[100:164])
    assert (before.size, before.edge, before.root) == (size, edge, root)
    assert lost.root != before.append(LEAVES[21:85]).root == roots()[85]


def test_the_empty_tree_is_a_frontier_too() -> None:
    assert (Frontier().root, Frontier().append([]).root) == (EMPTY_ROOT, EMPTY_ROOT)
    assert (Frontier().append([]).nodes(), Frontier().append([]).proofs()) == ([], [])


@pytest.mark.parametrize(("size", "edge"), [(1, ()), (0, (LEAVES[0],)), (2, (b"short",)), (-1, (LEAVES[0],))])
def test_a_frontier_that_does_not_fit_its_size_is_damage(size: int, edge: tuple[bytes, ...]) -> None:
    with pytest.raises(LocalFault) as refusal:
        Frontier(size, edge)
    assert refusal.value.reason is Reason.CORRUPT


def test_a_missing_stored_node_is_damage() -> None:
    with pytest.raises(LocalFault) as refusal:
        assemble(inclusion_nodes(0, 2), lookup({}))
    assert refusal.value.reason is Reason.CORRUPT


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4)])
def test_a_proof_for_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(Malformed):
        inclusion_nodes(index, size)


@pytest.mark.parametrize(("size1", "size2"), [(0, 0), (0, 4), (5, 4), (-1, 4)])
def test_a_proof_between_sizes_that_have_none_is_refused(size1: int, size2: int) -> None:
    with pytest.raises(Malformed):
        consistency_nodes(size1, size2)
