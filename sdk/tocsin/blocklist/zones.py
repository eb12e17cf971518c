"""A blocklist as resolvers read it. Each file is replaced whole: a reader finds the old one or the new one.

* RPZ: a response policy zone (draft-vixie-dnsop-dns-rpz §4.1.1); ``CNAME .`` answers NXDOMAIN, for the name and all under it.
* hosts: ``0.0.0.0 name``; it cannot say "and all under it".
* CSV: name, end (RFC 3339), threads; for people and other programs.
"""

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from tocsin.blocklist.copy import Blocklist

TTL_SECONDS = 60
"""How long a resolver's clients keep an answer: a name that was let go of is back within a minute."""

EXPIRE_SECONDS = 432_000
"""How long a secondary that cannot reach us goes on with what it has: five days, shorter than any block."""


def write_rpz(blocklist: Blocklist, path: Path, *, zone: str = "block.invalid") -> int:
    """Writes the zone file of ``zone``; returns how many names it blocks.

    Raises:
        OSError: The file cannot be written.
    """
    serial = blocklist.next_serial(zone)
    head = (
        f"$TTL {TTL_SECONDS}\n$ORIGIN {zone}.\n"
        f"@ IN SOA localhost. nobody.invalid. {serial} 60 60 {EXPIRE_SECONDS} {TTL_SECONDS}\n@ IN NS localhost.\n"
    )
    names = blocklist.plain_names()
    _replace(path, [head, *(f"{name} CNAME .\n*.{name} CNAME .\n" for name in names)])
    return len(names)


def write_hosts(blocklist: Blocklist, path: Path) -> int:
    """Writes a hosts file; returns how many names it blocks. Raises as ``write_rpz``."""
    names = blocklist.plain_names()
    _replace(path, [f"0.0.0.0 {name}\n" for name in names])
    return len(names)


def write_csv(blocklist: Blocklist, path: Path) -> int:
    """Writes name, end and threads; returns how many names. Raises as ``write_rpz``."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("domain", "ends_at", "threads"))
    count = 0
    for one in blocklist.names():
        rows.writerow((one.name, one.ends_at.isoformat().replace("+00:00", "Z"), " ".join(one.threads)))
        count += 1
    _replace(path, [text.getvalue()])
    return count


def _replace(path: Path, lines: Iterable[str]) -> None:
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="ascii") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
