"""Checkpoints as C2SP signed notes: known keys, strict reading, and who may sign."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from tocsin.core.checkpoint import (
    MAX_NOTE_BYTES,
    MAX_SIZE,
    Checkpoint,
    log_origin,
    note_key_id,
    parse_note,
    sign_note,
    verify_note,
    vkey,
)
from tocsin.core.errors import Malformed, Reason, SignatureInvalid, error
from tocsin.core.merkle import EMPTY_ROOT

KEY = SigningKey(bytes(range(32)))
PUBLIC = KEY.verify_key.encode()
OTHER = SigningKey(bytes(32))
ORIGIN = "tocsin.example/1"
ROOT = bytes(range(32))
HEAD = Checkpoint(ORIGIN, 20852163, ROOT)
# Published keys: of the note package's documentation and of the Go checksum database.
KNOWN_KEYS = [
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
]
# The example of https://c2sp.org/tlog-checkpoint.
PUBLISHED_NOTE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
    "+xeMcTOAYQ8=\n"
).encode()


def sign_with(key: SigningKey, data: bytes) -> bytes:
    return key.sign(data).signature


def note(head: Checkpoint = HEAD, key: SigningKey = KEY, name: str = ORIGIN) -> bytes:
    return sign_note(head, name, key.verify_key.encode(), lambda data: sign_with(key, data))


def ed25519(public_key: bytes, data: bytes, signature: bytes) -> None:
    try:
        VerifyKey(public_key).verify(data, signature)
    except (BadSignatureError, ValueError):
        raise error(Reason.SIGNATURE_INVALID) from None


def verified(data: bytes, origin: str = ORIGIN, public_key: bytes = PUBLIC) -> Checkpoint:
    return verify_note(data, origin=origin, public_key=public_key, verify=ed25519)


@pytest.mark.parametrize("known", KNOWN_KEYS)
def test_key_ids_and_verifier_keys_are_those_of_other_tools(known: str) -> None:
    name, key_id, encoded = known.split("+", 2)
    public_key = b64decode(encoded)[1:]
    assert note_key_id(name, public_key).hex() == key_id
    assert vkey(name, public_key) == known


def test_the_published_example_is_read_and_written_back() -> None:
    head, [signature] = parse_note(PUBLISHED_NOTE)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert (signature.name, signature.key_id.hex(), len(signature.signature)) == (head.origin, "033de0ae", 64)
    assert PUBLISHED_NOTE.startswith(head.body() + b"\n")


def test_a_note_is_body_empty_line_and_signature_of_the_body() -> None:
    body = f"{ORIGIN}\n20852163\n{b64encode(ROOT).decode()}\n".encode()
    assert HEAD.body() == body
    raw = note_key_id(ORIGIN, PUBLIC) + sign_with(KEY, body)
    assert note() == body + f"\n— {ORIGIN} {b64encode(raw).decode()}\n".encode()
    assert verified(note()) == HEAD


def test_cosignatures_of_witnesses_are_read_and_not_counted() -> None:
    witness = note(key=OTHER, name="witness.example").rpartition(b"\n\n")[2]
    assert verified(note() + witness) == HEAD
    alone = HEAD.body() + b"\n" + witness
    assert [line.name for line in parse_note(alone)[1]] == ["witness.example"]
    with pytest.raises(SignatureInvalid, match="own key"):
        verified(alone)


def test_a_log_of_another_name_or_key_is_refused() -> None:
    other_epoch = Checkpoint("tocsin.example/2", HEAD.size, ROOT)
    for data in (
        note(other_epoch),
        note(other_epoch, name="tocsin.example/2"),
        note(key=OTHER),
        note(name="x.example"),
    ):
        with pytest.raises(SignatureInvalid) as refusal:
            verified(data)
        assert refusal.value.reason is Reason.PROOF_INVALID


def test_one_bad_signature_of_our_key_spoils_a_note_that_has_a_good_one_too() -> None:
    good = note()
    bad = note(Checkpoint(ORIGIN, 1, ROOT)).rpartition(b"\n\n")[2]
    for data in (good + bad, HEAD.body() + b"\n" + bad + good.rpartition(b"\n\n")[2]):
        with pytest.raises(SignatureInvalid) as refusal:
            verified(data)
        assert refusal.value.reason is Reason.SIGNATURE_INVALID


def test_every_single_bit_changed_in_a_note_is_noticed() -> None:
    data = note()
    for position in range(len(data)):
        for bit in range(8):
            changed = data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]
            with pytest.raises((Malformed, SignatureInvalid)):
                verified(changed)


def test_every_part_of_a_note_that_is_cut_off_is_noticed() -> None:
    data = note()
    for length in range(len(data)):
        with pytest.raises((Malformed, SignatureInvalid)):
            verified(data[:length])


GOOD = note().decode()
LINE = GOOD.rpartition("\n\n")[2]
B64 = b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "\n",
        "\n" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("20852163", "020852163"),
        GOOD.replace("20852163", "+20852163"),
        GOOD.replace("20852163", "-1"),
        GOOD.replace("20852163", "2_0"),
        GOOD.replace("20852163", "٢"),
        GOOD.replace("20852163", str(MAX_SIZE + 1)),
        GOOD.replace("20852163", "9" * 5000),
        GOOD.replace("20852163", ""),
        GOOD.replace("20852163", "0"),
        GOOD.replace(B64, B64.rstrip("=")),
        GOOD.replace(B64, B64[:-2] + "9="),
        GOOD.replace(B64, " " + B64),
        GOOD.replace(B64, b64encode(ROOT[:-1]).decode()),
        GOOD.replace(B64, b64encode(ROOT + b"x").decode()),
        GOOD.replace(B64, B64 + "\nextension"),
        GOOD.replace("tocsin.example/1", "tocsin example/1"),
        GOOD.replace("tocsin.example/1", "tocsin+example/1"),
        GOOD.replace("tocsin.example/1", ""),
        GOOD.replace("tocsin.example/1", "tocsin\texample"),
        GOOD.replace("tocsin.example/1", "tocsin\u2028example"),
        GOOD.replace("\n\n", "\n"),
        GOOD.replace("—", "-"),
        GOOD.replace("— ", "—"),
        GOOD.replace(LINE, ""),
        GOOD.replace(LINE, LINE.replace(ORIGIN + " ", ORIGIN + "  ")),
        GOOD.replace(LINE, f"— {ORIGIN}\n"),
        GOOD.replace(LINE, f"— {ORIGIN} AAAAAA==\n"),
        GOOD.replace(LINE, f"— {ORIGIN} !!!!\n"),
        GOOD.replace(LINE, f"— {ORIGIN} ünï\n"),
        GOOD + LINE * (MAX_NOTE_BYTES // len(LINE)),
    ],
)
def test_a_note_that_is_not_exactly_in_the_form_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_note(text.encode())


def test_a_note_that_is_not_utf_8_is_malformed() -> None:
    with pytest.raises(Malformed):
        parse_note(note().replace(b"tocsin", b"tocs\xff"))


@given(st.one_of(st.binary(max_size=300), st.text("— \n+=AZaz09/.", max_size=300).map(str.encode)))
def test_any_bytes_are_a_note_or_malformed(data: bytes) -> None:
    try:
        head, signatures = parse_note(data)
    except Malformed:
        return
    assert signatures
    assert data.startswith(head.body() + b"\n")


@given(st.binary(min_size=32, max_size=32), st.integers(1, MAX_SIZE), st.text(min_size=1, max_size=20))
def test_every_checkpoint_that_can_exist_reads_back_as_it_was_signed(root: bytes, size: int, origin: str) -> None:
    try:
        head = Checkpoint(origin, size, root)
    except Malformed:
        return
    assert verified(note(head, name=origin), origin) == head


def test_the_empty_log_has_the_empty_root_and_no_other() -> None:
    assert verified(note(Checkpoint(ORIGIN, 0, EMPTY_ROOT))).size == 0
    with pytest.raises(Malformed):
        Checkpoint(ORIGIN, 0, ROOT)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, ROOT),
        ("a b", 1, ROOT),
        ("a\nb", 1, ROOT),
        ("\ud800", 1, ROOT),
        (ORIGIN, -1, ROOT),
        (ORIGIN, 2**63, ROOT),
        (ORIGIN, 1, b""),
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_cannot_be_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(Malformed):
        Checkpoint(origin, size, root)


def test_the_origin_is_bus_name_and_epoch() -> None:
    assert log_origin("tocsin.example", 1) == "tocsin.example/1"
    for bus, epoch in (("", 1), ("a b", 1), ("tocsin.example", 0), ("tocsin.example", -1)):
        with pytest.raises(Malformed):
            log_origin(bus, epoch)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_names_no_signature(length: int) -> None:
    with pytest.raises(Malformed):
        note_key_id(ORIGIN, bytes(length))
