"""The anchor: the highest checkpoint, kept outside the database, so that a restored database is told from the true one.

 * Order of a batch: commit, then ``write`` here, then release. So the database is never behind an honest anchor, and
   whatever anybody holds is at or below it. A crash between commit and write leaves the database ahead: allowed.
 * ``tocsin-hub init`` anchors the checkpoint of the empty log before the first commit. From then on a database with
   leaves and no anchor is refused: a lost anchor is no excuse.
 * A write goes to the slot that does not hold the newest note; a torn one costs itself, never the note before.
 * The anchor moves forward within one log only. The one way back is a new epoch, with a new file.

File: two slots of 4,096 bytes (each a page of its own), written alternately. Slot = "TOCSANC1" ‖ sequence u64 ‖
length u32 ‖ note ‖ CRC-32 of all before, integers big-endian. The valid slot of the highest sequence counts; sequence 0
holds no note.
"""

import errno
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import Struct

from tocsin.core.checkpoint import Checkpoint, parse_note
from tocsin.core.errors import BusError, Malformed, Reason, error

SLOT_BYTES = 4096
_HEADER = Struct(">8sQI")
_CRC = Struct(">I")
_MAGIC = b"TOCSANC1"

MAX_ANCHOR_BYTES = SLOT_BYTES - _HEADER.size - _CRC.size
"""Longest note a slot takes; the log's own has about 200 bytes."""


class AnchorFile:
    """The anchor on disk. One process at a time writes it (the hub holds its data directory's lock)."""

    def __init__(self, path: Path) -> None:
        """Opens the anchor; makes it, without a note, when there is none.

        Raises:
            LocalFault: CORRUPT when no slot can be read.
            StoreBusy: STORE_FULL when the disk takes no new file.
        """
        try:
            if not path.exists():
                _create(path)
            self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as exc:
            raise _disk_fault(exc) from exc
        try:
            self._sequence, note, self._slot = _newest(self._fd)
            self._head = _checkpoint(note) if note else None
        except BaseException:
            os.close(self._fd)
            raise
        self._note = note or None

    def read(self) -> bytes | None:
        """The newest note, or None before the first write."""
        return self._note

    def write(self, note: bytes) -> None:
        """Makes ``note`` the newest; it is on disk when this returns. After an error the note before still stands.

        Raises:
            Malformed: MALFORMED or FIELD_INVALID for what is no checkpoint or does not fit a slot.
            LocalFault: ROLLBACK when it would move back or to another log.
            StoreBusy: STORE_FULL when the disk does not take it.
        """
        head, _ = parse_note(note)
        if len(note) > MAX_ANCHOR_BYTES:
            raise error(
                Reason.MALFORMED, field="checkpoint", hint=f"an anchored note has at most {MAX_ANCHOR_BYTES} bytes"
            )
        if self._head is not None and not _follows(self._head, head):
            raise error(Reason.ROLLBACK, field="checkpoint")
        sequence, slot = self._sequence + 1, 1 - self._slot
        try:
            _write_all(self._fd, _encode(sequence, note), slot * SLOT_BYTES)
            os.fdatasync(self._fd)
        except OSError as exc:
            raise _disk_fault(exc) from exc
        self._sequence, self._slot, self._note, self._head = sequence, slot, note, head

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)


def check(anchor_note: bytes | None, *, size: int, root_at: Callable[[int], bytes]) -> None:
    """Refuses a database that is behind the anchor or tells another story.

    Args:
        anchor_note: What ``AnchorFile.read`` gave.
        size: Leaves in the database.
        root_at: ``root_at(n)`` computes the root over the database's first n leaves; asked once, for the anchor's size.

    Raises:
        LocalFault: ROLLBACK when the database is behind, forked, or has leaves and no anchor; CORRUPT for a note nobody
            can read.
    """
    if anchor_note is None:
        if size:
            raise error(Reason.ROLLBACK, field="anchor")
        return
    anchored = _checkpoint(anchor_note)
    if size < anchored.size or root_at(anchored.size) != anchored.root:
        raise error(Reason.ROLLBACK, field="checkpoint")


def anchored_size(anchor_note: bytes | None) -> int:
    """Leaves the anchor speaks of; 0 without one.

    Raises:
        LocalFault: CORRUPT for a note nobody can read.
    """
    return _checkpoint(anchor_note).size if anchor_note is not None else 0


def _follows(old: Checkpoint, new: Checkpoint) -> bool:
    if new.size == old.size:
        return new == old
    return new.origin == old.origin and new.size > old.size


def _checkpoint(note: bytes) -> Checkpoint:
    try:
        return parse_note(note)[0]
    except Malformed:
        raise error(Reason.CORRUPT, hint="the log's anchor") from None


def _newest(fd: int) -> tuple[int, bytes, int]:
    """(sequence, note, slot) of the valid slot that was written last."""
    try:
        slots = [_decode(os.pread(fd, SLOT_BYTES, n * SLOT_BYTES)) for n in (0, 1)]
    except OSError as exc:
        raise _disk_fault(exc) from exc
    readable = [(*slot, n) for n, slot in enumerate(slots) if slot is not None]
    if not readable:
        raise error(Reason.CORRUPT, hint="the log's anchor")
    return max(readable)


def _encode(sequence: int, note: bytes) -> bytes:
    record = _HEADER.pack(_MAGIC, sequence, len(note)) + note
    return record + _CRC.pack(zlib.crc32(record))


def _decode(slot: bytes) -> tuple[int, bytes] | None:
    """(sequence, note) of a slot, or None when it is torn, damaged or never written."""
    if len(slot) < _HEADER.size + _CRC.size:
        return None
    magic, sequence, length = _HEADER.unpack_from(slot)
    end = _HEADER.size + length
    if magic != _MAGIC or end + _CRC.size > len(slot):
        return None
    if _CRC.unpack_from(slot, end) != (zlib.crc32(slot[:end]),):
        return None
    return sequence, slot[_HEADER.size : end]


def _create(path: Path) -> None:
    """A file with an empty note in slot 0 appears whole or not at all, so an unreadable one is always damage."""
    draft = path.with_name(path.name + ".new")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write_all(fd, _encode(0, b"").ljust(2 * SLOT_BYTES, b"\x00"), 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def _disk_fault(exc: OSError) -> BusError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return error(Reason.STORE_FULL)
    return error(Reason.CORRUPT, hint="the log's anchor", cause=errno.errorcode.get(exc.errno or 0, "I/O error"))
