"""The committed vectors: regenerated without a difference, and true when checked by plain hashing."""

import json
from hashlib import sha256
from typing import Any

import pytest

from tests.golden import make_log
from tests.log import oracle
from tocsin.core.checkpoint import parse_note
from tocsin.core.leaf import Leaf
from tocsin.core.merkle import verify_consistency, verify_inclusion


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(make_log.FILE.read_text(encoding="utf-8"))


def test_the_generator_makes_the_committed_file() -> None:
    assert make_log.text() == make_log.FILE.read_text(encoding="utf-8")


def test_leaves_and_directory_follow_the_specification_by_plain_hashing(golden: Any) -> None:
    head = bytes(32)
    for entry in golden["directory"]:
        number = entry["version"].to_bytes(8, "big")
        head = sha256(b"tocsin directory entry v1" + head + number + bytes.fromhex(entry["message_hash"])).digest()
        assert entry["head"] == head.hex()
    for leaf in golden["leaves"]:
        salt, message, signature = (bytes.fromhex(leaf[name]) for name in ("salt", "message_hash", "signature"))
        blinded = sha256(b"tocsin leaf v1" + salt + message + sha256(signature).digest()).digest()
        numbers = leaf["accepted_us"].to_bytes(8, "big") + leaf["directory_version"].to_bytes(8, "big")
        encoded = b"\x01" + numbers + bytes.fromhex(leaf["directory_head"]) + blinded
        assert leaf["leaf"] == encoded.hex()
        assert leaf["leaf_hash"] == sha256(b"\x00" + encoded).hexdigest()
        assert Leaf.decode(encoded).encode() == encoded


def test_roots_and_proofs_hold(golden: Any) -> None:
    hashes = [bytes.fromhex(leaf["leaf_hash"]) for leaf in golden["leaves"]]
    roots = [bytes.fromhex(entry["root"]) for entry in golden["roots"]]
    assert roots == [oracle.root(hashes[:size]) for size in range(len(hashes) + 1)]
    for case in golden["inclusion"]:
        index, size = case["index"], case["size"]
        path = [bytes.fromhex(step) for step in case["path"]]
        verify_inclusion(leaf_hash=hashes[index], index=index, size=size, proof=path, root=roots[size])
    for case in golden["consistency"]:
        size1, size2 = case["size1"], case["size2"]
        path = [bytes.fromhex(step) for step in case["path"]]
        verify_consistency(size1=size1, size2=size2, root1=roots[size1], root2=roots[size2], proof=path)
    for note in golden["checkpoints"]["notes"]:
        head, _ = parse_note(note.encode())
        assert head.root == roots[head.size]
