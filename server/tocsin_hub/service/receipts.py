"""Receipts and proofs read back from the store: for duplicates, and for whoever checks the log later.

 * A receipt is rebuilt from the message's own record, the checkpoint of its batch and stored nodes: always the same bytes.
"""

from tocsin.core.errors import Reason, error
from tocsin.wire.sequencing import Receipt, Sequencing
from tocsin_hub.domain.rows import MessageRow
from tocsin_hub.log import proofs
from tocsin_hub.service.batch import sequencing_of
from tocsin_hub.store.base import StoreReader


class ReceiptReader:
    """Rebuilds receipts and proofs."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store

    async def receipt(self, log_index: int) -> Receipt:
        """The receipt of the message at ``log_index``.

        Raises:
            LocalFault: CORRUPT when the store lacks the message, its batch or a node.
        """
        rows = await self._store.messages([log_index])
        if not rows:
            raise error(Reason.CORRUPT, hint="a message of the log is missing")
        row = rows[0]
        batch = await self._store.batch(row.batch_size)
        if batch is None:
            raise error(Reason.CORRUPT, hint="a checkpoint of the log is missing")
        path = await self.inclusion(log_index, row.batch_size)
        return Receipt(sequencing=await self.sequencing(row), inclusion_path=tuple(path), checkpoint=batch.checkpoint)

    async def sequencing(self, row: MessageRow) -> Sequencing:
        """The sequencing record of a stored message."""
        return (await self.sequencings([row]))[0]

    async def sequencings(self, rows: list[MessageRow]) -> list[Sequencing]:
        """The sequencing records of stored messages, with one read."""
        heads = await self._store.directory_heads(sorted({row.directory_version for row in rows}))
        return [sequencing_of(row, heads[row.directory_version]) for row in rows]

    async def inclusion(self, log_index: int, tree_size: int) -> list[bytes]:
        """RFC 6962 inclusion path of a leaf in the tree of ``tree_size``."""
        return await self._read(proofs.inclusion_nodes(log_index, tree_size))

    async def consistency(self, first_size: int, second_size: int) -> list[bytes]:
        """RFC 6962 consistency path between two sizes."""
        return await self._read(proofs.consistency_nodes(first_size, second_size))

    async def root(self, tree_size: int) -> bytes:
        """Root of the tree of ``tree_size``."""
        return (await self._read([proofs.root_nodes(tree_size)]))[0]

    async def _read(self, wanted: list[proofs.Subtree]) -> list[bytes]:
        found = await self._store.nodes([node for subtree in wanted for node in subtree])
        return proofs.assemble(wanted, proofs.lookup(found))
