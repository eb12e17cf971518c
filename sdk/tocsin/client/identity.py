"""The identity directory of a party: who it is, its keys, its certificate, its durable file.

 * ``identity.toml`` (names and public facts), ``keys.sealed`` (private keys under the passphrase), ``tls.key``, ``tls.pem``, ``ca.pem``,
   ``participant.db``. The directory is 0700, the files 0600; readable by others, it is refused.
 * It is made whole or not at all: a join that fails leaves nothing behind.
"""

import hashlib
import hmac
import os
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import Identifier
from tocsin.crypto.keyfile import load_keys, save_keys
from tocsin.crypto.passphrase import find_passphrase
from tocsin.crypto.privatefile import check_private_directory, read_private, write_private

MAX_FILE_BYTES = 64 * 1024
"""The largest text file of an identity is a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A party on one machine. Its text form shows no key."""

    path: Path
    bus: str
    party: str
    hub_address: str
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

    @property
    def database(self) -> Path:
        """The durable file."""
        return self.path / "participant.db"

    def subject_token(self, target: Identifier | None) -> bytes:
        """What stands for an account in our own tables: keyed with a secret of ours; empty without a target."""
        if target is None:
            return b""
        key = hashlib.sha256(b"tocsin local subject key v1" + self.sealing_private).digest()
        return hmac.digest(key, target.text().encode(), "sha256")


def create_identity(identity: Identity, passphrase: str, *, random: Callable[[int], bytes] = os.urandom) -> None:
    """Writes the directory ``identity.path``, whole or not at all.

    Raises:
        LocalFault: IDENTITY_INVALID when it exists already or cannot be written.
    """
    final = identity.path
    if final.exists():
        raise error(Reason.IDENTITY_INVALID, hint="the directory exists already: choose another or move it away")
    temporary = final.with_name(f".{final.name}.{random(4).hex()}")
    try:
        temporary.mkdir(mode=0o700, parents=True)
        facts = {
            "bus": identity.bus, "party": identity.party, "hub_address": identity.hub_address,
            "log_origin": identity.log_origin, "log_key": identity.log_key.hex(), "root_hash": identity.root_hash.hex(),
            "agent_key_id": identity.agent_key_id, "sealing_key_id": identity.sealing_key_id,
        }  # fmt: skip
        text = "# A party of a Tocsin bus.\n" + "".join(f'{name} = "{value}"\n' for name, value in facts.items())
        write_private(temporary / "identity.toml", text.encode())
        write_private(temporary / "ca.pem", identity.ca_pem)
        write_private(temporary / "tls.key", identity.tls_key_pem)
        write_private(temporary / "tls.pem", identity.tls_cert_pem)
        keys = {"party": identity.party_seed, "agent": identity.agent_seed, "sealing": identity.sealing_private}
        save_keys(temporary / "keys.sealed", keys, passphrase, random=random)
        temporary.rename(final)
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

    Raises:
        LocalFault: IDENTITY_INVALID, IDENTITY_EXPOSED, PASSPHRASE_WRONG.
    """
    path = path.absolute()
    check_private_directory(path)
    try:
        facts = tomllib.loads(read_private(path / "identity.toml", limit=MAX_FILE_BYTES).decode())
        log_key, root_hash = bytes.fromhex(facts["log_key"]), bytes.fromhex(facts["root_hash"])
        names = {name: facts[name] for name in ("bus", "party", "hub_address", "log_origin", "agent_key_id", "sealing_key_id")}
    except (ValueError, KeyError, TypeError) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="identity.toml is damaged") from exc
    secret = find_passphrase(
        explicit=passphrase, file=passphrase_file, env=os.environ if env is None else env, prompt=prompt
    )
    keys = load_keys(path / "keys.sealed", secret)
    if not {"party", "agent", "sealing"} <= keys.keys():
        raise error(Reason.IDENTITY_INVALID, hint="the key file lacks a key")
    return Identity(
        path=path,
        log_key=log_key,
        root_hash=root_hash,
        ca_pem=read_private(path / "ca.pem", limit=MAX_FILE_BYTES),
        tls_key_pem=read_private(path / "tls.key", limit=MAX_FILE_BYTES),
        tls_cert_pem=read_private(path / "tls.pem", limit=MAX_FILE_BYTES),
        party_seed=keys["party"],
        agent_seed=keys["agent"],
        sealing_private=keys["sealing"],
        **names,
    )
