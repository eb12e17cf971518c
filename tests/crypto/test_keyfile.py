"""Keys at rest: opened by their passphrase alone, and only where nobody else can read."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tocsin.core.errors import BusError, LocalFault, Reason
from tocsin.crypto import keyfile
from tocsin.crypto.keyfile import SCRYPT_CEILING, SCRYPT_FLOOR, SCRYPT_N, load_keys, save_keys

KEYS = {"agent": bytes(range(32)), "sealing": bytes(range(1, 33)), "tls": b"-----BEGIN"}
PASSPHRASE = "correct horse battery"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def path(directory: Path) -> Path:
    made = directory / "keys"
    save_keys(made, KEYS, PASSPHRASE, random=os.urandom, n=SCRYPT_FLOOR)
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("identity")
    directory.chmod(0o700)
    return directory / "keys"


def reason(path: Path, passphrase: str = PASSPHRASE) -> Reason:
    with pytest.raises(LocalFault) as caught:
        load_keys(path, passphrase)
    assert str(path.parent) not in str(caught.value)
    return caught.value.reason


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def test_what_was_saved_is_loaded(path: Path) -> None:
    assert load_keys(path, PASSPHRASE) == KEYS
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["keys"]


def test_no_key_and_no_passphrase_stands_in_the_file(path: Path) -> None:
    content = path.read_bytes()
    for key in KEYS.values():
        assert key not in content
        assert base64.b64encode(key) not in content
    assert PASSPHRASE.encode() not in content
    assert b"agent" not in content


def test_the_default_cost_is_within_its_bounds_and_opens(directory: Path) -> None:
    assert SCRYPT_FLOOR <= SCRYPT_N <= SCRYPT_CEILING
    save_keys(directory / "keys", KEYS, PASSPHRASE, random=os.urandom)
    assert json.loads((directory / "keys").read_bytes())["n"] == SCRYPT_N
    assert load_keys(directory / "keys", PASSPHRASE) == KEYS


@pytest.mark.parametrize("n", [0, SCRYPT_FLOOR // 2, SCRYPT_FLOOR + 1, SCRYPT_CEILING * 2])
def test_a_cost_out_of_bounds_is_not_written_and_not_read(path: Path, n: int) -> None:
    before = path.read_bytes()
    with pytest.raises(ValueError, match="SCRYPT_FLOOR"):
        save_keys(path, KEYS, PASSPHRASE, random=os.urandom, n=n)
    assert path.read_bytes() == before
    put(path, json.dumps(json.loads(before) | {"n": n}).encode())
    assert reason(path) is Reason.IDENTITY_INVALID


def test_another_passphrase_opens_nothing(path: Path) -> None:
    for wrong in ("", PASSPHRASE + " ", PASSPHRASE.upper(), "\ud800"):
        assert reason(path, wrong) is Reason.PASSPHRASE_WRONG
    assert load_keys(path, PASSPHRASE) == KEYS


def test_a_passphrase_counts_in_its_unicode_normal_form(directory: Path) -> None:
    composed, decomposed = "cafés résumés", "cafe\u0301s re\u0301sume\u0301s"
    assert composed != decomposed
    save_keys(directory / "keys", KEYS, composed, random=os.urandom, n=SCRYPT_FLOOR)
    assert load_keys(directory / "keys", decomposed) == KEYS


def test_a_short_passphrase_is_refused_and_the_old_file_stays(path: Path) -> None:
    before = path.read_bytes()
    for short in ("", "seven c", "口令口令口令口"):
        with pytest.raises(LocalFault) as caught:
            save_keys(path, {}, short, random=os.urandom, n=SCRYPT_FLOOR)
        assert caught.value.reason is Reason.PASSPHRASE_WRONG
        assert "8" in caught.value.text("zh")
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["n", "salt", "nonce", "sealed"])
def test_a_changed_field_opens_nothing(path: Path, name: str) -> None:
    document = json.loads(path.read_bytes())
    if name == "n":
        document["n"] *= 2
    else:
        raw = bytearray(base64.b64decode(document[name]))
        raw[0] ^= 1
        document[name] = base64.b64encode(raw).decode()
    put(path, json.dumps(document).encode())
    assert reason(path) is Reason.PASSPHRASE_WRONG


@pytest.mark.parametrize(
    "change",
    [
        {"format": "tocsin-keys-2"}, {"r": 1}, {"p": 0}, {"p": 64}, {"n": "16384"}, {"n": 16384.0}, {"n": True},
        {"salt": ""}, {"nonce": "AAAA"}, {"sealed": ""}, {"sealed": None}, {"salt": "*"}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_of_another_shape_is_refused(path: Path, change: dict[str, Any]) -> None:
    put(path, json.dumps(json.loads(path.read_bytes()) | change).encode())
    assert reason(path) is Reason.IDENTITY_INVALID


def test_a_truncated_or_overlong_file_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 3):
        put(path, whole[:cut])
        assert reason(path) is Reason.IDENTITY_INVALID
    put(path, whole + b" " * keyfile.MAX_FILE)
    assert reason(path) is Reason.IDENTITY_INVALID
    put(path, b"[" * 60_000)
    assert reason(path) is Reason.IDENTITY_INVALID


@pytest.mark.parametrize("plain", [b"", b"[]", b'{"agent": 1}', b'{"agent": "*"}', b"\xff", b"[" * 30_000], ids=repr)
def test_a_sealed_inside_of_another_shape_is_refused(path: Path, plain: bytes) -> None:
    n, salt, nonce = SCRYPT_FLOOR, bytes(32), bytes(12)
    sealed = AESGCM(keyfile._file_key(PASSPHRASE, n, salt)).encrypt(nonce, plain, keyfile._head(n, salt))
    texts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    document = json.loads(path.read_bytes()) | {k: base64.b64encode(v).decode() for k, v in texts.items()}
    put(path, json.dumps(document).encode())
    assert reason(path) is Reason.IDENTITY_INVALID


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=5)
DOCUMENTS = st.fixed_dictionaries({}, optional=dict.fromkeys(["n", "r", "p", "salt", "nonce", "sealed"], JSON))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300) | DOCUMENTS.map(lambda d: json.dumps({"format": "tocsin-keys-1", **d}).encode()))
@example(b'{"format": "tocsin-keys-1", "n": 1' + b"0" * 5000 + b"}")
@example(b'"\\ud800"')
def test_no_bytes_bring_out_another_error(place: Path, content: bytes) -> None:
    put(place, content)
    with pytest.raises(BusError) as caught:
        load_keys(place, PASSPHRASE)
    assert isinstance(caught.value, LocalFault)
