"""The log's signer, against the committed notes."""

import json

import pytest

from tests.golden import make_log
from tocsin.core.checkpoint import parse_note, verify_note
from tocsin.core.errors import Malformed
from tocsin.crypto.ed25519 import verify
from tocsin_hub.log.signer import CheckpointSigner


def test_the_signer_makes_the_committed_notes_to_the_byte() -> None:
    golden = json.loads(make_log.FILE.read_text(encoding="utf-8"))["checkpoints"]
    signer = CheckpointSigner(golden["origin"], bytes.fromhex(golden["seed"]))
    assert (signer.public_key.hex(), signer.vkey, signer.origin) == (
        golden["public_key"],
        golden["vkey"],
        golden["origin"],
    )
    for note in golden["notes"]:
        head, _ = parse_note(note.encode())
        assert signer.sign(head.size, head.root) == note.encode()
        assert verify_note(note.encode(), origin=signer.origin, public_key=signer.public_key, verify=verify) == head


def test_the_signer_signs_no_tree_that_cannot_be() -> None:
    signer = CheckpointSigner("tocsin.example/1", bytes(range(32)))
    for size, root in ((-1, bytes(32)), (0, bytes(32)), (1, bytes(31))):
        with pytest.raises(Malformed):
            signer.sign(size, root)


def test_a_log_cannot_have_an_origin_no_note_can_carry() -> None:
    with pytest.raises(Malformed):
        CheckpointSigner("tocsin example/1", bytes(range(32)))
