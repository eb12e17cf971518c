"""The bus's own certificate authority. It proves connections; it has no say over messages or keys of the directory.

 * The CA's key lies in the hub directory; its certificate's hash travels in the join code.
 * A member's certificate names its party as its only URI, may only act as a client, and lives 90 days.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tocsin.core.errors import Reason, error
from tocsin.crypto.tls import spiffe_id

CA_DAYS, HUB_DAYS, PARTY_DAYS = 3650, 365, 90
BACKDATE = timedelta(minutes=5)
"""Certificates begin a little earlier, for members whose clock is late."""


def new_ca(key_pem: bytes, *, bus: str, now: datetime) -> bytes:
    """The self-signed CA certificate, PEM."""
    key = _key(key_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{bus} members")])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        _builder(name, name, key.public_key(), now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def hub_certificate(ca_key_pem: bytes, ca_pem: bytes, key_pem: bytes, *, bus: str, hosts: Sequence[str], now: datetime) -> bytes:
    """The hub's server certificate for ``hosts`` (names or addresses), PEM."""
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(f"spiffe://{bus}/hub")]
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    ca = x509.load_pem_x509_certificate(ca_pem)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, bus)])
    return _leaf(ca_key_pem, ca, subject, _key(key_pem).public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH, now, HUB_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCertificates:
    """Issues members' certificates."""

    bus: str
    ca_key_pem: bytes
    ca_pem: bytes

    @property
    def ca_der(self) -> bytes:
        """The CA certificate, DER."""
        return x509.load_pem_x509_certificate(self.ca_pem).public_bytes(Encoding.DER)

    def issue(self, request: bytes, *, party: str, now: datetime) -> bytes:
        """The certificate for a PKCS#10 request (DER) of ``party``, PEM.

        Raises:
            Malformed: FIELD_INVALID when the request is none, is not signed by its key, names anybody else, or has another kind of key.
        """
        try:
            asked = x509.load_der_x509_csr(request)
            names = list(asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
            key = asked.public_key()
            good = asked.is_signature_valid and names == [x509.UniformResourceIdentifier(spiffe_id(self.bus, party))]
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, x509.DuplicateExtension) as exc:
            raise _bad_request() from exc
        if not good or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise _bad_request()
        ca = x509.load_pem_x509_certificate(self.ca_pem)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
        return _leaf(self.ca_key_pem, ca, subject, key, names, ExtendedKeyUsageOID.CLIENT_AUTH, now, PARTY_DAYS)


def _bad_request() -> Exception:
    return error(
        Reason.FIELD_INVALID, field="certificate_request", rule="a P-256 request signed by its own key for this party alone"
    )


def _leaf(
    ca_key_pem: bytes,
    ca: x509.Certificate,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    names: Sequence[x509.GeneralName],
    usage: x509.ObjectIdentifier,
    now: datetime,
    days: int,
) -> bytes:
    ca_key = _key(ca_key_pem)
    builder = (
        _builder(subject, ca.subject, key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + timedelta(days=days))
    )


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise error(Reason.IDENTITY_INVALID, hint="a TLS key of this hub is not P-256")
    return key
