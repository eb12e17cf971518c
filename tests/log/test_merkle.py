"""The verifier against RFC 6962, third-party vectors and its own mutants."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from tests.log import oracle
from tests.vectors import load
from tocsin.core.errors import Reason, SignatureInvalid
from tocsin.core.merkle import EMPTY_ROOT, leaf_hash, node_hash, root_of, verify_consistency, verify_inclusion

MERKLE_VECTORS = "rfc6962_merkle_proofs.json.gz"
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_eight_trees_of_certificate_transparency_have_their_known_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    assert [root_of(leaves[: n + 1]).hex() for n in range(8)] == CT_ROOTS


def test_the_root_over_any_number_of_leaves_is_the_one_rfc_6962_defines() -> None:
    leaves = [leaf_hash(bytes([n % 256])) for n in range(130)]
    assert root_of([]) == EMPTY_ROOT == oracle.root([])
    for size in range(131):
        assert root_of(leaves[:size]) == oracle.root(leaves[:size])


def decoded(case: dict[str, Any], name: str) -> bytes:
    return b64decode(case[name])


def path_of(case: dict[str, Any]) -> list[bytes]:
    return [b64decode(step) for step in case["proof"] or []]


def holds(verify: Callable[..., None], **values: Any) -> bool:
    try:
        verify(**values)
    except SignatureInvalid as refusal:
        return refusal.reason is not Reason.PROOF_INVALID
    return True


def inclusion_holds(case: dict[str, Any]) -> bool:
    return holds(
        verify_inclusion,
        leaf_hash=decoded(case, "leafHash"),
        index=case["leafIdx"],
        size=case["treeSize"],
        proof=path_of(case),
        root=decoded(case, "root"),
    )


def consistency_holds(case: dict[str, Any]) -> bool:
    return holds(
        verify_consistency,
        size1=case["size1"],
        size2=case["size2"],
        root1=decoded(case, "root1"),
        root2=decoded(case, "root2"),
        proof=path_of(case),
    )


def test_all_196_inclusion_and_consistency_vectors_get_their_verdict_and_184_of_them_fail() -> None:
    vectors = load(MERKLE_VECTORS)
    verdicts = [(case["file"], inclusion_holds(case), not case["wantErr"]) for case in vectors["inclusion"]]
    verdicts += [(case["file"], consistency_holds(case), not case["wantErr"]) for case in vectors["consistency"]]
    assert [file for file, got, wanted in verdicts if got is not wanted] == []
    assert (len(verdicts), sum(not got for _, got, _ in verdicts)) == (196, 184)


def test_the_322_subtree_vectors_of_another_draft_are_the_only_ones_not_supported() -> None:
    vectors = load(MERKLE_VECTORS)
    unsupported = {"subtreeinclusion": 204, "subtreeconsistency": 118}
    assert {kind: len(cases) for kind, cases in vectors.items() if kind in unsupported} == unsupported
    assert set(vectors) - set(unsupported) == {"inclusion", "consistency"}
    assert sum(unsupported.values()) == 322


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_that_has_not_32_bytes_is_refused_wherever_it_stands(length: int) -> None:
    odd, good = bytes(length), leaf_hash(b"")
    with pytest.raises(SignatureInvalid):
        verify_inclusion(leaf_hash=odd, index=0, size=2, proof=[good], root=node_hash(odd, good))
    with pytest.raises(SignatureInvalid):
        verify_inclusion(leaf_hash=good, index=0, size=2, proof=[odd], root=node_hash(good, odd))
    with pytest.raises(SignatureInvalid):
        verify_consistency(size1=1, size2=2, root1=odd, root2=node_hash(odd, good), proof=[good])
    with pytest.raises(SignatureInvalid):
        verify_consistency(size1=1, size2=2, root1=good, root2=node_hash(good, odd), proof=[odd])


def test_bytes_moved_from_one_half_of_a_node_to_the_other_do_not_pass() -> None:
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    with pytest.raises(SignatureInvalid):
        verify_inclusion(leaf_hash=left[:-1], index=0, size=2, proof=[left[-1:] + right], root=node_hash(left, right))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 1), (1, 1), (5, 4)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(SignatureInvalid, match="index"):
        verify_inclusion(leaf_hash=leaf_hash(b""), index=index, size=size, proof=[], root=leaf_hash(b""))


def test_an_inner_node_cannot_pass_as_a_leaf() -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(4)]
    inner = node_hash(leaves[0], leaves[1])
    with pytest.raises(SignatureInvalid):
        verify_inclusion(
            leaf_hash=inner, index=0, size=4, proof=[node_hash(leaves[2], leaves[3])], root=root_of(leaves)
        )
