"""Golden vectors of the log's formats (docs/spec/log.md), for other implementations and against our own drift.

Writes ``tests/golden/log.json``; a test regenerates and compares it:  python -m tests.golden.make_log
The formats are final: a difference is a fault of the code, not of the file. Bytes are in hex, notes as text.
"""

import json
from base64 import b64encode
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from tocsin.core.checkpoint import Checkpoint, log_origin, note_key_id, sign_note, vkey
from tocsin.core.leaf import EMPTY_HEAD, commitment, encode_leaf, next_head
from tocsin.core.merkle import leaf_hash, root_of
from tocsin_hub.log.proofs import assemble, consistency_nodes, inclusion_nodes, lookup
from tocsin_hub.log.tree import Frontier

FILE = Path(__file__).with_name("log.json")
SEED = sha256(b"tocsin golden log key").digest()
FIRST_US = 1_767_225_600_000_000
LEAVES = 11
ENTRIES = 3


def build() -> dict[str, Any]:
    """All vectors as JSON holds them."""
    directory, heads = _directory()
    leaves = [_leaf(n, heads) for n in range(LEAVES)]
    hashes = [bytes.fromhex(leaf["leaf_hash"]) for leaf in leaves]
    grown = Frontier().append(hashes)
    get = lookup({(level, index): node for level, index, node in grown.nodes()})
    roots = [root_of(hashes[:size]) for size in range(LEAVES + 1)]
    return {
        "directory": directory,
        "leaves": leaves,
        "roots": [{"size": size, "root": root.hex()} for size, root in enumerate(roots)],
        "inclusion": [
            {"index": index, "size": size, "path": _hex(assemble(inclusion_nodes(index, size), get))}
            for index, size in ((0, 1), (0, 2), (3, 7), (6, 7), (8, 11), (10, 11))
        ],
        "consistency": [
            {"size1": size1, "size2": size2, "path": _hex(assemble(consistency_nodes(size1, size2), get))}
            for size1, size2 in ((1, 1), (1, 2), (3, 7), (4, 11), (6, 8), (7, 11))
        ],
        "checkpoints": _checkpoints(roots),
    }


def text() -> str:
    """The file's content."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def _directory() -> tuple[list[dict[str, Any]], list[bytes]]:
    heads = [EMPTY_HEAD]
    entries = []
    for version in range(1, ENTRIES + 1):
        message_hash = sha256(f"directory entry {version}".encode()).digest()
        heads.append(next_head(heads[-1], version, message_hash))
        entries.append({"version": version, "message_hash": message_hash.hex(), "head": heads[-1].hex()})
    return entries, heads


def _leaf(n: int, heads: list[bytes]) -> dict[str, Any]:
    salt, message_hash = (sha256(f"{what} {n}".encode()).digest() for what in ("salt", "message"))
    signature = sha512(f"signature {n}".encode()).digest()
    version = min(n, ENTRIES)
    accepted_us = FIRST_US + n * 1_000
    blinded = commitment(salt, message_hash, signature)
    leaf = encode_leaf(accepted_us, version, heads[version], blinded)
    return {
        "salt": salt.hex(),
        "message_hash": message_hash.hex(),
        "signature": signature.hex(),
        "commitment": blinded.hex(),
        "accepted_us": accepted_us,
        "directory_version": version,
        "directory_head": heads[version].hex(),
        "leaf": leaf.hex(),
        "leaf_hash": leaf_hash(leaf).hex(),
    }


def _checkpoints(roots: list[bytes]) -> dict[str, Any]:
    key = SigningKey(SEED)
    public_key = key.verify_key.encode()
    origin = log_origin("tocsin.example", 1)
    notes = [
        sign_note(Checkpoint(origin, size, roots[size]), origin, public_key, lambda data: key.sign(data).signature)
        for size in (0, 1, LEAVES)
    ]
    return {
        "seed": SEED.hex(),
        "public_key": public_key.hex(),
        "public_key_base64": b64encode(public_key).decode(),
        "origin": origin,
        "key_id": note_key_id(origin, public_key).hex(),
        "vkey": vkey(origin, public_key),
        "notes": [note.decode() for note in notes],
    }


def _hex(path: list[bytes]) -> list[str]:
    return [step.hex() for step in path]


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE.name}")
