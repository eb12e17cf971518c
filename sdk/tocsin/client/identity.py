"""The identity directory of a party: who it is, its keys, its certificate, its durable file.

* ``identity.toml`` (names and public facts), ``keys.sealed`` (private keys under the passphrase), ``tls.key`` (in clear, as
  the connection must come up by itself), ``tls.pem``, ``ca.pem``, ``participant.db``.
* The directory is 0700, the files 0600; what others can read is refused.
* It is made whole or not at all: a join that fails leaves nothing behind, and nothing is ever written over.
* An identity that loads fits together: its names are well-formed, and its keys are those it names.
"""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.core.address import bus_name, host_port
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import Identifier, party_id
from tocsin.core.keyid import key_id
from tocsin.crypto.algorithms import Algorithm
from tocsin.crypto.derive import derive_key, subject_token
from tocsin.crypto.ed25519 import PUBLIC_KEY_BYTES, Ed25519Signer
from tocsin.crypto.keyfile import SCRYPT_N, load_keys, save_keys
from tocsin.crypto.passphrase import find_passphrase
from tocsin.crypto.privatefile import read_private, write_private

MAX_FILE_BYTES = 64 * 1024
"""The largest text file of an identity is a certificate."""

_NAMES = ("bus", "party", "hub_address", "enrol_address", "log_origin", "agent_key_id", "sealing_key_id")
_HASHES = ("log_key", "root_hash")
_SEEDS = {"party": "party_seed", "agent": "agent_seed", "sealing": "sealing_private"}
_DAMAGED = {
    name: f"{name} is missing or damaged" for name in ("identity.toml", "keys.sealed", "tls.key", "tls.pem", "ca.pem")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A party on one machine. Its text form shows no key.

    Attributes:
        hub_address: ``host:port`` of the bus.
        enrol_address: ``host:port`` where its certificate is renewed.
        log_origin: Bus name/epoch, of the epoch it joined in.
        log_key: Ed25519 key of the log, 32 bytes.
        root_hash: Message hash of the governance root, 32 bytes.
        party_seed: Ed25519 seed of the party's ADMIN key.
        agent_seed: Ed25519 seed of the agent on this machine.
        sealing_private: X25519 key that opens private parts.
        subject_key: Keys the tokens of accounts; never leaves this machine.

    Raises:
        LocalFault: IDENTITY_INVALID when a name is malformed or a key is not the one that is named.
    """

    path: Path
    bus: str
    party: str
    hub_address: str
    enrol_address: str
    log_origin: str
    log_key: bytes
    root_hash: bytes
    agent_key_id: str
    sealing_key_id: str
    ca_pem: bytes = field(repr=False)
    tls_key_pem: bytes = field(repr=False)
    tls_cert_pem: bytes = field(repr=False)
    party_seed: bytes = field(repr=False)
    agent_seed: bytes = field(repr=False)
    sealing_private: bytes = field(repr=False)
    subject_key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            bus_name(self.bus)
            party_id(self.party)
            host_port(self.hub_address, field="hub_address")
            host_port(self.enrol_address, field="enrol_address")
        except BusError as exc:
            raise _invalid("identity.toml") from exc
        origin = re.fullmatch(r"(.+)/([1-9][0-9]*)", self.log_origin)
        if (
            origin is None
            or origin[1] != self.bus
            or len(self.log_key) != PUBLIC_KEY_BYTES
            or len(self.root_hash) != 32
        ):
            raise _invalid("identity.toml")
        from tocsin.crypto.sealing import public_key_of

        Ed25519Signer(self.party_seed)
        agent = key_id(Algorithm.ED25519, Ed25519Signer(self.agent_seed).public_key)
        sealing = key_id(Algorithm.X25519, public_key_of(self.sealing_private))
        if (agent, sealing) != (self.agent_key_id, self.sealing_key_id):
            raise error(Reason.IDENTITY_INVALID, hint="its keys are not those that identity.toml names")
        object.__setattr__(self, "subject_key", derive_key(self.sealing_private, b"tocsin local subject key v1\0"))

    @property
    def database(self) -> Path:
        """The durable file."""
        return self.path / "participant.db"

    def subject_token(self, target: Identifier | None) -> bytes:
        """What stands for an account in our own tables, 32 bytes; empty without a target."""
        return b"" if target is None else subject_token(self.subject_key, target.kind, target.value)


def create_identity(
    identity: Identity, passphrase: str, *, random: Callable[[int], bytes] = os.urandom, n: int = SCRYPT_N
) -> None:
    """Writes the directory ``identity.path``, whole or not at all; directories above it are made when missing.

    Args:
        identity: What to write.
        passphrase: Seals the private keys.
        random: Source of salt, nonce and of a name to write under.
        n: Cost of scrypt, see ``tocsin.crypto.keyfile``.

    Raises:
        LocalFault: SETUP_INVALID when there is something already, IDENTITY_INVALID when it cannot be written,
            PASSPHRASE_WRONG for a passphrase that is too short.
    """
    final = identity.path
    if os.path.lexists(final):
        raise error(Reason.SETUP_INVALID, field="identity", rule="a new directory: here is something already")
    temporary = final.with_name(f".{final.name}.{random(4).hex()}")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir(mode=0o700)
        _write(identity, temporary, passphrase, random, n)
        temporary.rename(final)
        _sync(final.parent)
    except OSError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="its directory cannot be written") from exc
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_identity(
    path: Path,
    *,
    passphrase: str | None = None,
    passphrase_file: Path | None = None,
    env: Mapping[str, str] | None = None,
    prompt: Callable[[str], str] | None = None,
) -> Identity:
    """The identity in ``path``.

    Where the passphrase comes from: ``tocsin.crypto.passphrase.find_passphrase``.

    Args:
        path: The directory.
        passphrase: The passphrase itself.
        passphrase_file: A file that holds it.
        env: The environment; the process's own when left out.
        prompt: Asks at the terminal.

    Raises:
        LocalFault: IDENTITY_INVALID, IDENTITY_EXPOSED, PASSPHRASE_WRONG.
    """
    path = path.absolute()
    names, hashes = _facts(_read(path, "identity.toml"))
    pems = {name: _read(path, name) for name in ("ca.pem", "tls.key", "tls.pem")}
    # Asked for last: nobody types a passphrase for a directory that cannot be used.
    secret = find_passphrase(
        explicit=passphrase, file=passphrase_file, env=os.environ if env is None else env, prompt=prompt
    )
    keys = load_keys(path / "keys.sealed", secret)
    if not _SEEDS.keys() <= keys.keys():
        raise _invalid("keys.sealed")
    rest: dict[str, Any] = names | hashes | {attribute: keys[name] for name, attribute in _SEEDS.items()}
    return Identity(path=path, ca_pem=pems["ca.pem"], tls_key_pem=pems["tls.key"], tls_cert_pem=pems["tls.pem"], **rest)


def public_facts(path: Path) -> Mapping[str, Any]:
    """What stands in clear in ``identity.toml``, by the names of ``Identity``: no passphrase is needed.

    Raises:
        LocalFault: IDENTITY_INVALID, IDENTITY_EXPOSED.
    """
    names, hashes = _facts(_read(path.absolute(), "identity.toml"))
    return names | hashes


def _write(identity: Identity, directory: Path, passphrase: str, random: Callable[[int], bytes], n: int) -> None:
    facts = {name: getattr(identity, name) for name in _NAMES} | {h: getattr(identity, h).hex() for h in _HASHES}
    lines = [
        "# A party of a Tocsin bus, as `tocsin join` made it.",
        *(f"{k} = {json.dumps(v)}" for k, v in facts.items()),
    ]
    write_private(directory / "identity.toml", ("\n".join(lines) + "\n").encode())
    write_private(directory / "ca.pem", identity.ca_pem)
    write_private(directory / "tls.key", identity.tls_key_pem)
    write_private(directory / "tls.pem", identity.tls_cert_pem)
    seeds = {name: getattr(identity, attribute) for name, attribute in _SEEDS.items()}
    save_keys(directory / "keys.sealed", seeds, passphrase, random=random, n=n)


def _sync(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read(directory: Path, name: str) -> bytes:
    try:
        return read_private(directory / name, limit=MAX_FILE_BYTES)
    except BusError as exc:
        if exc.reason is not Reason.IDENTITY_INVALID or not directory.is_dir():
            raise
        raise _invalid(name) from exc


def _facts(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        facts = tomllib.loads(content.decode())
        texts = {name: facts[name] for name in (*_NAMES, *_HASHES)}
        if not all(isinstance(value, str) for value in texts.values()):
            raise ValueError("not text")
        return {n: texts[n] for n in _NAMES}, {n: bytes.fromhex(texts[n]) for n in _HASHES}
    except (ValueError, KeyError) as exc:
        raise _invalid("identity.toml") from exc


def _invalid(name: str) -> BusError:
    return error(Reason.IDENTITY_INVALID, hint=_DAMAGED[name])
