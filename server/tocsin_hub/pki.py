"""The bus's own certificate authority. It proves connections; it has no say over messages or keys of the directory.

* The hash of the CA certificate travels in the join code; no public authority plays any part.
* A member's certificate follows X509-SVID: its party as the only URI, a leaf, for clients only, for a week unless configured.
* The hub's certificate is for servers only, for a year, and is issued anew at a start once a third of that is over.
* A request must be signed by its own P-256 key and ask for exactly the name of the party that joins.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tocsin.core.address import bus_name, host, is_ip
from tocsin.core.errors import BusError, Reason, error
from tocsin.crypto.tls import spiffe_id

CA_LIFE, HUB_LIFE, PARTY_LIFE = timedelta(days=3650), timedelta(days=365), timedelta(days=7)
"""A member's is short because it renews itself: what a thief of it can do ends soon without any revocation list."""

BACKDATE = timedelta(minutes=5)
"""Certificates begin a little earlier, for members whose clock is late."""

MAX_REQUEST_BYTES = 4096
"""A P-256 request has some 300; the rest is room for what other tools add."""


def new_ca(key_pem: bytes, *, bus: str, now: datetime) -> bytes:
    """The self-signed CA certificate, PEM.

    Args:
        key_pem: Its P-256 key.
        bus: Name of the bus.
        now: Aware; the certificate begins ``BACKDATE`` earlier.

    Raises:
        Malformed: FIELD_INVALID for a bus name.
        LocalFault: IDENTITY_INVALID for another kind of key.
    """
    key = _key(key_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, bus_name(bus))])
    builder = (
        _builder(name, name, key.public_key(), now, now + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def hub_certificate(
    ca_key_pem: bytes, ca_pem: bytes, key_pem: bytes, *, bus: str, hosts: Sequence[str], now: datetime
) -> bytes:
    """The hub's server certificate, PEM.

    Args:
        ca_key_pem: The CA's key.
        ca_pem: The CA's certificate.
        key_pem: The hub's P-256 key.
        bus: Name of the bus.
        hosts: DNS names and IP addresses (without brackets) by which members reach the hub; at least one.
        now: Aware.

    Raises:
        Malformed: FIELD_INVALID for a bus name or a host.
        LocalFault: IDENTITY_INVALID for a key that is not P-256.
    """
    if not hosts:
        raise error(Reason.FIELD_INVALID, field="hosts", rule="a DNS name or an IP address")
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(f"spiffe://{bus_name(bus)}/hub")]
    for one in hosts:
        host(one, field="hosts")
        names.append(x509.IPAddress(ipaddress.ip_address(one)) if is_ip(one) else x509.DNSName(one))
    ca = x509.load_pem_x509_certificate(ca_pem)
    return _leaf(
        _key(ca_key_pem), ca, "hub", _key(key_pem).public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH, now, HUB_LIFE
    )


def renewed_hub_certificate(
    ca_key_pem: bytes, ca_pem: bytes, key_pem: bytes, certificate_pem: bytes, *, bus: str, now: datetime
) -> bytes | None:
    """The hub's next server certificate, PEM, for the hosts of the one it has; None before a third of its life is over.

    Args:
        ca_key_pem: The CA's key.
        ca_pem: The CA's certificate.
        key_pem: The hub's P-256 key.
        certificate_pem: The certificate it has.
        bus: Name of the bus.
        now: Aware.

    Raises:
        LocalFault: IDENTITY_INVALID for a key that is not P-256.
    """
    old = x509.load_pem_x509_certificate(certificate_pem)
    if now < old.not_valid_before_utc + (old.not_valid_after_utc - old.not_valid_before_utc) / 3:
        return None
    names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = names.get_values_for_type(x509.DNSName) + [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    return hub_certificate(ca_key_pem, ca_pem, key_pem, bus=bus, hosts=hosts, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCertificates:
    """Issues members' certificates.

    Attributes:
        bus: Name of the bus.
        ca_key_pem: The CA's private key.
        ca_pem: The CA's certificate.
        life: How long one is good.
    """

    bus: str
    ca_key_pem: bytes = field(repr=False)
    ca_pem: bytes = field(repr=False)
    life: timedelta = PARTY_LIFE

    @property
    def ca_der(self) -> bytes:
        """The CA certificate, DER."""
        return x509.load_pem_x509_certificate(self.ca_pem).public_bytes(Encoding.DER)

    def issue(self, request: bytes, *, party: str, now: datetime) -> bytes:
        """The certificate, PEM, for a PKCS#10 request (DER) of ``party``.

        Args:
            request: Untrusted bytes.
            party: Who joins, as its join key proved.
            now: Aware.

        Raises:
            Malformed: FIELD_INVALID when the request is none, is not signed by its key, names anything but the party, or
                has another kind of key; PARTY_ID_INVALID.
        """
        name = x509.UniformResourceIdentifier(spiffe_id(self.bus, party))
        key = _requested_key(request, name)
        ca = x509.load_pem_x509_certificate(self.ca_pem)
        return _leaf(_key(self.ca_key_pem), ca, party, key, [name], ExtendedKeyUsageOID.CLIENT_AUTH, now, self.life)


def _requested_key(request: bytes, name: x509.GeneralName) -> ec.EllipticCurvePublicKey:
    if len(request) > MAX_REQUEST_BYTES:
        raise _bad_request()
    try:
        asked = x509.load_der_x509_csr(request)
        key = asked.public_key()
        names = list(asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        signed = asked.is_signature_valid
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as exc:
        raise _bad_request() from exc
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _bad_request()
    if not signed or names != [name]:
        raise _bad_request()
    return key


def _bad_request() -> BusError:
    return error(
        Reason.FIELD_INVALID,
        field="certificate_request",
        rule="a P-256 request signed by its own key for this party alone",
    )


def _leaf(
    ca_key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    common_name: str,
    key: ec.EllipticCurvePublicKey,
    names: Sequence[x509.GeneralName],
    purpose: x509.ObjectIdentifier,
    now: datetime,
    life: timedelta,
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        _builder(subject, ca.subject, key, now, min(now + life, ca.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates, key_cert_sign=certificates, crl_sign=certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="a TLS key of this hub is no P-256 key") from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise error(Reason.IDENTITY_INVALID, hint="a TLS key of this hub is no P-256 key")
    return key
