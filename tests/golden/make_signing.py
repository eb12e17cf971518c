"""Golden vectors of signing and sealing (docs/spec/signing.md), for other implementations and against our own drift.

Writes ``tests/golden/signing.json``; a test regenerates and compares it:  python -m tests.golden.make_signing
The formats are final: a difference is a fault of the code, not of the file. Bytes are in hex. Our HPKE library draws
its ephemeral key itself, so a second implementation makes the wrap with a fixed one. The secrets here guard nothing.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey, KEMKeyPair

from tocsin.core.envelope import message_hash, pae
from tocsin.crypto import sealing
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.p256 import P256Signer
from tocsin.crypto.signers import Algorithm, Signer, fingerprint, key_id, possession_bytes, renewal_bytes

FILE = Path(__file__).with_name("signing.json")
BUS, PARTY = "tocsin.example", "bank.example"
MESSAGE_ID = bytes.fromhex("0196f3a00000700080000000000000c4")
PART_NAME, MEDIA_TYPE = "private", "application/vnd.tocsin.stop-payment-private.v1+protobuf"
CONTENTS = (b"", "持有人：张三".encode(), bytes(256), bytes(range(256)) * 2)
SIZES = (0, 1, 256, 257, 362, 363, 512, 513, 724, 725, 32_768, 32_769, 46_340, 46_341, 65_536)


def build() -> dict[str, Any]:
    """All vectors as JSON holds them."""
    signers: list[tuple[Signer, bytes]] = [
        (Ed25519Signer(_secret("ed25519")), _secret("ed25519")),
        (P256Signer(_secret("p256")), _secret("p256")),
    ]
    sealing_public = sealing.public_key_of(_secret("x25519"))
    keys = [_key(signer.algorithm, secret, signer.public_key) for signer, secret in signers]
    return {
        "messages": [
            _message(payload_type, payload, signers)
            for payload_type, payload in (
                ("http://example.com/HelloWorld", b"hello world"),
                ("application/vnd.tocsin.stop-payment.v1+protobuf", bytes(range(32))),
                ("类型", b""),
            )
        ],
        "keys": [*keys, _key(Algorithm.X25519, _secret("x25519"), sealing_public)],
        "possession": [_possession(signer) for signer, _ in signers],
        "renewal": [_renewal(signer) for signer, _ in signers],
        "part_hashes": [_part_hash(n, content) for n, content in enumerate(CONTENTS)],
        "padded_sizes": [{"size": size, "padded": sealing.padded_size(size)} for size in SIZES],
        "sealed_part": _sealed_part(sealing_public),
    }


def text() -> str:
    """The file's content."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def _secret(name: str) -> bytes:
    return sha256(f"tocsin golden {name}".encode()).digest()


def _key(algorithm: Algorithm, secret: bytes, public_key: bytes) -> dict[str, Any]:
    return {
        "algorithm": algorithm,
        "private_key": secret.hex(),
        "public_key": public_key.hex(),
        "key_id": key_id(algorithm, public_key),
        "fingerprint": fingerprint(algorithm, public_key),
    }


def _message(payload_type: str, payload: bytes, signers: list[tuple[Signer, bytes]]) -> dict[str, Any]:
    signed = pae(payload_type, payload)
    return {
        "payload_type": payload_type,
        "payload": payload.hex(),
        "pae": signed.hex(),
        "message_hash": message_hash(payload_type, payload).hex(),
        "signatures": {signer.algorithm: signer.sign(signed).hex() for signer, _ in signers},
    }


def _possession(signer: Signer) -> dict[str, Any]:
    signed = possession_bytes(BUS, PARTY, signer.algorithm, signer.public_key)
    return {
        "bus": BUS,
        "party": PARTY,
        "algorithm": signer.algorithm,
        "public_key": signer.public_key.hex(),
        "bytes": signed.hex(),
        "signature": signer.sign(signed).hex(),
    }


def _renewal(signer: Signer) -> dict[str, Any]:
    request, created_us = b"a certificate request", 1_735_689_600_000_000
    signed = renewal_bytes(BUS, PARTY, created_us, request)
    return {
        "bus": BUS,
        "party": PARTY,
        "created_us": created_us,
        "certificate_request": request.hex(),
        "algorithm": signer.algorithm,
        "public_key": signer.public_key.hex(),
        "bytes": signed.hex(),
        "signature": signer.sign(signed).hex(),
    }


def _part_hash(n: int, content: bytes) -> dict[str, Any]:
    salt = _secret(f"salt {n}")
    return {"salt": salt.hex(), "content": content.hex(), "hash": sealing.part_hash(salt, content).hex()}


def _sealed_part(public_key: bytes) -> dict[str, Any]:
    content, salt, part_key = CONTENTS[1], _secret("salt"), _secret("part key")
    reader = key_id(Algorithm.X25519, public_key)
    info = sealing.part_info(BUS, MESSAGE_ID, PARTY, reader, PART_NAME, MEDIA_TYPE)
    inner = salt + len(content).to_bytes(4, "big") + content
    inner += bytes(36 + sealing.padded_size(len(content)) - len(inner))
    return {
        "bus": BUS,
        "message_id": MESSAGE_ID.hex(),
        "party": PARTY,
        "key_id": reader,
        "name": PART_NAME,
        "media_type": MEDIA_TYPE,
        "content": content.hex(),
        "salt": salt.hex(),
        "part_key": part_key.hex(),
        "info": info.hex(),
        "ephemeral_private_key": _secret("ephemeral").hex(),
        "sealed_key": _wrap(public_key, info, part_key).hex(),
        "plaintext_hash": sealing.part_hash(salt, content).hex(),
        "ciphertext": AESGCM(part_key).encrypt(bytes(12), inner, None).hex(),
    }


def _wrap(public_key: bytes, info: bytes, part_key: bytes) -> bytes:
    suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
    recipient = suite.kem.deserialize_public_key(public_key)
    ephemeral = X25519PrivateKey.from_private_bytes(_secret("ephemeral"))
    pair = KEMKeyPair(
        KEMKey.from_pyca_cryptography_key(ephemeral), KEMKey.from_pyca_cryptography_key(ephemeral.public_key())
    )
    enc, context = suite.create_sender_context(recipient, info, eks=pair)
    return enc + context.seal(part_key)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE.name}")
