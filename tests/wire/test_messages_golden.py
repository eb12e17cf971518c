"""The committed vectors: regenerated without a difference, and true when checked without our codec."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from nacl.signing import SigningKey, VerifyKey

from tests.golden import make_messages
from tocsin.core.message import KINDS
from tocsin.v1.envelope_pb2 import Envelope
from tocsin.wire.codec import open_envelope, verify_author
from tocsin.wire.convert import with_private
from tocsin.wire.json import from_json
from tocsin.wire.registry import payload_class, private_class

GOLDEN = json.loads(make_messages.FILE.read_text(encoding="utf-8"))
VECTORS = {vector["kind"]: vector for vector in GOLDEN["messages"]}


def test_the_generator_makes_the_committed_file() -> None:
    assert make_messages.text() == make_messages.FILE.read_text(encoding="utf-8")


def test_there_is_one_vector_of_every_kind() -> None:
    assert list(VECTORS) == [vector["kind"] for vector in GOLDEN["messages"]]
    assert set(VECTORS) == set(KINDS)


def test_key_ids_follow_the_specification_by_plain_hashing() -> None:
    for key in GOLDEN["keys"]:
        assert SigningKey(bytes.fromhex(key["seed"])).verify_key.encode().hex() == key["public_key"]
        named = sha256(b"tocsin key v1\0ed25519\0" + bytes.fromhex(key["public_key"])).hexdigest()
        assert key["key_id"] == named[:32]


@pytest.mark.parametrize("kind", VECTORS)
def test_hash_and_signature_follow_the_specification_without_our_codec(kind: str) -> None:
    vector = VECTORS[kind]
    payload, payload_type = bytes.fromhex(vector["payload"]), vector["payload_type"].encode()
    signed = b" ".join([b"DSSEv1", str(len(payload_type)).encode(), payload_type, str(len(payload)).encode(), payload])
    assert sha256(signed).hexdigest() == vector["message_hash"]
    envelope = Envelope.FromString(bytes.fromhex(vector["envelope"]))
    (signature,) = envelope.signatures
    (key,) = (key for key in GOLDEN["keys"] if key["key_id"] == vector["author_key"])
    VerifyKey(bytes.fromhex(key["public_key"])).verify(signed, signature.sig)
    assert (envelope.payload, envelope.payload_type, signature.keyid) == (payload, payload_type.decode(), key["key_id"])


@pytest.mark.parametrize("kind", VECTORS)
def test_an_envelope_opens_to_the_message_of_its_json(kind: str) -> None:
    vector = VECTORS[kind]
    opened = open_envelope(bytes.fromhex(vector["envelope"]))
    (key,) = (key for key in GOLDEN["keys"] if key["key_id"] == vector["author_key"])
    verify_author(opened, key["algorithm"], bytes.fromhex(key["public_key"]))
    assert opened.message_hash.hex() == vector["message_hash"]
    private: Any = bytes.fromhex(vector["private_payload"])
    message = with_private(opened.message, private) if private else opened.message
    assert message == from_json(KINDS[kind], vector["json"])


def filled(message: Any) -> Iterator[str]:
    """The fields that hold something, at every depth."""
    for field, value in message.ListFields():
        yield field.full_name
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                yield from filled(one)


def declared(descriptor: Any) -> Iterator[str]:
    """The fields there are, at every depth."""
    for field in descriptor.fields:
        yield field.full_name
        if field.message_type is not None:
            yield from declared(field.message_type)


def test_together_the_vectors_fill_every_field_of_the_contract() -> None:
    """A field no vector fills could change unseen."""
    found: set[str] = set()
    wanted: set[str] = set()
    for name, vector in VECTORS.items():
        forms = [(payload_class(KINDS[name]), vector["payload"])]
        if vector["private_payload"]:
            forms.append((private_class(KINDS[name]), vector["private_payload"]))
        for proto, encoded in forms:
            found |= set(filled(proto.FromString(bytes.fromhex(encoded))))
            wanted |= set(declared(proto.DESCRIPTOR))
    assert wanted == found
