"""Third-party test vectors. They are read where they lie and never committed.

* ``TOCSIN_VECTORS`` names their folder; the default lies beside the repository: ``../shared/data/vectors``.
* A missing file fails under ``CI``; elsewhere the test is skipped and says where the file comes from.
"""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

ORIGIN = {
    "cctv_ed25519.json.gz": "https://github.com/C2SP/CCTV/tree/main/ed25519",
    "dsse_spec_vector.json": "https://github.com/secure-systems-lab/dsse/blob/master/protocol.md",
    "hpke_rfc9180.json.gz": "https://github.com/cfrg/draft-irtf-cfrg-hpke/blob/master/test-vectors.json",
    "rfc6962_merkle_proofs.json.gz": "https://github.com/transparency-dev/merkle/tree/main/testdata",
    "wycheproof_ecdsa_secp256r1_sha256_test.json.gz": "https://github.com/C2SP/wycheproof/tree/main/testvectors_v1",
    "wycheproof_ed25519_test.json.gz": "https://github.com/C2SP/wycheproof/tree/main/testvectors_v1",
}
FOLDER = Path(os.environ.get("TOCSIN_VECTORS") or Path(__file__).parents[2] / "shared" / "data" / "vectors")


def load(name: str) -> Any:
    """The JSON of one vector file."""
    path = FOLDER / name
    if not path.is_file():
        message = f"no {name} in TOCSIN_VECTORS; it comes from {ORIGIN[name]}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if name.endswith(".gz") else data)
