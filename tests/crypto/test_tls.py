"""TLS keys, requests and names of parties."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import LocalFault, Malformed, NotPermitted, Reason
from tocsin.crypto.tls import certificate_request, new_tls_key, party_of_spiffe_id, spiffe_id

BUS, PARTY = "tocsin.example", "bank.example"


def test_a_name_leads_back_to_its_party():
    assert spiffe_id(BUS, PARTY) == "spiffe://tocsin.example/party/bank.example"
    assert party_of_spiffe_id(spiffe_id(BUS, PARTY), BUS) == PARTY


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://other.example/party/bank.example",
        "spiffe://tocsin.example.evil/party/bank.example",
        "spiffe://tocsin.example/hub",
        "spiffe://tocsin.example/party/",
        "spiffe://tocsin.example/party/bank.example/",
        "spiffe://tocsin.example/party/bank.example?x=1",
        "spiffe://tocsin.example/party/bank.example#x",
        "spiffe://tocsin.example/party/bank%2Eexample",
        "spiffe://tocsin.example/party/../party/bank.example",
        "spiffe://tocsin.example/party/Bank.example",
        "spiffe://tocsin.example//party/bank.example",
        "spiffe://tocsin.example:443/party/bank.example",
        "spiffe://user@tocsin.example/party/bank.example",
        "SPIFFE://tocsin.example/party/bank.example",
        " spiffe://tocsin.example/party/bank.example",
        "spiffe://tocsin.example/party/bank.example\n",
        "https://tocsin.example/party/bank.example",
        "bank.example",
        "",
    ],
)
def test_another_form_names_nobody(uri):
    with pytest.raises(NotPermitted) as caught:
        party_of_spiffe_id(uri, BUS)
    assert caught.value.reason is Reason.SENDER_MISMATCH
    assert uri not in str(caught.value) or not uri, "an unproved name is not repeated"


@given(st.text(max_size=80))
def test_whatever_names_a_party_is_its_exact_name(tail):
    uri = f"spiffe://{BUS}/party/{tail}"
    try:
        party = party_of_spiffe_id(uri, BUS)
    except NotPermitted:
        return
    assert spiffe_id(BUS, party) == uri


@pytest.mark.parametrize(("bus", "party"), [("Tocsin", PARTY), ("a/b", PARTY), (BUS, "a/b"), (BUS, ".."), (BUS, "")])
def test_no_name_is_made_of_what_is_no_name(bus, party):
    with pytest.raises(Malformed):
        spiffe_id(bus, party)
    with pytest.raises(Malformed):
        certificate_request(new_tls_key(), bus=bus, party=party)


def test_a_request_names_the_party_and_is_signed_by_its_key():
    key = new_tls_key()
    request = x509.load_der_x509_csr(certificate_request(key, bus=BUS, party=PARTY))
    assert request.is_signature_valid
    assert request.public_key() == load_pem_private_key(key, None).public_key()
    assert isinstance(request.public_key().curve, ec.SECP256R1)
    [extension] = request.extensions
    assert list(extension.value) == [x509.UniformResourceIdentifier(spiffe_id(BUS, PARTY))]
    assert not list(request.subject)


def test_every_key_is_another():
    assert new_tls_key() != new_tls_key()


def other_keys():
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        yield key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    yield b"no key"


@pytest.mark.parametrize("key", list(other_keys()), ids=["ed25519", "p-384", "none"])
def test_a_key_of_another_kind_makes_no_request(key):
    with pytest.raises(LocalFault) as caught:
        certificate_request(key, bus=BUS, party=PARTY)
    assert caught.value.reason is Reason.IDENTITY_INVALID
