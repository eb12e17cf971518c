"""Making a hub: its directory with keys, certificates, configuration and the first messages of the bus.

 * The governance keys are made here only because somebody has to begin: they are sealed in ``governance/`` under a passphrase of
   their own, and belong on another machine, offline, as soon as this is done. The hub never reads them.
 * The directory is 0700, every file 0600. It must be new or empty; after a failure it is as it was.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tocsin.core.errors import Reason, error
from tocsin.core.times import to_us
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.keyfile import load_keys, save_keys
from tocsin.crypto.privatefile import read_private, write_private
from tocsin.crypto.tls import new_tls_key
from tocsin_hub.config import HubConfig, HubPaths, render_config
from tocsin_hub.genesis import genesis
from tocsin_hub.pki import hub_certificate, new_ca

MAX_GENESIS_BYTES = 4 * 1024 * 1024
"""A policy, some profiles and a dozen keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubKeys:
    """The hub's own secrets; none of them can enrol anybody."""

    log_seed: bytes = field(repr=False)
    admin_seed: bytes = field(repr=False)
    agent_seed: bytes = field(repr=False)
    body_key: bytes = field(repr=False)
    subject_key: bytes = field(repr=False)


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
) -> None:
    """Makes the hub directory ``root``.

    Raises:
        LocalFault: IDENTITY_INVALID when it holds something already or cannot be written.
        Malformed: DOCUMENT_INVALID, or FIELD_INVALID for the threshold.
    """
    if root.exists() and any(root.iterdir()):
        raise error(Reason.IDENTITY_INVALID, hint="the directory is not empty: choose a new one")
    existed = root.exists()
    try:
        _fill(
            root, config, hosts, policy_document, profile_documents, passphrase, root_passphrase, root_keys, threshold, now,
            random,
        )  # fmt: skip
    except BaseException as failure:
        shutil.rmtree(root, ignore_errors=True)
        if existed:
            root.mkdir(mode=0o700)
        if isinstance(failure, OSError):
            raise error(Reason.IDENTITY_INVALID, hint="the directory cannot be written") from failure
        raise


def _fill(
    root: Path,
    config: HubConfig,
    hosts: Sequence[str],
    policy_document: bytes,
    profile_documents: Sequence[bytes],
    passphrase: str,
    root_passphrase: str,
    root_keys: int,
    threshold: int,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    paths = HubPaths(root)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    paths.governance.mkdir(mode=0o700)
    seeds = [random(32) for _ in range(root_keys)]
    for number, seed in enumerate(seeds, start=1):
        save_keys(paths.governance / f"root-{number}.sealed", {"root": seed}, root_passphrase, random=random)
    keys = HubKeys(
        log_seed=random(32), admin_seed=random(32), agent_seed=random(32), body_key=random(32), subject_key=random(32)
    )
    save_keys(
        paths.keys,
        {
            "log": keys.log_seed, "admin": keys.admin_seed, "agent": keys.agent_seed, "body": keys.body_key,
            "subject": keys.subject_key,
        },
        passphrase,
        random=random,
    )  # fmt: skip
    ca_key, tls_key = new_tls_key(), new_tls_key()
    ca_pem = new_ca(ca_key, bus=config.bus, now=now)
    write_private(paths.ca_key, ca_key)
    write_private(paths.ca_pem, ca_pem)
    write_private(paths.tls_key, tls_key)
    write_private(paths.tls_pem, hub_certificate(ca_key, ca_pem, tls_key, bus=config.bus, hosts=hosts, now=now))
    write_private(paths.config, render_config(config).encode())
    envelopes = genesis(
        config.bus,
        root=[Ed25519Signer(seed) for seed in seeds],
        threshold=threshold,
        log_key=Ed25519Signer(keys.log_seed).public_key,
        hub_admin=Ed25519Signer(keys.admin_seed),
        hub_agent=Ed25519Signer(keys.agent_seed),
        policy_document=policy_document,
        profile_documents=profile_documents,
        now_us=to_us(now),
        random=random,
    )
    write_private(paths.genesis, b"".join(len(e).to_bytes(4, "big") + e for e in envelopes))


def load_hub_keys(paths: HubPaths, passphrase: str) -> HubKeys:
    """The hub's secrets.

    Raises:
        LocalFault: PASSPHRASE_WRONG, IDENTITY_INVALID, IDENTITY_EXPOSED.
    """
    keys = load_keys(paths.keys, passphrase)
    try:
        return HubKeys(
            log_seed=keys["log"], admin_seed=keys["admin"], agent_seed=keys["agent"], body_key=keys["body"],
            subject_key=keys["subject"],
        )  # fmt: skip
    except KeyError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="the key file lacks a key") from exc


def load_genesis(paths: HubPaths) -> list[bytes]:
    """The first messages of the bus, in order.

    Raises:
        LocalFault: IDENTITY_INVALID when the file is damaged.
    """
    raw, envelopes = read_private(paths.genesis, limit=MAX_GENESIS_BYTES), []
    while raw:
        size = int.from_bytes(raw[:4], "big")
        if len(raw) < 4 + size:
            raise error(Reason.IDENTITY_INVALID, hint="the first messages of the bus are cut off")
        envelopes.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    return envelopes
