"""What a hub does before it serves: compare its log with the anchor, and rebuild in memory what the log says.

 * Behind the anchor, or with another history, it refuses to start: it does not know what it has signed (ROLLBACK).
 * The directory is rebuilt from its signed entries, each checked again; a database changed by hand shows here.
"""

from tocsin.core.directory import Directory, apply
from tocsin.core.errors import Reason, error
from tocsin.core.merkle import EMPTY_ROOT
from tocsin.wire.codec import open_envelope, verify_author
from tocsin_hub.bodies import BodyCipher
from tocsin_hub.log import anchor as anchors
from tocsin_hub.log import proofs
from tocsin_hub.log.anchor import AnchorFile
from tocsin_hub.log.signer import CheckpointSigner
from tocsin_hub.log.tree import Frontier
from tocsin_hub.service.receipts import ReceiptReader
from tocsin_hub.store.base import HubStore, WriteTx

GENERATION = "generation"
PAGE = 500


async def recover_frontier(store: HubStore, anchor: AnchorFile, signer: CheckpointSigner) -> Frontier:
    """The right edge of the log, once it agrees with the anchor.

    Raises:
        LocalFault: ROLLBACK or CORRUPT.
    """
    newest = await store.newest_batch()
    size = newest.tree_size if newest is not None else 0
    if size == 0 and anchor.read() is None:
        anchor.write(signer.sign(0, EMPTY_ROOT))
    note = anchor.read()
    anchored = anchors.anchored_size(note)
    receipts = ReceiptReader(store)
    root = await receipts.root(anchored) if 0 < anchored <= size else EMPTY_ROOT
    anchors.check(note, size=size, root_at=lambda _: root)
    found = await store.nodes(list(proofs.root_nodes(size)))
    frontier = Frontier.load(size, proofs.lookup(found))
    if newest is not None:
        anchor.write(newest.checkpoint)
    return frontier


async def recover_directory(store: HubStore, bodies: BodyCipher) -> Directory:
    """The directory, from its signed entries.

    Raises:
        LocalFault: CORRUPT when an entry or the chain does not hold.
    """
    directory = Directory()
    while rows := await store.directory_rows(directory.version, PAGE):
        for row, message in zip(rows, await store.messages([r.log_index for r in rows]), strict=True):
            opened = open_envelope(bodies.open(message.message_id, message.body))
            key = directory.authority(opened.message)
            verify_author(opened, key.algorithm, key.public_key)
            directory = apply(
                directory, opened.message, message_hash=opened.message_hash, index=row.log_index,
                at_us=message.accepted_us,
            )  # fmt: skip
            if directory.head != row.head:
                raise error(Reason.CORRUPT, hint=f"directory entry {row.version} does not fit its chain")
    return directory


async def next_generation(store: HubStore) -> int:
    """Counts this life of the hub: entries of earlier lives may have been sent."""

    def job(tx: WriteTx) -> int:
        generation = int.from_bytes(tx.get_meta(GENERATION) or b"", "big") + 1
        tx.set_meta(GENERATION, generation.to_bytes(8, "big"))
        return generation

    return await store.transact(job)
