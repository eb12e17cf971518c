"""TLS identities: who a certificate speaks for.

* The name of a party is a SPIFFE id, ``spiffe://<bus>/party/<id>``, the only URI in its certificate (X509-SVID §2).
* Keys are P-256: every TLS stack has it. They prove a connection, never a message.
"""

from tocsin.core.address import bus_name
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import PartyId, party_id


def spiffe_id(bus: str, party: str) -> str:
    """The name of a party in certificates.

    Raises:
        Malformed: FIELD_INVALID for a bus name, PARTY_ID_INVALID.
    """
    return f"spiffe://{bus_name(bus)}/party/{party_id(party)}"


def party_of_spiffe_id(uri: str, bus: str) -> PartyId:
    """The party that a SPIFFE id of this bus names; the id must be in its exact form.

    Raises:
        NotPermitted: SENDER_MISMATCH.
    """
    prefix = f"spiffe://{bus}/party/"
    try:
        if uri.startswith(prefix):
            return party_id(uri.removeprefix(prefix), field="certificate")
    except BusError as exc:
        raise error(Reason.SENDER_MISMATCH, field="certificate", sender="?", connection="?") from exc
    raise error(Reason.SENDER_MISMATCH, field="certificate", sender="?", connection="?")


def new_tls_key() -> bytes:
    """A fresh P-256 key, PKCS#8 PEM, in clear."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_request(key_pem: bytes, *, bus: str, party: str) -> bytes:
    """A PKCS#10 request for the party's certificate, DER, signed with its key.

    Raises:
        LocalFault: IDENTITY_INVALID when the key is not P-256 in PEM.
        Malformed: FIELD_INVALID for a bus name, PARTY_ID_INVALID.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(spiffe_id(bus, party))])
    try:
        key = load_pem_private_key(key_pem, None)
    except (ValueError, TypeError) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="tls.key is no P-256 key") from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise error(Reason.IDENTITY_INVALID, hint="tls.key is no P-256 key")
    # RFC 5280 §4.1.2.6: with an empty subject the alternative name is critical.
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
