"""Joining the bus with a join code: keys made here, proved here, entered in the directory; then the identity directory.

 * Nothing the enrolment port says is believed before CA and governance root match the hashes in the code, and the server's
   certificate is that CA's.
 * The identity directory is written last, whole: a join that fails leaves nothing here, and the code can be tried again until the
   party's first key stands in the log.
"""

import asyncio
import hashlib
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import grpc

from tocsin.client.channel import CALL_SECONDS, calling
from tocsin.client.identity import Identity, create_identity
from tocsin.client.scribe import Author, Scribe
from tocsin.clock import LIVENESS
from tocsin.core.checkpoint import parse_note
from tocsin.core.directory_messages import GovernanceRoot, HolderKind, Purpose
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.keyid import key_id
from tocsin.crypto.ed25519 import Ed25519Signer, verify
from tocsin.crypto.joincode import JoinCode, join_seed
from tocsin.crypto.keyfile import SCRYPT_N
from tocsin.crypto.sealing import public_key_of
from tocsin.crypto.signers import Algorithm, fingerprint
from tocsin.crypto.tls import certificate_request, new_tls_key
from tocsin.v1 import enrolment_service_pb2 as pb
from tocsin.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import receipt_from_proto, verify_receipt

DIAL_SECONDS = 10.0

AGENT_PURPOSES = (Purpose.ORDER, Purpose.APPROVE, Purpose.REPORT, Purpose.ACK)
"""What the first agent key of a party may sign; what the party's role may send is the policy's to say."""


async def join(
    code: JoinCode,
    path: Path,
    passphrase: str,
    *,
    agent: str = "agent-1",
    random: Callable[[int], bytes] = os.urandom,
    n: int = SCRYPT_N,
) -> tuple[Identity, str]:
    """Joins and writes the identity directory ``path``; returns the identity and the fingerprint to read back by telephone.

    Args:
        code: The join code.
        path: The identity directory to make.
        passphrase: Seals the keys in it.
        agent: Name of the agent on this machine.
        random: Source of keys and ids.
        n: Cost of scrypt, see ``tocsin.crypto.keyfile``.

    Raises:
        NotPermitted: JOIN_CODE_INVALID when the place is not the one in the code; JOIN_CODE_EXPIRED; JOIN_CODE_USED.
        LocalFault: IDENTITY_INVALID when the directory exists or cannot be written.
        HubUnreachable: Nobody answers at the address in the code.
    """
    if path.exists():
        raise error(Reason.IDENTITY_INVALID, hint="the directory exists already: choose another or move it away")
    pinned = await _server_certificate(code.address)
    credentials = grpc.ssl_channel_credentials(root_certificates=pinned)
    async with grpc.aio.secure_channel(code.address, credentials, options=_pinned_name(pinned)) as channel:
        stub = EnrolmentServiceStub(channel)
        trust = await calling(stub.GetTrust(pb.GetTrustRequest(), timeout=CALL_SECONDS))
        root = _checked_trust(code, trust, pinned)
        made = _Keys(code, agent, random)
        answer = await calling(
            stub.Join(
                pb.JoinRequest(certificate_request=made.request, envelopes=made.envelopes), timeout=CALL_SECONDS
            )
        )
    identity = made.identity(path.absolute(), answer, root, trust.ca_certificate)
    create_identity(identity, passphrase, random=random, n=n)
    return identity, fingerprint(made.party.algorithm, made.party.public_key)


class _Keys:
    """The keys of a new party and the messages that enter them."""

    def __init__(self, code: JoinCode, agent: str, random: Callable[[int], bytes]) -> None:
        self._code = code
        self._party_seed, self._agent_seed, self._sealing = random(32), random(32), random(32)
        self.party = Ed25519Signer(self._party_seed)
        self._agent = Ed25519Signer(self._agent_seed)
        self._tls_key = new_tls_key()
        self.request = certificate_request(self._tls_key, bus=code.bus, party=code.party)
        scribe = Scribe(code.bus, now_us=LIVENESS.now_us(), random=random)
        by_code = Author(party=code.party, signer=Ed25519Signer(join_seed(code)))
        by_party = Author(party=code.party, signer=self.party)
        self.envelopes = [
            scribe.add_key(
                code.party, self.party, by=by_code, holder=code.party, holder_kind=HolderKind.PARTY,
                purposes=[Purpose.ADMIN],
            ),
            scribe.add_key(
                code.party, self._agent, by=by_party, holder=agent, holder_kind=HolderKind.AGENT, purposes=AGENT_PURPOSES
            ),
            scribe.add_sealing_key(code.party, public_key_of(self._sealing), by=by_party, holder=agent),
        ]  # fmt: skip

    def identity(self, path: Path, answer: pb.JoinResponse, root: GovernanceRoot, ca_der: bytes) -> Identity:
        """The identity, once every key has a receipt that proves it in the log."""
        if len(answer.receipts) != len(self.envelopes):
            raise error(Reason.MALFORMED, hint="a receipt for every key")
        origin = ""
        for envelope, proto in zip(self.envelopes, answer.receipts, strict=True):
            receipt, opened = receipt_from_proto(proto), open_envelope(envelope)
            origin = parse_note(receipt.checkpoint)[0].origin
            if not origin.startswith(f"{self._code.bus}/"):
                raise error(Reason.PROOF_INVALID, field="checkpoint", rule="a log of this bus")
            verify_receipt(
                receipt, message_hash=opened.message_hash, signature=opened.signature, origin=origin,
                log_key=root.log_key, verify=verify,
            )  # fmt: skip
        return Identity(
            path=path,
            bus=self._code.bus,
            party=self._code.party,
            hub_address=answer.bus_address,
            enrol_address=self._code.address,
            log_origin=origin,
            log_key=root.log_key,
            root_hash=self._code.root_hash,
            agent_key_id=key_id(Algorithm.ED25519, self._agent.public_key),
            sealing_key_id=key_id(Algorithm.X25519, public_key_of(self._sealing)),
            ca_pem=ssl.DER_cert_to_PEM_cert(ca_der).encode(),
            tls_key_pem=self._tls_key,
            tls_cert_pem=answer.certificate,
            party_seed=self._party_seed,
            agent_seed=self._agent_seed,
            sealing_private=self._sealing,
        )


async def _server_certificate(address: str) -> bytes:
    """What the server shows, PEM; believed only once ``_checked_trust`` has tied it to the code."""
    def fetch() -> bytes:
        host, _, port = address.rpartition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=DIAL_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            der = secured.getpeercert(binary_form=True)
            return ssl.DER_cert_to_PEM_cert(der or b"").encode()

    try:
        return await asyncio.to_thread(fetch)
    except (OSError, ValueError) as exc:
        raise error(Reason.HUB_UNREACHABLE) from exc


def _pinned_name(pinned: bytes) -> list[tuple[str, str]]:
    """The certificate is pinned whole, so the name to expect is simply one it has."""
    from cryptography import x509

    names = x509.load_pem_x509_certificate(pinned).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = names.get_values_for_type(x509.DNSName) + [str(a) for a in names.get_values_for_type(x509.IPAddress)]
    return [("grpc.ssl_target_name_override", hosts[0])] if hosts else []


def _checked_trust(code: JoinCode, trust: pb.GetTrustResponse, pinned: bytes) -> GovernanceRoot:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        ca = x509.load_der_x509_certificate(trust.ca_certificate)
        x509.load_pem_x509_certificate(pinned).verify_directly_issued_by(ca)
        opened = open_envelope(trust.root_envelope)
    except (ValueError, TypeError, InvalidSignature, BusError) as exc:
        raise error(Reason.JOIN_CODE_INVALID) from exc
    root_good = opened.message_hash == code.root_hash and isinstance(opened.message, GovernanceRoot)
    if not root_good or hashlib.sha256(trust.ca_certificate).digest() != code.ca_hash:
        raise error(Reason.JOIN_CODE_INVALID)
    assert isinstance(opened.message, GovernanceRoot)
    return opened.message
