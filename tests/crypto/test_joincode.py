"""Join codes: exact, forgiving of how they are written down, and silent about what is wrong with them."""

import base64
import dataclasses
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import Malformed, NotPermitted, Reason, SignatureInvalid
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.joincode import MAX_TEXT, JoinCode, join_seed

CODE = JoinCode(
    address="hub.example:7444", bus="tocsin.example", party="bank.example", root_hash=bytes(range(32)),
    ca_hash=bytes(range(32, 64)), secret=bytes(range(64, 80)),
)  # fmt: skip
TEXT = (
    "TOCSIN1-BZ2G6-Y3TNF-XC4ZL-YMFWX-A3DFB-RRGC3-TLFZS-XQYLN-OBWGK-EDIOV-RC4ZL-YMFWX-A3DFH-I3TIN-BUAAA-QEAYE-"
    "AUDAO-CAJBI-FQYDI-OB4IB-CEQTC-QKRMF-YYDEN-BWHA5-DYPSA-IJCEM-SCKJR-HFAUS-UKZMF-UXC6M-BRGIZ-TINJW-G44DS-OR"
    "3HQ-6T4P2-AIFBE-GRCFI-ZDUQS-KKJNG-E2TSP-UWSUR-NA"
)

labels = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True)
codes = st.builds(
    JoinCode,
    address=st.builds("{}:{}".format, st.builds("{}.{}".format, labels, labels), st.integers(1, 65535)),
    bus=st.builds("{}.{}".format, labels, labels),
    party=st.builds("{}.{}".format, labels, labels),
    root_hash=st.binary(min_size=32, max_size=32),
    ca_hash=st.binary(min_size=32, max_size=32),
    secret=st.binary(min_size=16, max_size=16),
)


def refused(text):
    with pytest.raises(NotPermitted) as caught:
        JoinCode.decode(text)
    assert caught.value.reason is Reason.JOIN_CODE_INVALID
    assert not caught.value.facts
    assert caught.value.__suppress_context__, "the cause could show parts of the code"


@given(codes)
def test_a_code_reads_back_as_it_was_made(code):
    text = code.encode()
    assert len(text) < MAX_TEXT
    assert JoinCode.decode(text) == code


def test_the_longest_code_still_fits():
    long = dataclasses.replace(CODE, bus="b" * 64, party="p" * 64, address=f"{'.'.join(['a' * 61] * 4)}:65535")
    assert JoinCode.decode(long.encode().replace("-", "- \n")) == long


def test_the_format_is_the_one_its_page_states():
    fields = b"".join(bytes([len(t)]) + t for t in (b"tocsin.example", b"bank.example", b"hub.example:7444"))
    content = fields + CODE.root_hash + CODE.ca_hash + CODE.secret
    checksum = sha256(b"tocsin join code v1\0" + content).digest()[:4]
    letters = base64.b32encode(content + checksum).decode().rstrip("=")
    assert CODE.encode().replace("-", "") == "TOCSIN1" + letters


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda t: t.replace("-", ""),
        lambda t: t.replace("-", " "),
        lambda t: t.replace("-", "\u2013\n  "),
        lambda t: f"\ufeff {t[:40]}\r\n\t{t[40:]}\n",
        lambda t: "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in t),  # full-width, of an input method
        lambda t: "TOCSIN1" + t[7:].replace("O", "0").replace("I", "1").replace("B", "8"),
    ],
    ids=[
        "lower case",
        "no dashes",
        "spaces",
        "other dashes and lines",
        "copied from a page",
        "full-width",
        "look-alikes",
    ],
)
def test_the_way_a_code_is_written_down_does_not_count(change):
    assert JoinCode.decode(change(CODE.encode())) == CODE


@given(st.data())
def test_a_mistyped_letter_is_noticed(data):
    text = CODE.encode().replace("-", "")
    at = data.draw(st.integers(7, len(text) - 1))
    other = data.draw(st.sampled_from(sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") - {text[at]})))
    refused(text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize("length", range(1, 6))
def test_one_code_has_one_spelling(length):
    """Base32 leaves spare bits in the last letter at most lengths; they must be zero."""
    text = dataclasses.replace(CODE, party="p" * length).encode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    for letter in set(alphabet) - {text[-1]}:
        refused(text[:-1] + letter)


@given(st.integers(7, 200))
def test_two_swapped_letters_are_noticed(at):
    text = CODE.encode().replace("-", "")
    if text[at] != text[at + 1]:
        refused(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@given(
    st.text(max_size=300)
    | st.builds("TOCSIN1-{}".format, st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-", max_size=400))
)
def test_any_text_at_all_is_refused_with_one_reason(text):
    refused(text)


@given(st.binary(max_size=200))
def test_content_with_a_good_checksum_but_other_fields_is_refused(content):
    checksum = sha256(b"tocsin join code v1\0" + content).digest()[:4]
    refused("TOCSIN1-" + base64.b32encode(content + checksum).decode().rstrip("="))


def with_checksum(*texts, tail):
    content = b"".join(bytes([len(t)]) + t for t in texts) + tail
    checksum = sha256(b"tocsin join code v1\0" + content).digest()[:4]
    return "TOCSIN1-" + base64.b32encode(content + checksum).decode().rstrip("=")


@pytest.mark.parametrize(
    ("texts", "size"),
    [
        ((b"Tocsin", b"bank.example", b"hub.example:1"), 80),
        ((b"tocsin.example", b"Bank", b"hub.example:1"), 80),
        ((b"tocsin.example", b"bank.example", b"hub.example"), 80),
        ((b"tocsin.example", b"bank.example", b"hub.example:1"), 79),
        ((b"tocsin.example", b"bank.example", b"hub.example:1"), 81),
        ((b"tocsin.example", b"bank.example", b"\xe5hub:1"), 80),
    ],
)
def test_fields_that_no_code_has_are_refused_with_a_good_checksum(texts, size):
    good = with_checksum(b"tocsin.example", b"bank.example", b"hub.example:1", tail=bytes(80))
    assert JoinCode.decode(good).party == "bank.example"
    refused(with_checksum(*texts, tail=bytes(size)))


@pytest.mark.parametrize(
    "text", ["", "TOCSIN1-", "TOCSIN2" + CODE.encode()[7:], CODE.encode() + "A", "A" * (MAX_TEXT + 1)]
)
def test_a_text_of_another_shape_is_refused(text):
    refused(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [("bus", "Tocsin"), ("party", "Bank"), ("address", "hub.example"), ("root_hash", b"1"), ("ca_hash", b""),
     ("secret", bytes(15)), ("address", f"{'.'.join(['a' * 62] * 4)}:65535")],
)  # fmt: skip
def test_a_code_that_cannot_work_is_not_made(field, value):
    with pytest.raises(Malformed):
        dataclasses.replace(CODE, **{field: value})


def test_the_join_key_depends_on_secret_bus_and_party_and_on_nothing_the_hub_tells():
    def hkdf(bus, party, secret):
        return HKDF(SHA256(), 32, None, b"tocsin join key v1\0" + bus + b"\0" + party).derive(secret)

    assert join_seed(CODE) == hkdf(b"tocsin.example", b"bank.example", CODE.secret)
    changed = [{"bus": "other.example"}, {"party": "bank.other"}, {"secret": bytes(16)}]
    assert len({join_seed(dataclasses.replace(CODE, **c)) for c in changed} | {join_seed(CODE)}) == 4
    assert join_seed(dataclasses.replace(CODE, address="1.2.3.4:1", ca_hash=bytes(32))) == join_seed(CODE)
    assert len(Ed25519Signer(join_seed(CODE)).public_key) == 32


def test_a_ca_is_known_by_its_hash():
    code = dataclasses.replace(CODE, ca_hash=sha256(b"certificate").digest())
    code.check_ca(b"certificate")
    with pytest.raises(SignatureInvalid) as caught:
        code.check_ca(b"certificate ")
    assert caught.value.reason is Reason.PROOF_INVALID


def test_the_secret_is_not_shown():
    assert "secret" not in repr(CODE)
    assert repr(CODE.secret) not in repr(CODE)


def test_the_published_code_never_changes():
    assert CODE.encode() == TEXT
