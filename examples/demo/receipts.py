"""The receipts the police hold, checked offline against the exported log: no hub runs while this does.

* A receipt counts when its checkpoint is signed by the log's key, its path proves the message in the checkpoint's tree, and
  the leaf at its place in the export is the one made of message, signature and record.
* The key is the one the police have known since they joined, not the one the file names.
"""

import json
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from tocsin.client.identity import Identity, load_identity
from tocsin.client.store import ClientStore
from tocsin.core.checkpoint import verify_note
from tocsin.core.errors import BusError
from tocsin.core.identifiers import message_id_text
from tocsin.core.merkle import leaf_hash, root_of
from tocsin.crypto.ed25519 import verify
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import decode_receipt, verify_receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An exported log."""

    leaves: list[bytes]
    checkpoint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the check found.

    Attributes:
        root_good: The root over the leaves is the one the log's key signed.
        places: Log index of each order whose receipt is proved.
        bad: Receipts that are not.
    """

    size: int
    root_good: bool
    places: dict[str, int]
    bad: int


def read_export(path: Path) -> Export:
    """The leaves and the checkpoint of an export."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    leaves = [b64decode(row["leaf"]) for row in rows if "leaf" in row]
    return Export(leaves=leaves, checkpoint=b64decode(rows[-1]["checkpoint"]))


async def check(identity_path: Path, passphrase: str, export: Export) -> Checked:
    """Checks every receipt in the outbox of a party."""
    identity = load_identity(identity_path, passphrase=passphrase)
    places, bad = {}, 0
    async with await ClientStore.open(identity.database) as store:
        for row in await store.outbox_list(limit=1_000_000):
            if not row.receipt:
                continue
            index = _proved(row.envelope, row.receipt, identity, export)
            if index is None:
                bad += 1
            else:
                places[message_id_text(row.message_id)] = index
    return Checked(size=len(export.leaves), root_good=_root_good(identity, export), places=places, bad=bad)


def _proved(envelope: bytes, raw: bytes, identity: Identity, export: Export) -> int | None:
    try:
        receipt, opened = decode_receipt(raw), open_envelope(envelope)
        verify_receipt(
            receipt, message_hash=opened.message_hash, signature=opened.signature, origin=identity.log_origin,
            log_key=identity.log_key, verify=verify,
        )  # fmt: skip
    except BusError:
        return None
    index = receipt.sequencing.log_index
    same = index < len(export.leaves) and export.leaves[index] == receipt.sequencing.leaf(
        opened.message_hash, opened.signature
    )
    return index if same else None


def _root_good(identity: Identity, export: Export) -> bool:
    try:
        head = verify_note(export.checkpoint, origin=identity.log_origin, public_key=identity.log_key, verify=verify)
    except BusError:
        return False
    return head.size == len(export.leaves) and head.root == root_of(map(leaf_hash, export.leaves))
