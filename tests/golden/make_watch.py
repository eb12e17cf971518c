"""Golden vectors of watchlists (docs/spec/watchlists.md): canonical subjects, tokens, check value, sealed details, commitment.

Writes ``tests/golden/watch.json``; a test regenerates and compares it:  python -m tests.golden.make_watch
The nonce of the sealed details is fixed here; in use it is random.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.core.subjects import subject
from tocsin.core.watch import commitment
from tocsin.crypto.watch import ListKey

FILE = Path(__file__).with_name("watch.json")
LIST_KEY = sha256(b"tocsin golden list key").digest()
LIST_ID, EPOCHS = "stolen-documents", (1, 2)
SUBJECTS = (
    "document:passport/CHN/E00000000", "document:id-card/CHN/11010519491231002X", "plate:CHN/鄂A00000",
    "parcel:EE000000005CN", "phone:+86 138 0000 0000", "card:6222 0202 0000 0000 006",
)  # fmt: skip
DETAILS = "张三 (invented): passport reported stolen"


def build() -> dict[str, Any]:
    """All vectors as JSON holds them."""
    epochs = []
    for epoch in EPOCHS:
        key = ListKey(LIST_KEY, LIST_ID, epoch)
        named = [subject(typed) for typed in SUBJECTS]
        tokens = [key.token(one) for one in named]
        epochs.append({
            "list_id": LIST_ID,
            "epoch": epoch,
            "key_check": key.check.hex(),
            "sealed_details": key.seal(tokens[0], DETAILS, lambda size: bytes(range(size))).hex(),
            "tokens": [
                {"typed": typed, "canonical": one.text(), "token": token.hex()}
                for typed, one, token in zip(SUBJECTS, named, tokens, strict=True)
            ],
        })  # fmt: skip
    salt = sha256(b"tocsin golden salt").digest()
    tokens = [bytes.fromhex(one["token"]) for one in epochs[0]["tokens"]]
    return {
        "list_key": LIST_KEY.hex(),
        "details": DETAILS,
        "epochs": epochs,
        "commitment": {"salt": salt.hex(), "of": "the tokens of epoch 1 in order", "commitment": commitment(salt, tokens).hex()},
    }


def text() -> str:
    """The file's content."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE.name}")
