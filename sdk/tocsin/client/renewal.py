"""The party's TLS certificate, kept fresh: it is short-lived, and a key of the party asks for the next one.

 * Due after a third of its life. Until the end of it a failure costs nothing; after the end the enrolment port still answers, for
   the proof is a signature and not the certificate: a machine that was off for a month comes back by itself.
 * The TLS key stays; it proves a connection, never a message. The file is replaced whole, and other processes of the identity
   take the newer certificate from it instead of asking again.
 * Certificates are judged by the machine's clock, and so is their age.
"""

from dataclasses import replace
from datetime import datetime

from tocsin.client.channel import CALL_SECONDS, calling, enrolment
from tocsin.client.identity import MAX_FILE_BYTES, Identity
from tocsin.clock import LIVENESS
from tocsin.core.errors import Reason, error
from tocsin.core.keyid import key_id
from tocsin.core.times import from_us
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.privatefile import read_private, write_private
from tocsin.crypto.signers import renewal_bytes
from tocsin.crypto.tls import certificate_request, spiffe_id
from tocsin.v1 import enrolment_service_pb2 as pb

CERTIFICATE = "tls.pem"

RENEW_AFTER = 1 / 3
"""Share of its life after which a certificate is renewed: two thirds are left to find out what is wrong."""


def seconds_to_renewal(identity: Identity) -> float:
    """Seconds until the certificate is due; 0 when it is.

    Raises:
        LocalFault: IDENTITY_INVALID when ``tls.pem`` holds no certificate.
    """
    starts, ends = _life(identity)
    return max(0.0, (starts + (ends - starts) * RENEW_AFTER - _now()).total_seconds())


def ended(identity: Identity) -> bool:
    """Whether the certificate is good no longer. Raises as ``seconds_to_renewal``."""
    return _life(identity)[1] <= _now()


async def fresh(identity: Identity) -> Identity:
    """``identity`` with a certificate that is not due: its own, one that another process has fetched, or a new one.

    Raises:
        Unavailable: It is due, and the enrolment port does not answer.
        Rejected: The hub renews it no more: KEY_REVOKED, PARTY_SUSPENDED, SIGNATURE_INVALID, or our clock is wrong.
        LocalFault: IDENTITY_INVALID, IDENTITY_EXPOSED.
    """
    if seconds_to_renewal(identity):
        return identity
    elsewhere = replace(identity, tls_cert_pem=read_private(identity.path / CERTIFICATE, limit=MAX_FILE_BYTES))
    if seconds_to_renewal(elsewhere):
        return elsewhere
    made = replace(identity, tls_cert_pem=await _renewed(identity))
    write_private(identity.path / CERTIFICATE, made.tls_cert_pem)
    return made


async def _renewed(identity: Identity) -> bytes:
    agent = Ed25519Signer(identity.agent_seed)
    request = certificate_request(identity.tls_key_pem, bus=identity.bus, party=identity.party)
    created_us = LIVENESS.now_us()
    asked = pb.RenewRequest(
        party=identity.party,
        key_id=key_id(agent.algorithm, agent.public_key),
        certificate_request=request,
        created_us=created_us,
        signature=agent.sign(renewal_bytes(identity.bus, identity.party, created_us, request)),
    )
    async with enrolment(identity) as stub:
        answer = await calling(stub.Renew(asked, timeout=CALL_SECONDS))
    certificate: bytes = answer.certificate
    _check(certificate, identity)
    return certificate


def _check(certificate: bytes, identity: Identity) -> None:
    """What came is ours: by the bus's CA, for our name and our key, and good now."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        given = x509.load_pem_x509_certificate(certificate)
        given.verify_directly_issued_by(x509.load_pem_x509_certificate(identity.ca_pem))
        names = given.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        ours = load_pem_private_key(identity.tls_key_pem, None).public_key()
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as exc:
        raise error(Reason.MALFORMED, hint="a certificate of this bus") from exc
    good_now = given.not_valid_before_utc <= _now() < given.not_valid_after_utc
    if given.public_key() != ours or uris != [spiffe_id(identity.bus, identity.party)] or not good_now:
        raise error(Reason.MALFORMED, hint="a certificate for this party and key")


def _life(identity: Identity) -> tuple[datetime, datetime]:
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(identity.tls_cert_pem)
    except ValueError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="tls.pem is missing or damaged") from exc
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _now() -> datetime:
    return from_us(LIVENESS.now_us())
