"""The Merkle tree of RFC 6962, and what a verifier does with its proofs.

 * A leaf is hashed as SHA-256(0x00 ‖ leaf), a node as SHA-256(0x01 ‖ left ‖ right), the empty tree as SHA-256 of
   nothing.
 * Every hash handed in must be 32 bytes: a shorter left with a longer right would hash like another pair.
 * A proof has exactly the length its index and sizes demand; one hash more or less is refused before any is used.
 * Nothing is consistent with the empty tree: a proof from size 0 proves nothing and is refused.

Example:
    >>> root = node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    >>> verify_inclusion(leaf_hash=leaf_hash(b"a"), index=0, size=2, proof=[leaf_hash(b"b")], root=root)
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from tocsin.core.errors import BusError, Reason, error

HASH_BYTES = 32
"""Length of every hash in the tree."""

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 §2.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash under which a leaf stands in the tree (RFC 6962 §2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962 §2.1); both halves are 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over all leaf hashes in order, computed level by level; the last of an odd level moves up unchanged."""
    row = list(leaf_hashes)
    while len(row) > 1:
        above = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        if len(row) % 2:
            above.append(row[-1])
        row = above
    return row[0] if row else EMPTY_ROOT


def verify_inclusion(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Proves that a leaf hash stands at ``index`` (from 0) in the tree of ``size`` leaves with this root.

    The proof is an audit path of RFC 6962 §2.1.1.

    Raises:
        SignatureInvalid: PROOF_INVALID.
    """
    if not 0 <= index < size:
        raise _refused("index", "the index lies below the tree size")
    inner, border = _path_lengths(index, size)
    if len(proof) != inner + border:
        raise _refused("inclusion_path", f"the path has {inner + border} hashes for this index and size")
    _check_hashes("inclusion_path", leaf_hash, *proof)
    node = leaf_hash
    for level, sibling in enumerate(proof[:inner]):
        node = node_hash(sibling, node) if index >> level & 1 else node_hash(node, sibling)
    for sibling in proof[inner:]:
        node = node_hash(sibling, node)
    if node != root:
        raise _refused("inclusion_path", "the path leads from the leaf to the root")


def verify_consistency(*, size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Proves that the tree of ``size2`` leaves begins with the tree of ``size1`` leaves.

    The proof is a consistency proof of RFC 6962 §2.1.2.

    Raises:
        SignatureInvalid: PROOF_INVALID.
    """
    if not 1 <= size1 <= size2:
        raise _refused("first_size", "the first size is at least 1 and at most the second")
    if size1 == size2:
        if proof or root1 != root2:
            raise _refused("consistency_path", "equal sizes have equal roots and an empty path")
        return
    # Proof and walk start at the largest complete subtree that ends the smaller tree; when that is the whole smaller
    # tree its root is known and left out of the proof.
    skipped = (size1 & -size1).bit_length() - 1
    whole = size1 == 1 << skipped
    inner, border = _path_lengths(size1 - 1, size2)
    inner -= skipped
    expected = inner + border + (0 if whole else 1)
    if len(proof) != expected:
        raise _refused("consistency_path", f"the path has {expected} hashes for these sizes")
    _check_hashes("consistency_path", root1, *proof)
    older = newer = root1 if whole else proof[0]
    path = proof if whole else proof[1:]
    position = size1 - 1 >> skipped
    for level, sibling in enumerate(path[:inner]):
        if position >> level & 1:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
        else:
            newer = node_hash(newer, sibling)
    for sibling in path[inner:]:
        older, newer = node_hash(sibling, older), node_hash(sibling, newer)
    if older != root1 or newer != root2:
        raise _refused("consistency_path", "the path leads to both roots")


def _path_lengths(index: int, size: int) -> tuple[int, int]:
    """Path hashes below and above the point where the ways to ``index`` and to the last leaf part."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _check_hashes(field: str, *hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise _refused(field, "every hash has 32 bytes")


def _refused(field: str, rule: str) -> BusError:
    return error(Reason.PROOF_INVALID, field=field, rule=rule)
