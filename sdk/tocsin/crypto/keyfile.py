"""Private keys at rest: one file, sealed under a passphrase.

 * scrypt (RFC 7914) makes the file key; AES-256-GCM seals the keys with the file's head as associated data.
 * Parameters stand in the file, within a floor (strength) and a ceiling (a hostile file must not eat the memory).
 * The file is 0600 in a directory that is 0700; readable by others, it is refused: a key that may have been read is no key.
 * Written to a new file, synced and renamed: a crash leaves the old file or the new.

File, JSON: {"format": "tocsin-keys-1", "n": …, "r": 8, "p": 1, "salt": b64, "nonce": b64, "sealed": b64 of JSON {name: b64}}.
"""

import base64
import binascii
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from tocsin.core.errors import Reason, error

FORMAT = "tocsin-keys-1"
SCRYPT_N = 2**15
MIN_N, MAX_N = 2**14, 2**20
"""16 MiB at least, 1 GiB at most."""

PASSPHRASE_ENV = "TOCSIN_PASSPHRASE_FILE"
CREDENTIAL_NAME = "tocsin-passphrase"
MAX_FILE_BYTES = 1024 * 1024


def save_keys(path: Path, keys: Mapping[str, bytes], passphrase: str, *, random: Callable[[int], bytes]) -> None:
    """Seals ``keys`` into ``path``.

    Raises:
        LocalFault: IDENTITY_EXPOSED when others can enter the directory; PASSPHRASE_WRONG when the passphrase is empty.
    """
    _check_private(path.parent)
    if not passphrase:
        raise error(Reason.PASSPHRASE_WRONG)
    salt, nonce = random(16), random(12)
    head = _head(SCRYPT_N, salt)
    plaintext = json.dumps({name: _b64(key) for name, key in sorted(keys.items())}).encode()
    sealed = _cipher(passphrase, SCRYPT_N, salt).encrypt(nonce, plaintext, head)
    document = {"format": FORMAT, "n": SCRYPT_N, "r": 8, "p": 1, "salt": _b64(salt), "nonce": _b64(nonce), "sealed": _b64(sealed)}
    write_private(path, json.dumps(document, indent=1).encode() + b"\n")


def load_keys(path: Path, passphrase: str) -> dict[str, bytes]:
    """The keys in ``path``.

    Raises:
        LocalFault: PASSPHRASE_WRONG, IDENTITY_EXPOSED, or IDENTITY_INVALID when it is missing or no key file.
    """
    _check_private(path.parent)
    _check_private(path)
    from cryptography.exceptions import InvalidTag

    try:
        raw = path.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise ValueError("too large")
        data = json.loads(raw)
        n, salt, nonce, sealed = int(data["n"]), _raw(data["salt"]), _raw(data["nonce"]), _raw(data["sealed"])
        if data["format"] != FORMAT or data["r"] != 8 or data["p"] != 1 or not MIN_N <= n <= MAX_N or n & (n - 1):
            raise ValueError("parameters")
        if len(salt) != 16 or len(nonce) != 12:
            raise ValueError("lengths")
    except (OSError, ValueError, TypeError, KeyError, RecursionError, binascii.Error) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="the key file is missing or damaged") from exc
    try:
        plaintext = _cipher(passphrase, n, salt).decrypt(nonce, sealed, _head(n, salt))
    except InvalidTag as exc:
        raise error(Reason.PASSPHRASE_WRONG) from exc
    return {name: _raw(key) for name, key in json.loads(plaintext).items()}


def find_passphrase(
    *,
    explicit: str | None = None,
    file: Path | None = None,
    env: Mapping[str, str],
    prompt: Callable[[str], str] | None = None,
    confirm: bool = False,
) -> str:
    """The passphrase: given, from a file, from a systemd credential, from the file in $TOCSIN_PASSPHRASE_FILE, or typed in.

    Raises:
        LocalFault: PASSPHRASE_WRONG when there is none, or two typed ones differ; IDENTITY_INVALID when a file cannot be read.
    """
    if explicit is not None:
        return explicit
    candidates = [file]
    if directory := env.get("CREDENTIALS_DIRECTORY"):
        candidates.append(Path(directory, CREDENTIAL_NAME) if Path(directory, CREDENTIAL_NAME).exists() else None)
    if named := env.get(PASSPHRASE_ENV):
        candidates.append(Path(named))
    for candidate in candidates:
        if candidate is not None:
            try:
                return candidate.read_text().rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as exc:
                raise error(Reason.IDENTITY_INVALID, hint="the passphrase file cannot be read") from exc
    if prompt is None:
        raise error(Reason.PASSPHRASE_WRONG)
    typed = prompt("Passphrase: ")
    if confirm and prompt("Once more: ") != typed:
        raise error(Reason.PASSPHRASE_WRONG)
    return typed


def write_private(path: Path, content: bytes) -> None:
    """Writes a file only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, content)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(temporary, path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _check_private(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="the key file or its directory is missing") from exc
    if stat.S_IMODE(mode) & 0o077:
        raise error(Reason.IDENTITY_EXPOSED)


def _cipher(passphrase: str, n: int, salt: bytes):  # type: ignore[no-untyped-def]  # AESGCM is imported on use: it costs 30 ms
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return AESGCM(Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase.encode()))


def _head(n: int, salt: bytes) -> bytes:
    return f"{FORMAT} n={n} r=8 p=1 salt=".encode() + salt


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
