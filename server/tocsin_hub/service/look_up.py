"""Reading: orders, directory entries and the log, each within what the asker may see.

* An order is shown to its sender and its recipient; to anybody else it does not exist.
* Proofs are for sizes and indexes inside the log; others are refused before anything is read.
"""

from collections.abc import Callable
from typing import NamedTuple

from tocsin.core.directory import Directory
from tocsin.core.errors import Reason, error
from tocsin.core.leaf import commitment, encode_leaf
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Sequencing
from tocsin_hub.bodies import BodyCipher
from tocsin_hub.domain.rows import MessageRow, OrderRow, ThreadRow
from tocsin_hub.service.receipts import ReceiptReader
from tocsin_hub.store.base import StoreReader


class Logged(NamedTuple):
    """A stored message as it goes out; ``version`` counts directory entries and is 0 elsewhere."""

    envelope: bytes
    sequencing: Sequencing
    version: int = 0


class LookUp:
    """Answers questions about what is committed."""

    def __init__(self, *, store: StoreReader, bodies: BodyCipher, directory: Callable[[], Directory]) -> None:
        self._store = store
        self._bodies = bodies
        self._directory = directory
        self._receipts = ReceiptReader(store)

    async def order(self, order_id: bytes, *, asker: str) -> tuple[OrderRow, ThreadRow, list[Logged]]:
        """An order, its thread and the thread's messages in log order.

        Raises:
            Malformed: FIELD_INVALID when the id has not 16 bytes.
            NotFound: NOT_FOUND, also when the asker has no part in it.
        """
        if len(order_id) != 16:
            raise error(Reason.FIELD_INVALID, field="order_id", rule="16 bytes")
        order = await self._store.order(order_id)
        if order is None or asker not in (order.sender, order.recipient):
            raise error(Reason.NOT_FOUND, field="order_id")
        thread = await self._store.thread(order.root_id)
        if thread is None:
            raise error(Reason.CORRUPT, hint="an order without its thread")
        return order, thread, await self._logged(await self._store.thread_messages(order.root_id))

    async def orders(
        self, asker: str, *, state: str, page_token: str, limit: int
    ) -> tuple[list[tuple[OrderRow, ThreadRow]], str]:
        """A page of the asker's orders, newest first, and the token of the next page.

        Raises:
            Malformed: FIELD_INVALID for a page token that is none.
        """
        if page_token and not (page_token.isascii() and page_token.isdigit() and len(page_token) < 19):
            raise error(Reason.FIELD_INVALID, field="page_token", rule="from the previous answer")
        before = int(page_token) if page_token else 2**62
        found = await self._store.orders_of(asker, state=state, before_index=before, limit=limit)
        return found, str(found[-1][0].log_index) if len(found) == limit else ""

    async def directory_entries(self, after_version: int, limit: int) -> tuple[int, list[Logged]]:
        """Directory entries after a version, and how many there are in all."""
        if after_version >= 2**62:
            raise error(Reason.FIELD_INVALID, field="after_version", rule="a directory version")
        rows = await self._store.directory_rows(after_version, limit)
        messages = await self._store.messages([row.log_index for row in rows])
        logged = await self._logged(messages)
        entries = [one._replace(version=row.version) for row, one in zip(rows, logged, strict=True)]
        return self._directory().version, entries

    async def at(self, log_indexes: list[int]) -> list[Logged]:
        """Messages by log index, in the order asked; absent ones are left out."""
        return await self._logged(await self._store.messages(log_indexes))

    async def checkpoint(self) -> bytes:
        """The newest checkpoint."""
        return (await self.checkpoint_and_size())[0]

    async def checkpoint_and_size(self) -> tuple[bytes, int]:
        """The newest checkpoint and the size it signs.

        Raises:
            NotFound: NOT_FOUND for an empty log.
        """
        newest = await self._store.newest_batch()
        if newest is None:
            raise error(Reason.NOT_FOUND, field="checkpoint")
        return newest.checkpoint, newest.tree_size

    async def size(self) -> int:
        """Number of leaves in the log."""
        newest = await self._store.newest_batch()
        return newest.tree_size if newest is not None else 0

    async def inclusion(self, log_index: int, tree_size: int) -> list[bytes]:
        """Inclusion path. Raises Malformed when index or size lie outside the log."""
        await self._within(tree_size)
        return await self._receipts.inclusion(log_index, tree_size)

    async def consistency(self, first_size: int, second_size: int) -> list[bytes]:
        """Consistency path. Raises Malformed when a size lies outside the log."""
        await self._within(second_size)
        return await self._receipts.consistency(first_size, second_size)

    async def root(self, tree_size: int) -> bytes:
        """Root of an earlier tree. Raises Malformed when the size lies outside the log."""
        await self._within(tree_size)
        return await self._receipts.root(tree_size)

    async def leaves(self, first_index: int, limit: int) -> list[bytes]:
        """Encoded leaves from an index on."""
        if first_index >= 2**62:
            raise error(Reason.FIELD_INVALID, field="first_index", rule="a log index")
        rows = await self._store.message_range(first_index, limit)
        made = []
        for row, logged in zip(rows, await self._logged(rows), strict=True):
            opened = open_envelope(logged.envelope)
            record = logged.sequencing
            made.append(
                encode_leaf(
                    record.accepted_us,
                    record.directory_version,
                    record.directory_head,
                    commitment(row.salt, row.message_hash, opened.signature),
                )
            )
        return made

    async def _within(self, tree_size: int) -> None:
        if tree_size > await self.size():
            raise error(Reason.FIELD_INVALID, field="tree_size", rule="at most the size of the log")

    async def _logged(self, rows: list[MessageRow]) -> list[Logged]:
        records = await self._receipts.sequencings(rows)
        return [
            Logged(self._bodies.open(row.message_id, row.body), record)
            for row, record in zip(rows, records, strict=True)
        ]
