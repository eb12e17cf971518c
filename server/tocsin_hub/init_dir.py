"""Making a hub: its directory with keys, certificates, configuration and the first messages of the bus.

* The governance keys are made here only because somebody has to begin: they are sealed in ``governance/`` under a
  passphrase of their own, and belong on another machine, offline, as soon as this is done. The hub never reads them.
* The directory must be new or empty; it becomes 0700, every file in it 0600. After a failure it is as it was.
* ``hub.toml`` is written last: a directory that has it is complete.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path

from tocsin.core.errors import Reason, error
from tocsin.core.policy import Policy
from tocsin.core.times import to_us
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.keyfile import SCRYPT_N, load_keys, save_keys
from tocsin.crypto.privatefile import read_private, write_private
from tocsin.crypto.tls import new_tls_key
from tocsin_hub.config import HubConfig, HubPaths, render_config
from tocsin_hub.genesis import genesis
from tocsin_hub.pki import hub_certificate, new_ca

MAX_GENESIS_BYTES = 4 * 1024 * 1024
"""A policy, some profiles and a dozen keys."""

MAX_ROOT_KEYS = 16
"""More persons than ever share the keys of one root."""

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class HubKeys:
    """The hub's own secrets, 32 bytes each; none of them can enrol anybody. Its text form shows none.

    Attributes:
        log_seed: Ed25519; signs checkpoints.
        admin_seed: Ed25519; the hub as a party, signs its agents' keys.
        agent_seed: Ed25519; signs records such as a passed deadline.
        body_key: Encrypts bodies at rest.
        subject_key: Keys the tokens of accounts.
    """

    log_seed: bytes = field(repr=False)
    admin_seed: bytes = field(repr=False)
    agent_seed: bytes = field(repr=False)
    body_key: bytes = field(repr=False)
    subject_key: bytes = field(repr=False)


_NAME_OF = {one.name: one.name.partition("_")[0] for one in fields(HubKeys)}
"""Attribute → its name in the key file."""


def init_directory(
    root: Path,
    config: HubConfig,
    *,
    hosts: Sequence[str],
    policy_document: bytes,
    profile_documents: Sequence[bytes],
    passphrase: str,
    root_passphrase: str,
    root_keys: int,
    threshold: int,
    now: datetime,
    random: Callable[[int], bytes] = os.urandom,
    n: int = SCRYPT_N,
) -> None:
    """Makes the hub directory ``root``.

    Args:
        root: New or empty.
        config: Becomes ``hub.toml``.
        hosts: DNS names and addresses by which members reach the hub.
        policy_document: The first policy, TOML.
        profile_documents: The first version of each profile, TOML.
        passphrase: Of the hub's keys.
        root_passphrase: Of the governance keys.
        root_keys: How many governance keys there are.
        threshold: How many of them must agree.
        now: Aware.
        random: Source of keys, salts and nonces.
        n: Cost of scrypt, see ``tocsin.crypto.keyfile``.

    Raises:
        LocalFault: SETUP_INVALID when the directory holds something already, IDENTITY_INVALID when it cannot be written,
            PASSPHRASE_WRONG for a passphrase that is too short.
        Malformed: DOCUMENT_INVALID; FIELD_INVALID for the threshold, the number of keys or a host.
    """
    if not 1 <= root_keys <= MAX_ROOT_KEYS:
        raise error(Reason.FIELD_INVALID, field="root_keys", rule=f"1 to {MAX_ROOT_KEYS} keys")
    Policy.parse(policy_document)
    paths = HubPaths(root)
    seeds = [random(_KEY_BYTES) for _ in range(root_keys)]
    keys = HubKeys(**{name: random(_KEY_BYTES) for name in _NAME_OF})
    envelopes = genesis(
        config.bus, root=[Ed25519Signer(seed) for seed in seeds], threshold=threshold,
        log_key=Ed25519Signer(keys.log_seed).public_key, hub_admin=Ed25519Signer(keys.admin_seed),
        hub_agent=Ed25519Signer(keys.agent_seed), policy_document=policy_document, profile_documents=profile_documents,
        now_us=to_us(now), random=random,
    )  # fmt: skip
    ca_key, tls_key = new_tls_key(), new_tls_key()
    ca_pem = new_ca(ca_key, bus=config.bus, now=now)
    tls_pem = hub_certificate(ca_key, ca_pem, tls_key, bus=config.bus, hosts=hosts, now=now)
    with _all_or_nothing(root):
        paths.governance.mkdir(mode=0o700)
        for number, seed in enumerate(seeds, start=1):
            save_keys(paths.root_key(number), {"root": seed}, root_passphrase, random=random, n=n)
        sealed = {name: getattr(keys, attribute) for attribute, name in _NAME_OF.items()}
        save_keys(paths.keys, sealed, passphrase, random=random, n=n)
        write_private(paths.ca_key, ca_key)
        write_private(paths.ca_pem, ca_pem)
        write_private(paths.tls_key, tls_key)
        write_private(paths.tls_pem, tls_pem)
        write_private(paths.genesis, b"".join(len(one).to_bytes(4, "big") + one for one in envelopes))
        write_private(paths.config, render_config(config).encode())


def load_hub_keys(paths: HubPaths, passphrase: str) -> HubKeys:
    """The hub's secrets.

    Raises:
        LocalFault: PASSPHRASE_WRONG, IDENTITY_INVALID, IDENTITY_EXPOSED.
    """
    keys = load_keys(paths.keys, passphrase)
    if any(len(keys.get(name, b"")) != _KEY_BYTES for name in _NAME_OF.values()):
        raise error(Reason.IDENTITY_INVALID, hint="the key file lacks a key")
    return HubKeys(**{attribute: keys[name] for attribute, name in _NAME_OF.items()})


def load_genesis(paths: HubPaths) -> list[bytes]:
    """The first messages of the bus, in order.

    Raises:
        LocalFault: IDENTITY_INVALID when the file is damaged, IDENTITY_EXPOSED.
    """
    raw, envelopes, at = read_private(paths.genesis, limit=MAX_GENESIS_BYTES), [], 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        envelopes.append(raw[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(raw) or not envelopes:
        raise error(Reason.IDENTITY_INVALID, hint="the first messages of the bus are cut off")
    return envelopes


@contextmanager
def _all_or_nothing(root: Path) -> Iterator[None]:
    """``root`` as a private, empty directory to fill; emptied or taken away again when the block fails."""
    try:
        existed = root.exists()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise error(Reason.SETUP_INVALID, field="hub-directory", rule="a new or empty directory")
        mode = root.stat().st_mode
        root.chmod(0o700)
    except OSError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="its directory cannot be written") from exc
    try:
        yield
    except BaseException as failure:
        for one in root.iterdir():
            shutil.rmtree(one, ignore_errors=True) if one.is_dir() else one.unlink(missing_ok=True)
        root.chmod(mode) if existed else root.rmdir()
        if isinstance(failure, OSError):
            raise error(Reason.IDENTITY_INVALID, hint="its directory cannot be written") from failure
        raise
