"""The join code: what a new party needs to reach the right bus and to prove that it is the one invited.

* It holds the hub's address, the hashes of the governance root and of the CA, and a secret; nothing the network says
  is trusted unless it fits these hashes.
* The secret never travels and the hub never holds it: governance signs the public half of the key derived from it.
* Four bytes of checksum catch what people mistype; case, spaces, dashes and line breaks do not count.

Text: ``TOCSIN1-`` and base32 (RFC 4648 §6, no padding) in groups, of: bus, party and address, each behind its length in
one byte, root hash 32, CA hash 32, secret 16, and the first 4 bytes of SHA-256("tocsin join code v1" ‖ 0x00 ‖ all that).
"""

import base64
import unicodedata
from dataclasses import dataclass, field
from hashlib import sha256

from tocsin.core.address import bus_name, host_port
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import party_id
from tocsin.crypto.derive import derive_key

JOIN_MINUTES = 15
"""How long a code is good for: time to read it to a colleague, not to lose it."""

HASH_BYTES, SECRET_BYTES = 32, 16

MAX_ADDRESS = 255
"""Characters: its length stands in one byte."""

MAX_TEXT = 2048
"""Characters: the longest code, with its dashes and generous line breaks."""

_PREFIX = "TOCSIN1"
_LABEL = b"tocsin join code v1\0"
_GROUP = 5
_SUM_BYTES = 4
_LOOKALIKES = str.maketrans("018", "OIB")
"""Base32 has no 0, 1 and 8: whoever reads one means these."""
_SKIPPED = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})
"""Unicode categories of what copying and line breaking bring along, dashes included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinCode:
    """An invitation of one party to one bus. Its text form does not show the secret.

    Attributes:
        address: ``host:port`` of the enrolment port.
        bus: Name of the bus.
        party: Who is invited.
        root_hash: Message hash of the governance root.
        ca_hash: SHA-256 of the CA certificate, DER.
        secret: Fresh random bytes.

    Raises:
        Malformed: FIELD_INVALID, PARTY_ID_INVALID.
    """

    address: str
    bus: str
    party: str
    root_hash: bytes
    ca_hash: bytes
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        bus_name(self.bus)
        party_id(self.party)
        host_port(self.address, field="address")
        if len(self.address) > MAX_ADDRESS:
            raise error(Reason.FIELD_INVALID, field="address", rule=f"at most {MAX_ADDRESS} characters")
        for name, size in (("root_hash", HASH_BYTES), ("ca_hash", HASH_BYTES), ("secret", SECRET_BYTES)):
            if len(getattr(self, name)) != size:
                raise error(Reason.FIELD_INVALID, field=name, rule=f"{size} bytes")

    @classmethod
    def decode(cls, text: str) -> "JoinCode":
        """The code in ``text``.

        Raises:
            NotPermitted: JOIN_CODE_INVALID, and nothing else, for any text at all.
        """
        try:
            return _decode(text)
        except (ValueError, BusError):
            raise error(Reason.JOIN_CODE_INVALID) from None  # the cause could show parts of the code

    def encode(self) -> str:
        """The code as it is handed over."""
        texts = (self.bus.encode(), self.party.encode(), self.address.encode())
        content = b"".join(bytes([len(t)]) + t for t in texts) + self.root_hash + self.ca_hash + self.secret
        letters = _base32(content + _checksum(content))
        return "-".join([_PREFIX, *(letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP))])

    def check_ca(self, certificate_der: bytes) -> None:
        """Checks that a CA certificate from the network is the one this code names.

        Raises:
            SignatureInvalid: PROOF_INVALID.
        """
        if sha256(certificate_der).digest() != self.ca_hash:
            raise error(Reason.PROOF_INVALID, rule="the CA named in the join code")


def join_seed(code: JoinCode) -> bytes:
    """Seed of the Ed25519 key that signs the party's first key; the hub is told its public half only."""
    return derive_key(code.secret, b"tocsin join key v1\0" + code.bus.encode() + b"\0" + code.party.encode())


def _decode(text: str) -> JoinCode:
    if len(text) > MAX_TEXT:
        raise ValueError("length")
    normal = unicodedata.normalize("NFKC", text)
    letters = "".join(c for c in normal if unicodedata.category(c) not in _SKIPPED).upper()
    if not letters.startswith(_PREFIX):
        raise ValueError("prefix")
    letters = letters.removeprefix(_PREFIX).translate(_LOOKALIKES)
    raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    content, checksum = raw[:-_SUM_BYTES], raw[-_SUM_BYTES:]
    # The last letter has spare bits: one code, one spelling.
    if _base32(raw) != letters or _checksum(content) != checksum:
        raise ValueError("checksum")
    texts, rest = [], content
    for _ in range(3):
        size = rest[0] if rest else 0
        texts.append(rest[1 : 1 + size].decode("ascii"))
        rest = rest[1 + size :]
    bus, party, address = texts
    # Too much or too little is left in the hashes and the secret, whose lengths the code checks itself.
    return JoinCode(
        bus=bus, party=party, address=address, root_hash=rest[:HASH_BYTES], ca_hash=rest[HASH_BYTES:-SECRET_BYTES],
        secret=rest[-SECRET_BYTES:],
    )  # fmt: skip


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _checksum(content: bytes) -> bytes:
    return sha256(_LABEL + content).digest()[:_SUM_BYTES]
