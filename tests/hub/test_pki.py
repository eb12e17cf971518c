"""Certificates: who gets one, what it is good for, and that it is good for nothing else."""

import ssl
from datetime import UTC, datetime, timedelta, timezone

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.errors import BusError, LocalFault, Malformed, Reason
from tocsin.core.texts import label
from tocsin.crypto.tls import certificate_request, new_tls_key, party_of_spiffe_id, spiffe_id
from tocsin_hub.pki import MAX_REQUEST_BYTES, PartyCertificates, hub_certificate, new_ca

BUS, PARTY = "tocsin.example", "bank.example"
NOW = datetime(2026, 11, 23, 6, 2, 11, tzinfo=UTC)
CA_KEY, HUB_KEY, PARTY_KEY = new_tls_key(), new_tls_key(), new_tls_key()
CA = new_ca(CA_KEY, bus=BUS, now=NOW)
HUB = hub_certificate(CA_KEY, CA, HUB_KEY, bus=BUS, hosts=["localhost", "hub.example", "127.0.0.1", "::1"], now=NOW)
ISSUER = PartyCertificates(bus=BUS, ca_key_pem=CA_KEY, ca_pem=CA)
REQUEST = certificate_request(PARTY_KEY, bus=BUS, party=PARTY)
MEMBER = ISSUER.issue(REQUEST, party=PARTY, now=NOW)


def read(pem):
    return x509.load_pem_x509_certificate(pem)


def value(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind).value


def test_the_ca_may_issue_leaves_and_nothing_else():
    ca = read(CA)
    ca.verify_directly_issued_by(ca)
    assert value(ca, x509.BasicConstraints) == x509.BasicConstraints(ca=True, path_length=0)
    usage = value(ca, x509.KeyUsage)
    assert usage.key_cert_sign
    assert not usage.digital_signature
    assert ca.not_valid_after_utc == NOW + timedelta(days=3650)
    assert isinstance(ca.public_key().curve, ec.SECP256R1)


def test_a_member_is_named_by_its_uri_alone():
    member = read(MEMBER)
    assert list(value(member, x509.SubjectAlternativeName)) == [x509.UniformResourceIdentifier(spiffe_id(BUS, PARTY))]
    assert member.public_key() == load_pem_private_key(PARTY_KEY, None).public_key()
    assert list(value(member, x509.ExtendedKeyUsage)) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert value(member, x509.BasicConstraints) == x509.BasicConstraints(ca=False, path_length=None)
    assert value(member, x509.KeyUsage).digital_signature
    assert not value(member, x509.KeyUsage).key_cert_sign
    member.verify_directly_issued_by(read(CA))


def test_a_member_certificate_lives_a_week_and_a_little_before():
    member = read(MEMBER)
    assert member.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert member.not_valid_after_utc == NOW + timedelta(days=7)


def test_the_zone_of_the_time_does_not_count():
    there = NOW.astimezone(timezone(timedelta(hours=8)))
    member = read(ISSUER.issue(REQUEST, party=PARTY, now=there))
    assert member.not_valid_after_utc == NOW + timedelta(days=7)


def test_no_leaf_outlives_its_ca():
    late = NOW + timedelta(days=3649)
    assert read(ISSUER.issue(REQUEST, party=PARTY, now=late)).not_valid_after_utc == read(CA).not_valid_after_utc


def test_every_certificate_has_a_serial_of_its_own():
    serials = {read(ISSUER.issue(REQUEST, party=PARTY, now=NOW)).serial_number for _ in range(20)}
    assert len(serials) == 20
    assert min(serials).bit_length() > 64  # CA/Browser Forum BR §7.1: 64 unpredictable bits and more


def test_the_hub_is_named_by_its_hosts_and_is_no_party():
    hub = read(HUB)
    names = value(hub, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "hub.example"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    [uri] = names.get_values_for_type(x509.UniformResourceIdentifier)
    with pytest.raises(BusError):
        party_of_spiffe_id(uri, BUS)
    assert list(value(hub, x509.ExtendedKeyUsage)) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert hub.not_valid_after_utc == NOW + timedelta(days=365)


def verifier(ca=CA, now=NOW):
    return PolicyBuilder().store(Store([read(ca)])).time(now)


def test_a_strict_verifier_takes_the_hub_as_server_and_the_member_as_client():
    verifier().build_server_verifier(x509.DNSName("hub.example")).verify(read(HUB), [])
    verifier().build_client_verifier().verify(read(MEMBER), [])


def test_neither_can_stand_in_for_the_other_or_outlive_its_time():
    with pytest.raises(VerificationError):
        verifier().build_client_verifier().verify(read(HUB), [])
    with pytest.raises(VerificationError):
        verifier().build_server_verifier(x509.DNSName("hub.example")).verify(read(MEMBER), [])
    with pytest.raises(VerificationError):
        verifier(now=NOW + timedelta(days=91)).build_client_verifier().verify(read(MEMBER), [])
    with pytest.raises(VerificationError):
        verifier(new_ca(new_tls_key(), bus=BUS, now=NOW)).build_client_verifier().verify(read(MEMBER), [])


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def requested(names, key=None, *, digest=hashes.SHA256()):  # noqa: B008  # a value
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, digest).public_bytes(Encoding.DER)


OURS = x509.UniformResourceIdentifier(spiffe_id(BUS, PARTY))
ROGUE = {
    "another party": certificate_request(PARTY_KEY, bus=BUS, party="bank.other"),
    "another bus": certificate_request(PARTY_KEY, bus="other.example", party=PARTY),
    "no name": requested(None),
    "two names": requested([OURS, x509.UniformResourceIdentifier(spiffe_id(BUS, "bank.other"))]),
    "its name twice": requested([OURS, OURS]),
    "a host besides": requested([OURS, x509.DNSName("hub.example")]),
    "a host instead": requested([x509.DNSName(spiffe_id(BUS, PARTY))]),
    "the hub's own name": requested([x509.UniformResourceIdentifier(f"spiffe://{BUS}/hub")]),
    "a P-384 key": requested([OURS], ec.generate_private_key(ec.SECP384R1())),
    "an RSA key": requested([OURS], rsa.generate_private_key(65537, 2048)),
    "an Ed25519 key": requested([OURS], ed25519.Ed25519PrivateKey.generate(), digest=None),
    "another signature": REQUEST[:-8] + bytes(8),
    "a certificate": read(MEMBER).public_bytes(Encoding.DER),
    "PEM": x509.load_der_x509_csr(REQUEST).public_bytes(Encoding.PEM),
    "trailing bytes": REQUEST + b"\0",
    "nothing": b"",
    "too much": bytes(MAX_REQUEST_BYTES + 1),
}


@pytest.mark.parametrize("request_", ROGUE.values(), ids=ROGUE.keys())
def test_a_request_for_anything_else_is_refused(request_):
    with pytest.raises(Malformed) as caught:
        ISSUER.issue(request_, party=PARTY, now=NOW)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert label(caught.value.facts["rule"], "zh") != caught.value.facts["rule"]


def test_a_request_that_only_claims_a_key_is_refused():
    theirs = load_pem_private_key(HUB_KEY, None).public_key()
    stolen = REQUEST.replace(*(k.public_numbers().x.to_bytes(32, "big") for k in (
        load_pem_private_key(PARTY_KEY, None).public_key(), theirs)))  # fmt: skip
    assert stolen != REQUEST
    with pytest.raises(Malformed):
        ISSUER.issue(stolen, party=PARTY, now=NOW)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_changed_request_is_taken_and_no_foreign_error_leaves(data):
    changed = bytearray(REQUEST)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        ISSUER.issue(bytes(changed), party=PARTY, now=NOW)
    except Malformed:
        return
    # DER lets an even signature claim an unused last bit; that is the same statement, signed the same way.
    taken, made = x509.load_der_x509_csr(bytes(changed)), x509.load_der_x509_csr(REQUEST)
    assert (taken.tbs_certrequest_bytes, taken.signature) == (made.tbs_certrequest_bytes, made.signature)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_let_a_foreign_error_out(junk):
    with pytest.raises(Malformed):
        ISSUER.issue(junk, party=PARTY, now=NOW)


@pytest.mark.parametrize(
    "hosts", [[], ["*.example"], ["hub.example:7443"], ["[::1]"], [""], ["hub.example", "名.example"]]
)
def test_a_hub_without_a_good_host_gets_no_certificate(hosts):
    with pytest.raises(Malformed):
        hub_certificate(CA_KEY, CA, HUB_KEY, bus=BUS, hosts=hosts, now=NOW)


@pytest.mark.parametrize("key", [b"none", pem(ec.generate_private_key(ec.SECP384R1()))], ids=["none", "p-384"])
def test_a_ca_key_of_another_kind_is_refused(key):
    with pytest.raises(LocalFault):
        new_ca(key, bus=BUS, now=NOW)


def test_no_key_shows():
    assert "PRIVATE" not in repr(ISSUER)
    assert ISSUER.ca_der == ssl.PEM_cert_to_DER_cert(CA.decode())


class Echo(grpc.GenericRpcHandler):
    """Answers with the URIs of the caller's certificate."""

    def service(self, details):
        def answer(request, context):
            names = context.auth_context().get("x509_subject_alternative_name", [])
            return b"\n".join(names)

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def dial():
    """A call over real TLS: server key and certificate, the client's trust and its own key and certificate."""
    from concurrent.futures import ThreadPoolExecutor

    open_now = []

    def call(server, client, *, trust, name="127.0.0.1", mutual=True):  # ``trust`` is the CA on both sides
        one = grpc.server(ThreadPoolExecutor(1), handlers=[Echo()])
        open_now.append(one)
        credentials = grpc.ssl_server_credentials([server], trust if mutual else None, require_client_auth=mutual)
        port = one.add_secure_port("127.0.0.1:0", credentials)
        one.start()
        options = [("grpc.ssl_target_name_override", name)]
        own = {"private_key": client[0], "certificate_chain": client[1]} if client else {}
        with grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(trust, **own), options) as channel:
            return channel.unary_unary("/t/t")(b"", timeout=5)

    yield call
    for one in open_now:
        one.stop(None).wait()


@pytest.fixture(scope="module")
def today():
    """The same certificates, valid by the machine's clock, which TLS goes by."""
    now = datetime.now(UTC)
    ca = new_ca(CA_KEY, bus=BUS, now=now)
    hub = hub_certificate(CA_KEY, ca, HUB_KEY, bus=BUS, hosts=["127.0.0.1", "hub.example"], now=now)
    issuer = PartyCertificates(bus=BUS, ca_key_pem=CA_KEY, ca_pem=ca)
    return ca, (HUB_KEY, hub), (PARTY_KEY, issuer.issue(REQUEST, party=PARTY, now=now))


def test_hub_and_member_meet_over_mutual_tls_and_the_hub_learns_the_party(dial, today):
    ca, hub, member = today
    [uri] = dial(hub, member, trust=ca).split(b"\n")
    assert party_of_spiffe_id(uri.decode(), BUS) == PARTY


@pytest.mark.parametrize(
    "case", ["no certificate", "the hub's as client", "a stranger's", "a member as server", "name"]
)
def test_nobody_else_gets_through(dial, today, case):
    ca, hub, member = today
    stranger_key = new_tls_key()
    stranger_ca = new_ca(stranger_key, bus=BUS, now=datetime.now(UTC))
    stranger = PartyCertificates(bus=BUS, ca_key_pem=stranger_key, ca_pem=stranger_ca)
    forged = (PARTY_KEY, stranger.issue(REQUEST, party=PARTY, now=datetime.now(UTC)))
    calls = {
        "no certificate": lambda: dial(hub, None, trust=ca),
        "the hub's as client": lambda: dial(hub, hub, trust=ca),
        "a stranger's": lambda: dial(hub, forged, trust=ca),
        "a member as server": lambda: dial(member, member, trust=ca),
        "name": lambda: dial(hub, member, trust=ca, name="other.example"),
    }
    with pytest.raises(grpc.RpcError) as caught:
        calls[case]()
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_joining_machine_can_pin_the_hub_but_not_a_member_in_its_place(dial, today):
    _, hub, member = today
    assert dial(hub, None, trust=hub[1], name="hub.example", mutual=False) == b""
    for name in ("hub.example", "127.0.0.1", spiffe_id(BUS, PARTY)):
        with pytest.raises(grpc.RpcError):
            dial(member, None, trust=member[1], name=name, mutual=False)
