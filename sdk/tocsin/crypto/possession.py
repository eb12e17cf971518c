"""Whether a key that is to enter the directory is fit for it: strong, of the right sort, and held by who asks.

* A signing key proves possession by signing its own possession bytes (``signers.possession_bytes``); a sealing key
  signs nothing.
* Checked by the hub before it sequences the entry, and again by every member who takes the entry into its copy.
"""

from tocsin.core.directory_messages import AddKey
from tocsin.core.errors import Reason, error
from tocsin.crypto.signers import Algorithm, check_key, possession_bytes, verifier


def check_new_key(message: AddKey, bus: str) -> None:
    """Checks the key an ``AddKey`` brings.

    Raises:
        SignatureInvalid: KEY_WEAK, SIGNATURE_INVALID.
        Malformed: FIELD_INVALID for an algorithm that cannot serve its purpose.
    """
    try:
        algorithm = Algorithm(message.algorithm)
    except ValueError as exc:
        raise error(Reason.FIELD_INVALID, field="algorithm", rule="a known algorithm") from exc
    if (algorithm is Algorithm.X25519) == bool(message.purposes):
        raise error(
            Reason.FIELD_INVALID, field="purposes", rule="a sealing key signs nothing, a signing key seals nothing"
        )
    check_key(algorithm, message.public_key)
    if message.purposes:
        proof = possession_bytes(bus, message.party, algorithm, message.public_key)
        verifier(algorithm)(message.public_key, proof, message.possession)
