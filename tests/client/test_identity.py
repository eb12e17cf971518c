"""The identity directory: whole or absent, private, and fitting together."""

import dataclasses
import os
import stat

import pytest

from tocsin.client.identity import Identity, create_identity, load_identity, public_facts
from tocsin.core.errors import LocalFault, Reason
from tocsin.core.identifiers import identifier
from tocsin.core.keyid import key_id
from tocsin.core.texts import label
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.keyfile import SCRYPT_FLOOR, load_keys, save_keys
from tocsin.crypto.sealing import public_key_of
from tocsin.crypto.tls import new_tls_key

PASSPHRASE = "correct horse"
AGENT, SEALING = b"a" * 32, b"s" * 32
CARD = identifier("6222020200000000006")


def made(path, **changes):
    given = {
        "path": path, "bus": "tocsin.example", "party": "bank.example",
        "hub_address": "hub.example:7443", "enrol_address": "hub.example:7444",
        "log_origin": "tocsin.example/1", "log_key": bytes(32), "root_hash": b"\x01" * 32,
        "agent_key_id": key_id("ed25519", Ed25519Signer(AGENT).public_key),
        "sealing_key_id": key_id("x25519", public_key_of(SEALING)), "ca_pem": b"ca", "tls_key_pem": new_tls_key(),
        "tls_cert_pem": b"certificate", "party_seed": b"p" * 32, "agent_seed": AGENT, "sealing_private": SEALING,
    }  # fmt: skip
    return Identity(**(given | changes))


@pytest.fixture
def identity(tmp_path):
    one = made(tmp_path / "bank.identity")
    create_identity(one, PASSPHRASE, n=SCRYPT_FLOOR)
    return one


def load(path, **how):
    return load_identity(path, **({"passphrase": PASSPHRASE, "env": {}} | how))


def refused(path, reason, **how):
    with pytest.raises(LocalFault) as caught:
        load(path, **how)
    assert caught.value.reason is reason
    assert str(path) not in str(caught.value)
    return caught.value


def test_an_identity_is_read_back_as_it_was_made(identity):
    assert load(identity.path) == identity
    assert identity.database == identity.path / "participant.db"


def test_what_is_public_is_read_without_a_passphrase(identity):
    facts = public_facts(identity.path)
    assert {name: getattr(identity, name) for name in facts} == facts
    assert {"party", "bus", "hub_address", "root_hash"} <= facts.keys()
    (identity.path / "identity.toml").chmod(0o644)
    with pytest.raises(LocalFault):
        public_facts(identity.path)


def test_only_its_owner_can_read_it(identity):
    assert stat.S_IMODE(identity.path.stat().st_mode) == 0o700
    files = {p.name: stat.S_IMODE(p.stat().st_mode) for p in identity.path.iterdir()}
    assert files == dict.fromkeys(("identity.toml", "keys.sealed", "tls.key", "tls.pem", "ca.pem"), 0o600)


def test_no_private_key_but_that_of_tls_lies_in_clear(identity):
    held = b"".join(p.read_bytes() for p in identity.path.iterdir())
    for key in (identity.party_seed, identity.agent_seed, identity.sealing_private, identity.subject_key):
        assert key not in held
        assert key.hex().encode() not in held


def test_no_key_shows_in_its_text(identity):
    shown = repr(identity)
    for name in ("party_seed", "agent_seed", "sealing_private", "subject_key", "tls_key_pem"):
        assert name not in shown
        assert repr(getattr(identity, name)) not in shown


def test_the_passphrase_may_come_from_a_file_the_environment_or_a_question(identity, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    assert load(identity.path, passphrase=None, passphrase_file=file) == identity
    assert load(identity.path, passphrase=None, env={"TOCSIN_PASSPHRASE_FILE": str(file)}) == identity
    assert load(identity.path, passphrase=None, prompt=lambda key: PASSPHRASE) == identity
    refused(identity.path, Reason.PASSPHRASE_WRONG, passphrase=None)
    refused(identity.path, Reason.PASSPHRASE_WRONG, passphrase="another one")


def test_nobody_is_asked_for_a_passphrase_of_a_directory_that_cannot_be_used(identity):
    (identity.path / "tls.pem").unlink()
    refused(identity.path, Reason.IDENTITY_INVALID, passphrase=None, prompt=lambda key: pytest.fail("asked"))


@pytest.mark.parametrize("name", [".", "identity.toml", "keys.sealed", "tls.key", "tls.pem", "ca.pem"])
@pytest.mark.parametrize("mode", [0o040, 0o004, 0o020])
def test_what_others_can_reach_is_refused(identity, name, mode):
    path = identity.path / name
    path.chmod(stat.S_IMODE(path.stat().st_mode) | mode)
    refused(identity.path, Reason.IDENTITY_EXPOSED)


@pytest.mark.parametrize("name", ["identity.toml", "tls.key", "tls.pem", "ca.pem"])
def test_a_missing_file_is_named(identity, name):
    (identity.path / name).unlink()
    failure = refused(identity.path, Reason.IDENTITY_INVALID)
    assert name in str(failure)
    assert label(failure.facts["hint"], "zh") != failure.facts["hint"]


def test_without_its_key_file_or_its_directory_it_is_refused(identity, tmp_path):
    (identity.path / "keys.sealed").unlink()
    refused(identity.path, Reason.IDENTITY_INVALID)
    refused(tmp_path / "nowhere", Reason.IDENTITY_INVALID)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('bus = "tocsin.example"', 'bus = "Tocsin Example"'),
        ('bus = "tocsin.example"', "bus = 1"),
        ('bus = "tocsin.example"', ""),
        ('bus = "tocsin.example"', 'bus = "other.example"'),
        ('party = "bank.example"', 'party = "bank/example"'),
        ('"hub.example:7443"', '"hub.example"'),
        ('"tocsin.example/1"', '"tocsin.example/0"'),
        ('"tocsin.example/1"', '"tocsin.example"'),
        ('log_key = "00', 'log_key = "'),
        ('log_key = "00', 'log_key = "zz'),
        ('root_hash = "01', 'root_hash = "'),
        ("party = ", "party == "),
        ("party = ", "\udcff = "),
    ],
)
def test_a_changed_fact_is_noticed(identity, was, now):
    file = identity.path / "identity.toml"
    text = file.read_text()
    assert was in text
    file.write_bytes(text.replace(was, now).encode(errors="surrogateescape"))
    assert refused(identity.path, Reason.IDENTITY_INVALID).facts["hint"] == "identity.toml is missing or damaged"


@pytest.mark.parametrize("name", ["agent_key_id", "sealing_key_id"])
def test_keys_of_another_identity_are_refused(identity, name):
    file = identity.path / "identity.toml"
    file.write_text(file.read_text().replace(getattr(identity, name), "0" * 32))
    hint = refused(identity.path, Reason.IDENTITY_INVALID).facts["hint"]
    assert hint == "its keys are not those that identity.toml names"
    assert label(hint, "zh") != hint


@pytest.mark.parametrize("missing", ["party", "agent", "sealing"])
def test_a_key_file_without_all_its_keys_is_refused(identity, missing):
    file = identity.path / "keys.sealed"
    keys = load_keys(file, PASSPHRASE)
    del keys[missing]
    save_keys(file, keys, PASSPHRASE, random=os.urandom, n=SCRYPT_FLOOR)
    hint = refused(identity.path, Reason.IDENTITY_INVALID).facts["hint"]
    assert label(hint, "zh") != hint


def test_a_key_of_another_length_is_refused(identity):
    file = identity.path / "keys.sealed"
    save_keys(file, load_keys(file, PASSPHRASE) | {"party": b"short"}, PASSPHRASE, random=os.urandom, n=SCRYPT_FLOOR)
    refused(identity.path, Reason.IDENTITY_INVALID)


def tree(root):
    return {p.relative_to(root): p.read_bytes() if p.is_file() else None for p in root.rglob("*")}


@pytest.mark.parametrize("kind", ["identity", "empty", "file", "dangling"])
def test_nothing_is_ever_written_over(tmp_path, kind):
    path = tmp_path / "bank.identity"
    {
        "identity": lambda: create_identity(made(path), PASSPHRASE, n=SCRYPT_FLOOR),
        "empty": path.mkdir,
        "file": path.touch,
        "dangling": lambda: path.symlink_to(tmp_path / "nowhere"),
    }[kind]()
    before = tree(tmp_path)
    with pytest.raises(LocalFault) as caught:
        create_identity(made(path), PASSPHRASE, n=SCRYPT_FLOOR)
    assert caught.value.reason is Reason.SETUP_INVALID
    assert str(path) not in str(caught.value)
    assert tree(tmp_path) == before


def test_a_passphrase_that_is_too_short_leaves_nothing(tmp_path):
    with pytest.raises(LocalFault) as caught:
        create_identity(made(tmp_path / "bank.identity"), "short", n=SCRYPT_FLOOR)
    assert caught.value.reason is Reason.PASSPHRASE_WRONG
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", range(6))
def test_a_write_that_fails_at_any_step_leaves_nothing(tmp_path, monkeypatch, fault, step):
    one = made(tmp_path / "bank.identity")
    calls = iter(range(100))
    real = os.fsync

    def fsync(fd):
        if next(calls) == 2 * step:  # each file is synced, and then its directory
            raise fault
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    # The last fsync is that of the directory above: by then the identity stands, and says so by not failing silently.
    with pytest.raises((LocalFault, KeyboardInterrupt)):
        create_identity(one, PASSPHRASE, n=SCRYPT_FLOOR)
    left = [p.name for p in tmp_path.iterdir()]
    assert left == (["bank.identity"] if step == 5 else [])


def test_directories_above_are_made(tmp_path):
    one = made(tmp_path / "a" / "b" / "bank.identity")
    create_identity(one, PASSPHRASE, n=SCRYPT_FLOOR)
    assert load(one.path) == one


def test_a_token_stands_for_one_account_of_one_party(tmp_path):
    one = made(tmp_path)
    other_key = b"t" * 32
    other = made(tmp_path, sealing_private=other_key, sealing_key_id=key_id("x25519", public_key_of(other_key)))
    token = one.subject_token(CARD)
    assert len(token) == 32
    assert token == dataclasses.replace(one, party="bank.other").subject_token(identifier("6222 0202 0000 0000 006"))
    assert token != one.subject_token(identifier("account:ICBC/6222020200000000006"))
    assert token != other.subject_token(CARD)
    assert one.subject_token(None) == b""
