"""Proofs for any leaf and size from the stored nodes of the tree.

 * What a proof needs is named before anything is read: ``inclusion_nodes``, ``consistency_nodes``, ``root_nodes``.
 * A proof is built for the size it is asked for, never for a tree that moves meanwhile.
 * Only complete nodes are stored. A subtree cut off by the tree's end is named by the complete nodes it consists of,
   and folded from them.

Example:
    >>> wanted = inclusion_nodes(index, size)
    >>> found = await store.nodes([node for subtree in wanted for node in subtree])
    >>> path = assemble(wanted, lookup(found))
"""

from collections.abc import Callable, Iterable, Mapping

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.merkle import EMPTY_ROOT, node_hash

Node = tuple[int, int]
"""(level, index) of a complete node: the root over leaves index·2^level … (index+1)·2^level - 1."""

Subtree = tuple[Node, ...]
"""One hash of a proof: the complete nodes it consists of, from left to right, each smaller than the one before."""


def root_nodes(size: int) -> Subtree:
    """The nodes that make the root of the tree of ``size`` leaves; none for the empty tree."""
    return _subtree(0, size)


def inclusion_nodes(index: int, size: int) -> list[Subtree]:
    """What the inclusion path of leaf ``index`` in the tree of ``size`` consists of (RFC 6962 §2.1.1), leaf to root.

    Raises:
        Malformed: MALFORMED when the index lies outside the tree.
    """
    if not 0 <= index < size:
        raise _outside("the index lies from 0 to below the tree size")
    path: list[Subtree] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_subtree(middle, high))
            high = middle
        else:
            path.append(_subtree(low, middle))
            low = middle
    return path[::-1]


def consistency_nodes(size1: int, size2: int) -> list[Subtree]:
    """What the consistency path from ``size1`` to ``size2`` consists of (RFC 6962 §2.1.2), in its order.

    Raises:
        Malformed: MALFORMED unless 1 <= size1 <= size2.
    """
    if not 1 <= size1 <= size2:
        raise _outside("the first size lies from 1 to the second size")
    path: list[Subtree] = []
    low, high = 0, size2
    while high != size1:
        middle = low + _split(high - low)
        if size1 <= middle:
            path.append(_subtree(middle, high))
            high = middle
        else:
            path.append(_subtree(low, middle))
            low = middle
    if low > 0:
        # The walk went right: the verifier does not know this subtree of the smaller tree, so the path starts with it.
        path.append(_subtree(low, high))
    return path[::-1]


def assemble(subtrees: Iterable[Subtree], get: Callable[[int, int], bytes]) -> list[bytes]:
    """The hashes of a proof, each subtree folded from its stored nodes.

    Args:
        subtrees: What ``inclusion_nodes`` or ``consistency_nodes`` named.
        get: ``get(level, index)`` gives the hash of a complete node.
    """
    return [subtree_hash(subtree, get) for subtree in subtrees]


def subtree_hash(subtree: Subtree, get: Callable[[int, int], bytes]) -> bytes:
    """The hash over one subtree; with ``root_nodes(size)`` the root of that tree."""
    if not subtree:
        return EMPTY_ROOT
    *left, last = subtree
    node = get(*last)
    for level, index in reversed(left):
        node = node_hash(get(level, index), node)
    return node


def lookup(found: Mapping[Node, bytes]) -> Callable[[int, int], bytes]:
    """``get`` over nodes already read; one that is missing raises LocalFault CORRUPT when it is asked for."""

    def get(level: int, index: int) -> bytes:
        node = found.get((level, index))
        if node is None:
            raise error(Reason.CORRUPT, hint=f"node {index} of level {level} of the log is missing")
        return node

    return get


def _split(width: int) -> int:
    """The largest power of two below ``width`` (RFC 6962 §2.1)."""
    return 1 << (width - 1).bit_length() - 1


def _subtree(low: int, high: int) -> Subtree:
    """The complete nodes over leaves low … high-1, where ``low`` is aligned to the subtree as RFC 6962 splits it."""
    nodes: list[Node] = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return tuple(nodes)


def _outside(hint: str) -> BusError:
    return error(Reason.MALFORMED, field="log_index", hint=hint)
