"""TLS identities: who a certificate speaks for.

* The name of a party is a SPIFFE id, ``spiffe://<bus>/party/<id>``, the only URI in the certificate.
* Keys are P-256: every TLS stack has it. They prove a connection, never a message.
"""

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import PartyId, party_id


def spiffe_id(bus: str, party: str) -> str:
    """The name of a party in certificates."""
    return f"spiffe://{bus}/party/{party}"


def party_of_spiffe_id(uri: str, bus: str) -> PartyId:
    """The party a SPIFFE id of this bus names.

    Raises:
        NotPermitted: SENDER_MISMATCH for any other form or bus.
    """
    prefix = spiffe_id(bus, "")
    if not uri.startswith(prefix):
        raise error(Reason.SENDER_MISMATCH, field="certificate", sender="?", connection="?")
    try:
        return party_id(uri.removeprefix(prefix), field="certificate")
    except BusError as exc:
        raise error(Reason.SENDER_MISMATCH, field="certificate", sender="?", connection="?") from exc


def new_tls_key() -> bytes:
    """A fresh P-256 key, PKCS#8 PEM."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_request(key_pem: bytes, *, bus: str, party: str) -> bytes:
    """A PKCS#10 request for the party's certificate, DER, signed with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key = load_pem_private_key(key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(spiffe_id(bus, party))])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
