"""The growing end of the Merkle tree, held in memory while the tree itself lies in the store.

 * A ``Frontier`` is a value: appending gives a new one and leaves the old. A batch whose commit fails is dropped; the
   hub moves on to ``Grown.frontier`` only once the commit is known good.
 * A batch yields all complete nodes it makes, each exactly once over the life of the log; nothing stored ever changes.
 * The proofs of a batch's leaves come from the frontier and the batch alone: no store is read.

Layout: at level l the complete nodes have index 0 … (size >> l) - 1; level 0 is the leaf hashes. The frontier holds one
node per set bit l of the size, the last of its level. Levels 0, 8, 16, … are what C2SP tlog-tiles serves.

Example:
    >>> grown = Frontier().append([leaf_hash(b"a"), leaf_hash(b"b")])
    >>> verify_inclusion(leaf_hash=leaf_hash(b"a"), index=0, size=2, proof=grown.proofs()[0], root=grown.root)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import NamedTuple

from tocsin.core.errors import Reason, error
from tocsin.core.merkle import EMPTY_ROOT, HASH_BYTES
from tocsin_hub.domain.rows import NodeRow
from tocsin_hub.log.proofs import root_nodes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it.

    Attributes:
        size: Number of leaves.
        edge: The frontier's nodes by level, lowest first; their levels are the set bits of ``size``.

    Raises:
        LocalFault: CORRUPT when the nodes do not fit the size.
    """

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.edge) != self.size.bit_count() or any(len(n) != HASH_BYTES for n in self.edge):
            raise error(Reason.CORRUPT, hint="the log's last nodes do not fit its size")

    @classmethod
    def load(cls, size: int, get: Callable[[int, int], bytes]) -> "Frontier":
        """The frontier of a stored tree; ``get(level, index)`` gives the hashes of ``proofs.root_nodes(size)``."""
        return cls(size, tuple(get(*node) for node in reversed(root_nodes(size))))

    @property
    def root(self) -> bytes:
        """Root of the tree."""
        return _folds(self.edge)[-1] if self.edge else EMPTY_ROOT

    def append(self, leaf_hashes: Sequence[bytes]) -> "Grown":
        """The tree with these leaves added, in order. This frontier stays as it is.

        Args:
            leaf_hashes: What ``merkle.leaf_hash`` gives for each leaf, 32 bytes each.
        """
        size = self.size + len(leaf_hashes)
        height = max(size - 1, 0).bit_length()
        edge = iter(self.edge)
        rows: list[list[bytes]] = []
        new: Sequence[bytes] = leaf_hashes
        for level in range(height + 1):
            # A row begins at an even index: with the frontier's node when the old tree ends on a lone one.
            row = [next(edge), *new] if self.size >> level & 1 else list(new)
            rows.append(row)
            new = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        grown_edge = tuple(row[-1] for level, row in enumerate(rows) if size >> level & 1)
        return Grown(Frontier(size, grown_edge), self.size, rows)


class Grown(NamedTuple):
    """A tree and what one batch added to it."""

    frontier: Frontier
    first: int
    """Index of the batch's first leaf = size of the tree before it."""
    rows: list[list[bytes]]
    """Complete nodes by level, from index ``first >> level`` rounded down to even."""

    @property
    def size(self) -> int:
        """Number of leaves after the batch."""
        return self.frontier.size

    @property
    def root(self) -> bytes:
        """Root after the batch."""
        return self.frontier.root

    def nodes(self) -> list[NodeRow]:
        """The complete nodes this batch made, to be stored with it."""
        made: list[NodeRow] = []
        for level, row in enumerate(self.rows):
            start = self.first >> level
            # Bit 0 of the start: the row's first node was already there.
            made += [NodeRow(level, start + i, node) for i, node in enumerate(row[start & 1 :])]
        return made

    def proofs(self) -> list[tuple[bytes, ...]]:
        """Inclusion path of each leaf of the batch in the tree after the batch, leaf to root (RFC 6962 §2.1.1)."""
        if self.size == self.first:
            return []
        folds = _folds(self.frontier.edge)
        paths: list[tuple[bytes, ...]] = [()]
        for level in range(len(self.rows) - 2, -1, -1):
            row = self.rows[level]
            first, last = self.first >> level, (self.size - 1) >> level
            base, above = first & ~1, first >> 1
            if last == self.size >> level:
                # The last node is incomplete: it folds those nodes of the edge that lie below this level.
                row = [*row, folds[(self.size & (1 << level) - 1).bit_count() - 1]]
            grown: list[tuple[bytes, ...]] = []
            for index in range(first, last + 1):
                path = paths[(index >> 1) - above]
                sibling = index ^ 1
                grown.append((row[sibling - base], *path) if sibling <= last else path)
            paths = grown
        return paths


def _folds(edge: Sequence[bytes]) -> list[bytes]:
    """The hash over the lowest 1, 2, … nodes of an edge: each is the left half beside all that lie below it."""
    return list(accumulate(edge, lambda below, node: sha256(b"\x01" + node + below).digest()))
