"""The verb ``verify``: checks a log export offline, and says in words what holds.

 * The file is JSON lines: ``{"format": "tocsin-log-1", "origin": …, "log_key": hex}``, ``{"leaf": base64}`` for each leaf in order,
   ``{"checkpoint": base64}``. Nothing may follow.
 * What the file says of its own key proves nothing about who made it: the key is compared with one given, or with the bus's own.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.show import EXIT_FAILED, error_json, print_json, say
from tocsin.cli.words import word
from tocsin.core.errors import BusError, Reason, error

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings

FORMAT = "tocsin-log-1"
MAX_LINE = 256 * 1024
"""Characters: the longest line is the checkpoint with witnesses' signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExport:
    """What a file held, once all of it was checked.

    Attributes:
        size: Number of leaves, which is that of the checkpoint.
        last_us: When the last message was accepted; 0 for an empty log.
    """

    origin: str
    log_key: bytes
    size: int
    root: bytes
    last_us: int


def verify_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Written by tocsin-hub log export.")],
    log_key: Annotated[str | None, typer.Option(help="The log's Ed25519 key in hex, from a source you trust.")] = None,
) -> None:
    """Check a log export offline. Exit 1 when it does not hold."""
    settings: Settings = ctx.obj
    trusted = _trusted(settings, log_key)
    try:
        with file.open(encoding="utf-8") as lines:
            found = check(lines)
        if trusted is not None and trusted != found.log_key:
            raise error(Reason.PROOF_INVALID, field="log_key", rule="the log key you trust")
    except (BusError, UnicodeDecodeError) as failure:
        wrong = failure if isinstance(failure, BusError) else _wrong(0)
        if settings.json:
            print_json({"holds": False, "error": error_json(wrong, settings.lang)})
        else:
            say(word("verify-failed", settings.lang, text=wrong.text(settings.lang)))
        raise typer.Exit(EXIT_FAILED) from None
    if settings.json:
        print_json({
            "holds": True, "origin": found.origin, "size": found.size, "root": found.root.hex(),
            "log_key": found.log_key.hex(), "key_trusted": trusted is not None,
        })  # fmt: skip
        return
    statements = [
        word("verify-format", settings.lang, origin=found.origin, size=found.size),
        word("verify-leaves", settings.lang),
        word("verify-chain", settings.lang),
        word("verify-root", settings.lang),
        word("verify-signature", settings.lang, key=found.log_key.hex()),
        *([word("verify-pinned", settings.lang)] if trusted is not None else []),
    ]
    for statement in statements:
        say(f"✓ {statement}")
    if trusted is None:
        say(f"! {word('verify-unpinned', settings.lang)}")
    say(word("verify-holds", settings.lang, count=len(statements)))


def check(lines: Iterable[str]) -> LogExport:
    """Checks an export.

    Raises:
        Malformed: DOCUMENT_INVALID with the line at fault, or what is wrong with a leaf.
        SignatureInvalid: PROOF_INVALID when leaves and checkpoint disagree; SIGNATURE_INVALID.
    """
    from tocsin.core.checkpoint import verify_note
    from tocsin.core.leaf import Leaf
    from tocsin.core.merkle import leaf_hash, root_of
    from tocsin.crypto.ed25519 import verify

    number, origin, key, note = 0, "", b"", b""
    hashes: list[bytes] = []
    heads: tuple[int, bytes] | None = None
    last_us = 0
    for number, line in enumerate(lines, 1):
        row = _row(line, number)
        if number == 1:
            origin, key = _header(row)
        elif note:
            raise _wrong(number)
        elif row.keys() == {"leaf"}:
            raw = _base64(row["leaf"], number)
            leaf = Leaf.decode(raw)
            version = (leaf.directory_version, leaf.directory_head)
            if leaf.accepted_us < last_us:
                raise error(Reason.PROOF_INVALID, field=f"leaf {len(hashes)}", rule="times never decrease along the log")
            if heads is not None and version != heads and version[0] <= heads[0]:
                raise error(Reason.PROOF_INVALID, field=f"leaf {len(hashes)}", rule="one directory, whose version never decreases")
            last_us, heads = leaf.accepted_us, version
            hashes.append(leaf_hash(raw))
        elif row.keys() == {"checkpoint"}:
            note = _base64(row["checkpoint"], number)
        else:
            raise _wrong(number)
    if not note:
        raise _wrong(number + 1)
    head = verify_note(note, origin=origin, public_key=key, verify=verify)
    if head.size != len(hashes):
        raise error(Reason.PROOF_INVALID, field="checkpoint", rule="as many leaves as the checkpoint counts")
    if head.root != root_of(hashes):
        raise error(Reason.PROOF_INVALID, field="checkpoint", rule="the root over the leaves")
    return LogExport(origin=origin, log_key=key, size=head.size, root=head.root, last_us=last_us)


def _trusted(settings: "Settings", log_key: str | None) -> bytes | None:
    if log_key is not None:
        return _key(log_key)
    if settings.identity is None:
        return None
    from tocsin.client.identity import public_facts

    trusted: bytes = public_facts(settings.identity)["log_key"]
    return trusted


def _key(text: object) -> bytes:
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        key = b""
    if len(key) != 32:
        raise error(Reason.FIELD_INVALID, field="log_key", rule="64 hex digits")
    return key


def _header(row: dict[str, Any]) -> tuple[str, bytes]:
    if row.get("format") != FORMAT or row.keys() != {"format", "origin", "log_key"} or not isinstance(row["origin"], str):
        raise _wrong(1)
    return row["origin"], _key(row["log_key"])


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line) if len(line) <= MAX_LINE else None
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise _wrong(number)
    return row


def _base64(text: object, number: int) -> bytes:
    try:
        return b64decode(text if isinstance(text, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(number) from None


def _wrong(number: int) -> BusError:
    return error(Reason.DOCUMENT_INVALID, field="log export", row=f"line {number}")
