"""The hub directory: made whole or not at all, private, and complete once it has its configuration."""

import os
import stat
from datetime import UTC, datetime

import pytest
from cryptography import x509

from tocsin.core import policy, profiles
from tocsin.core.directory_messages import EnrolParty, GovernanceRoot, PolicyVersion, ProfileVersion
from tocsin.core.errors import BusError, LocalFault, Malformed, Reason
from tocsin.core.texts import label
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.keyfile import SCRYPT_FLOOR, load_keys, save_keys
from tocsin.wire.codec import open_envelope, verify_author
from tocsin_hub.config import HubConfig, HubPaths, load_config
from tocsin_hub.init_dir import init_directory, load_genesis, load_hub_keys

PASSPHRASE, ROOT_PASSPHRASE = "of the hub's keys", "of the governance keys"
NOW = datetime(2026, 11, 23, 6, 2, 11, tzinfo=UTC)
CONFIG = HubConfig(bus="tocsin.example", listen="127.0.0.1:0", advertise="hub.example")


def init(root, **changes):
    given = {
        "hosts": ["hub.example", "127.0.0.1"], "policy_document": policy.default_document(),
        "profile_documents": [profiles.default_document("cn")], "passphrase": PASSPHRASE,
        "root_passphrase": ROOT_PASSPHRASE, "root_keys": 2, "threshold": 1, "now": NOW, "n": SCRYPT_FLOOR,
    }  # fmt: skip
    init_directory(root, CONFIG, **(given | changes))
    return HubPaths(root)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return init(tmp_path_factory.mktemp("made") / "hub")


@pytest.fixture
def own(tmp_path):
    return init(tmp_path / "hub")


def refused(reason, call, *args, **how):
    with pytest.raises(BusError) as caught:
        call(*args, **how)
    assert caught.value.reason is reason
    return caught.value


def test_a_new_hub_has_everything_it_needs(paths):
    assert load_config(paths.root) == CONFIG
    made = {str(p.relative_to(paths.root)) for p in paths.root.rglob("*")}
    assert made == {
        "hub.toml", "keys.sealed", "genesis.bin", "ca.key", "ca.pem", "tls.key", "tls.pem", "governance",
        "governance/root-1.sealed", "governance/root-2.sealed",
    }  # fmt: skip


def test_only_its_owner_can_read_it(paths):
    for path in (paths.root, *paths.root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name


def test_every_key_is_its_own(paths):
    keys = load_hub_keys(paths, PASSPHRASE)
    roots = [load_keys(paths.root_key(n), ROOT_PASSPHRASE)["root"] for n in (1, 2)]
    every = [keys.log_seed, keys.admin_seed, keys.agent_seed, keys.body_key, keys.subject_key, *roots]
    assert len(set(every)) == 7
    assert {len(key) for key in every} == {32}
    assert load_keys(paths.keys, PASSPHRASE).keys() == {"log", "admin", "agent", "body", "subject"}


def test_the_passphrase_of_the_hub_opens_no_governance_key(paths):
    refused(Reason.PASSPHRASE_WRONG, load_keys, paths.root_key(1), PASSPHRASE)
    refused(Reason.PASSPHRASE_WRONG, load_hub_keys, paths, ROOT_PASSPHRASE)


def test_no_sealed_key_lies_in_clear(paths):
    keys = load_hub_keys(paths, PASSPHRASE)
    held = b"".join(p.read_bytes() for p in paths.root.rglob("*") if p.is_file())
    for key in (keys.log_seed, keys.admin_seed, keys.agent_seed, keys.body_key, keys.subject_key):
        assert key not in held
        assert repr(key) not in repr(keys)


def test_the_first_messages_begin_with_the_root_and_are_signed_by_it(paths):
    opened = [open_envelope(one) for one in load_genesis(paths)]
    kinds = [type(one.message) for one in opened]
    assert kinds[:4] == [GovernanceRoot, PolicyVersion, ProfileVersion, EnrolParty]
    root = opened[0].message
    roots = [Ed25519Signer(load_keys(paths.root_key(n), ROOT_PASSPHRASE)["root"]).public_key for n in (1, 2)]
    assert [key.public_key for key in root.keys] == roots
    assert root.log_key == Ed25519Signer(load_hub_keys(paths, PASSPHRASE).log_seed).public_key
    for one in opened[:4]:
        verify_author(one, "ed25519", roots[0])


def test_the_hub_reads_everything_without_its_governance_keys(own):
    for path in own.governance.iterdir():
        path.unlink()
    own.governance.rmdir()
    assert load_config(own.root) == CONFIG
    assert load_genesis(own)
    assert load_hub_keys(own, PASSPHRASE)


def test_the_certificate_is_for_the_hosts_that_members_dial(paths):
    certificate = x509.load_pem_x509_certificate(paths.tls_pem.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hub.example"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(paths.ca_pem.read_bytes()))


def test_an_empty_directory_may_be_there_already(tmp_path):
    root = tmp_path / "hub"
    root.mkdir(mode=0o755)
    init(root)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def tree(root):
    return {
        str(p.relative_to(root)): (stat.S_IMODE(p.stat().st_mode), p.read_bytes() if p.is_file() else b"")
        for p in root.rglob("*")
    }


@pytest.mark.parametrize("name", ["hub.toml", "notes.txt", ".hidden"])
def test_a_directory_that_holds_something_is_refused_and_left_as_it_was(tmp_path, name):
    root = tmp_path / "hub"
    root.mkdir(mode=0o755)
    (root / name).write_text("precious")
    before = tree(tmp_path)
    failure = refused(Reason.SETUP_INVALID, init, root)
    assert isinstance(failure, LocalFault)
    assert str(root) not in str(failure)
    assert label(failure.facts["rule"], "zh") != failure.facts["rule"]
    assert tree(tmp_path) == before


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "hub").write_text("precious")
    refused(Reason.IDENTITY_INVALID, init, tmp_path / "hub")
    assert (tmp_path / "hub").read_text() == "precious"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"threshold": 3}, Reason.FIELD_INVALID),
        ({"threshold": 0}, Reason.FIELD_INVALID),
        ({"root_keys": 0}, Reason.FIELD_INVALID),
        ({"root_keys": 17}, Reason.FIELD_INVALID),
        ({"hosts": []}, Reason.FIELD_INVALID),
        ({"hosts": ["hub.example:7443"]}, Reason.FIELD_INVALID),
        ({"policy_document": b"rubbish ="}, Reason.DOCUMENT_INVALID),
        ({"profile_documents": [b"rubbish ="]}, Reason.DOCUMENT_INVALID),
        ({"passphrase": "short"}, Reason.PASSPHRASE_WRONG),
        ({"root_passphrase": "short"}, Reason.PASSPHRASE_WRONG),
    ],
    ids=str,
)
@pytest.mark.parametrize("existed", [False, True])
def test_what_is_refused_leaves_nothing(tmp_path, changes, reason, existed):
    root = tmp_path / "hub"
    if existed:
        root.mkdir(mode=0o755)
    before = tree(tmp_path)
    refused(reason, init, root, **changes)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("existed", [False, True])
@pytest.mark.parametrize("step", [0, 3, 8, 17])
def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch, step, existed):
    root = tmp_path / "hub"
    if existed:
        root.mkdir(mode=0o755)
    before = tree(tmp_path)
    real, calls = os.fsync, iter(range(1000))

    def fsync(fd):
        if next(calls) == step:
            raise OSError(28, "No space left on device")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    refused(Reason.IDENTITY_INVALID, init, root)
    assert tree(tmp_path) == before


def test_the_configuration_is_written_last(tmp_path, monkeypatch):
    written = []
    real = os.replace

    def replace(source, target, **how):
        written.append(os.path.basename(target))
        real(source, target, **how)

    monkeypatch.setattr(os, "replace", replace)
    init(tmp_path / "hub")
    assert written[-1] == "hub.toml"
    assert len(written) == 9


def test_a_key_file_without_all_its_keys_is_refused(own):
    keys = load_keys(own.keys, PASSPHRASE)
    for broken in ({k: v for k, v in keys.items() if k != "body"}, keys | {"body": b"short"}):
        save_keys(own.keys, broken, PASSPHRASE, random=os.urandom, n=SCRYPT_FLOOR)
        failure = refused(Reason.IDENTITY_INVALID, load_hub_keys, own, PASSPHRASE)
        assert label(failure.facts["hint"], "zh") != failure.facts["hint"]


@pytest.mark.parametrize("cut", [1, 3, 100, None])
def test_first_messages_that_are_cut_off_are_refused(own, cut):
    raw = own.genesis.read_bytes()
    own.genesis.write_bytes(raw[:-cut] if cut else b"")
    refused(Reason.IDENTITY_INVALID, load_genesis, own)


def test_what_others_can_read_is_refused(own):
    own.keys.chmod(0o640)
    refused(Reason.IDENTITY_EXPOSED, load_hub_keys, own, PASSPHRASE)
    own.root.chmod(0o750)
    refused(Reason.IDENTITY_EXPOSED, load_genesis, own)


def test_refusals_of_input_are_of_the_input(tmp_path):
    with pytest.raises(Malformed):
        init(tmp_path / "hub", hosts=["*"])
