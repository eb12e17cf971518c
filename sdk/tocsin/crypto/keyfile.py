"""Private keys at rest: one file of named keys, sealed under a passphrase.

* scrypt (RFC 7914) makes the file's key from the passphrase; AES-256-GCM seals the keys, with the parameters as
  associated data. A changed byte or another passphrase opens nothing; the two cannot be told apart.
* The parameters stand in the file, within a floor (strength) and a ceiling (memory).
* The file is private as ``tocsin.crypto.privatefile`` has it, and written whole or not at all.
* A passphrase counts in Unicode normal form C, so that one typed on another keyboard is the same.

The file is JSON: ``{"format": "tocsin-keys-1", "n": …, "r": 8, "p": 1, "salt": …, "nonce": …, "sealed": …}``, bytes in
base64. ``sealed`` holds the JSON ``{name: key}``. It belongs to this machine and is no interchange format.
"""

import base64
import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tocsin.core.errors import Reason, error
from tocsin.crypto.passphrase import find_passphrase
from tocsin.crypto.privatefile import check_private_directory, read_private, write_private

__all__ = ["MIN_PASSPHRASE", "find_passphrase", "load_keys", "save_keys"]

SCRYPT_N = 2**17
"""128 MiB and a third of a second: OWASP's advice of 2023 with r = 8, p = 1. Paid once, when a program starts."""

SCRYPT_FLOOR, SCRYPT_CEILING = 2**14, 2**18
"""16 MiB: below it, guessing is cheap. 256 MiB: above it, opening the file could starve the machine it protects."""

MIN_PASSPHRASE = 8
"""Characters, NIST SP 800-63B §5.1.1.1; scrypt makes each guess dear, it cannot make few guesses many."""

MAX_FILE = 64 * 1024
"""Bytes; a handful of keys takes less than two thousand."""

_FORMAT = "tocsin-keys-1"
_R, _P = 8, 1
_FIELDS = {"format", "n", "r", "p", "salt", "nonce", "sealed"}
_SALT_BYTES, _NONCE_BYTES = 32, 12


def save_keys(
    path: Path, keys: Mapping[str, bytes], passphrase: str, *, random: Callable[[int], bytes], n: int = SCRYPT_N
) -> None:
    """Seals ``keys`` under ``passphrase`` into ``path``, in place of what was there.

    Args:
        path: In an existing directory of mode 0700.
        keys: Private keys by name.
        passphrase: At least ``MIN_PASSPHRASE`` characters.
        random: Source of salt and nonce.
        n: Cost of scrypt, a power of two from ``SCRYPT_FLOOR`` to ``SCRYPT_CEILING``. Less than the default is for
            identities that live for a test or a drill.

    Raises:
        LocalFault: IDENTITY_EXPOSED when others can enter the directory; IDENTITY_INVALID when it cannot be written;
            PASSPHRASE_WRONG for a passphrase that is too short. The old file is then as it was.
        ValueError: ``n`` is out of bounds.
    """
    if not _good_cost(n):
        raise ValueError("n is a power of two from SCRYPT_FLOOR to SCRYPT_CEILING")
    if len(_normal(passphrase)) < MIN_PASSPHRASE:
        raise error(Reason.PASSPHRASE_WRONG, hint=f"at least {MIN_PASSPHRASE} characters")
    check_private_directory(path.parent)
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = random(_SALT_BYTES), random(_NONCE_BYTES)
    plain = json.dumps({name: _text(key) for name, key in sorted(keys.items())}).encode()
    sealed = AESGCM(_file_key(passphrase, n, salt)).encrypt(nonce, plain, _head(n, salt))
    document = {"format": _FORMAT, "n": n, "r": _R, "p": _P}
    document |= {"salt": _text(salt), "nonce": _text(nonce), "sealed": _text(sealed)}
    write_private(path, json.dumps(document, indent=1).encode() + b"\n")


def load_keys(path: Path, passphrase: str) -> dict[str, bytes]:
    """The keys in ``path``, by name.

    Raises:
        LocalFault: PASSPHRASE_WRONG when the passphrase does not open it, or its bytes were changed; IDENTITY_EXPOSED
            when others can read it or its directory; IDENTITY_INVALID when it is missing or no key file.
    """
    content = read_private(path, limit=MAX_FILE)
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        n, salt, nonce, sealed = _parse(content)
    except (ValueError, RecursionError) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="the key file is damaged") from exc
    try:
        plain = AESGCM(_file_key(passphrase, n, salt)).decrypt(nonce, sealed, _head(n, salt))
    except InvalidTag as exc:
        raise error(Reason.PASSPHRASE_WRONG, hint="it does not open the key file") from exc
    try:
        return {name: _raw(key) for name, key in _object(plain).items()}
    except (ValueError, RecursionError) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="the key file is damaged") from exc


def _parse(content: bytes) -> tuple[int, bytes, bytes, bytes]:
    document = _object(content)
    if set(document) != _FIELDS or document["format"] != _FORMAT:
        raise ValueError("fields")
    n = document["n"]
    if type(n) is not int or not _good_cost(n) or (document["r"], document["p"]) != (_R, _P):
        raise ValueError("cost")
    salt, nonce, sealed = (_raw(document[name]) for name in ("salt", "nonce", "sealed"))
    if len(salt) != _SALT_BYTES or len(nonce) != _NONCE_BYTES or len(sealed) < 16:
        raise ValueError("lengths")
    return n, salt, nonce, sealed


def _object(content: bytes) -> dict[str, Any]:
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("no object")
    return document


def _good_cost(n: int) -> bool:
    return SCRYPT_FLOOR <= n <= SCRYPT_CEILING and n & (n - 1) == 0


def _file_key(passphrase: str, n: int, salt: bytes) -> bytes:
    # A terminal or a file can give lone surrogates; they are part of the secret, not an error.
    secret = _normal(passphrase).encode("utf-8", "surrogatepass")
    memory = 128 * _R * (n + _P + 2)
    return hashlib.scrypt(secret, salt=salt, n=n, r=_R, p=_P, maxmem=memory, dklen=32)


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFC", passphrase)


def _head(n: int, salt: bytes) -> bytes:
    return b"%b n=%d r=%d p=%d salt=%b" % (_FORMAT.encode(), n, _R, _P, salt)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("no text")
    return base64.b64decode(text, validate=True)
