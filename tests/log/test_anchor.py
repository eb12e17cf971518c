"""The anchor file: torn writes, damage, and databases that went back or sideways."""

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tocsin.core.checkpoint import Checkpoint, sign_note
from tocsin.core.errors import BusError, LocalFault, Malformed, Reason, StoreBusy
from tocsin.core.merkle import EMPTY_ROOT, leaf_hash, root_of
from tocsin_hub.log import anchor
from tocsin_hub.log.anchor import MAX_ANCHOR_BYTES, SLOT_BYTES, AnchorFile, check

ORIGIN = "tocsin.example/1"
LEAVES = [leaf_hash(bytes([n])) for n in range(8)]


def note(size: int, *, root: bytes | None = None, origin: str = ORIGIN) -> bytes:
    head = Checkpoint(origin, size, root_of(LEAVES[:size]) if root is None else root)
    return sign_note(head, origin, bytes(32), lambda data: sha256(data).digest() * 2)


def root_at(size: int) -> bytes:
    return root_of(LEAVES[:size])


OTHER_RECORD = anchor._HEADER.pack(b"TOCSANC2", 1, 0)
OTHER_FORMAT = OTHER_RECORD + anchor._CRC.pack(zlib.crc32(OTHER_RECORD))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchor"


@pytest.fixture
def file(path: Path) -> Iterator[AnchorFile]:
    opened = AnchorFile(path)
    yield opened
    opened.close()


def reopened(path: Path) -> bytes | None:
    again = AnchorFile(path)
    try:
        return again.read()
    finally:
        again.close()


def test_a_new_anchor_holds_nothing_and_is_for_the_owner_alone(file: AnchorFile, path: Path) -> None:
    assert file.read() is None
    assert reopened(path) is None
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == 2 * SLOT_BYTES
    assert [entry.name for entry in path.parent.iterdir()] == ["anchor"]


def test_the_newest_note_is_read_back_after_every_write(file: AnchorFile, path: Path) -> None:
    for size in range(8):
        file.write(note(size))
        assert file.read() == reopened(path) == note(size)
    assert path.stat().st_size == 2 * SLOT_BYTES


def test_a_shorter_note_over_a_longer_one_leaves_no_trace_of_it(path: Path, file: AnchorFile) -> None:
    head = note(1)
    long_witness = b"\xe2\x80\x94 witness.example " + b"QUFB" * 400 + b"\n"
    for data in (head + long_witness, head + long_witness, head, head):
        file.write(data)
        assert reopened(path) == data


@pytest.mark.parametrize("newest", [4, 5], ids=["slot 0 newer", "slot 1 newer"])
def test_a_write_torn_at_any_byte_leaves_the_old_note_or_the_new_one(path: Path, newest: int) -> None:
    file = AnchorFile(path)
    for size in range(1, newest):
        file.write(note(size))
    before = path.read_bytes()
    file.write(note(newest))
    file.close()
    after = path.read_bytes()
    changed = [n for n in range(len(after)) if before[n] != after[n]]
    assert {n // SLOT_BYTES for n in changed} == {newest % 2}
    for cut in range(changed[0], changed[-1] + 1):
        path.write_bytes(after[:cut] + before[cut:])
        assert reopened(path) == note(newest - 1)
        path.write_bytes(before[:cut] + after[cut:])
        assert reopened(path) == note(newest if cut == changed[0] else newest - 1)


@pytest.mark.parametrize("newest", [4, 5], ids=["slot 0 newer", "slot 1 newer"])
def test_any_byte_of_the_newer_slot_flipped_leaves_the_older_note(path: Path, newest: int) -> None:
    file = AnchorFile(path)
    for size in range(1, newest + 1):
        file.write(note(size))
    file.close()
    whole = path.read_bytes()
    start = newest % 2 * SLOT_BYTES
    used = len(anchor._encode(newest, note(newest)))
    for position in range(start, start + used + 16):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        assert reopened(path) == note(newest - 1 if position < start + used else newest)


def test_a_file_cut_anywhere_in_the_newer_slot_leaves_the_older_note_and_can_be_written_again(path: Path) -> None:
    file = AnchorFile(path)
    for size in range(1, 6):
        file.write(note(size))
    file.close()
    whole = path.read_bytes()
    used = len(anchor._encode(5, note(5)))
    for length in range(SLOT_BYTES, SLOT_BYTES + used):
        path.write_bytes(whole[:length])
        assert reopened(path) == note(4)
    again = AnchorFile(path)
    again.write(note(6))
    again.close()
    assert reopened(path) == note(6)


@pytest.mark.parametrize(
    "content",
    [b"", OTHER_FORMAT, bytes(2 * SLOT_BYTES), b"\xff" * 2 * SLOT_BYTES],
    ids=["empty", "other format", "zeros", "ones"],
)
def test_a_file_without_a_readable_slot_is_damage_and_not_a_new_anchor(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LocalFault) as refusal:
        AnchorFile(path)
    assert refusal.value.reason is Reason.CORRUPT
    assert path.read_bytes() == content


def test_a_whole_slot_that_holds_no_checkpoint_is_damage(path: Path) -> None:
    path.write_bytes(anchor._encode(3, b"no checkpoint").ljust(2 * SLOT_BYTES, b"\x00"))
    with pytest.raises(LocalFault) as refusal:
        AnchorFile(path)
    assert refusal.value.reason is Reason.CORRUPT


def test_a_draft_left_by_a_crash_before_the_first_anchor_does_no_harm(path: Path) -> None:
    path.with_name("anchor.new").write_bytes(b"half")
    assert reopened(path) is None


@pytest.mark.parametrize(
    "back",
    [note(2), note(3, root=bytes(32)), note(3, origin="tocsin.example/2"), note(4, origin="tocsin.example/2")],
    ids=["smaller", "other root", "other log", "larger of another log"],
)
def test_the_anchor_never_moves_back_or_to_another_tree(file: AnchorFile, path: Path, back: bytes) -> None:
    file.write(note(3))
    content = path.read_bytes()
    with pytest.raises(LocalFault) as refusal:
        file.write(back)
    assert refusal.value.reason is Reason.ROLLBACK
    assert (file.read(), path.read_bytes()) == (note(3), content)


@pytest.mark.parametrize(
    "bad", [b"", b"rubbish", note(4) + b"\xe2\x80\x94 w.example " + b"QUFB" * (MAX_ANCHOR_BYTES // 4) + b"\n"]
)
def test_what_is_no_checkpoint_or_too_long_is_refused_and_changes_nothing(
    file: AnchorFile, path: Path, bad: bytes
) -> None:
    file.write(note(3))
    content = path.read_bytes()
    with pytest.raises(Malformed):
        file.write(bad)
    assert (file.read(), path.read_bytes()) == (note(3), content)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (errno.ENOSPC, StoreBusy, Reason.STORE_FULL),
        (errno.EROFS, StoreBusy, Reason.STORE_FULL),
        (errno.EIO, LocalFault, Reason.CORRUPT),
    ],
)
@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_a_disk_that_fails_is_reported_and_the_note_before_still_stands(
    file: AnchorFile,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
    kind: type[BusError],
    reason: Reason,
) -> None:
    file.write(note(3))

    def fails(*_: Any) -> None:
        raise OSError(code, os.strerror(code), str(path))

    with monkeypatch.context() as faults:
        faults.setattr(os, call, fails)
        with pytest.raises(kind) as refusal:
            file.write(note(4))
    assert refusal.value.reason is reason
    assert str(path) not in str(refusal.value)
    assert file.read() == note(3)
    file.write(note(5))
    assert file.read() == reopened(path) == note(5)


def test_a_write_taken_in_pieces_by_the_disk_is_whole(
    file: AnchorFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:100], offset))
    file.write(note(3))
    assert reopened(path) == note(3)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    def recorded(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            made.append(name)
            return real(*args, **more)

        return call

    for name in ("pwrite", "fdatasync", "fsync", "rename"):
        monkeypatch.setattr(os, name, recorded(name, getattr(os, name)))
    return made


def test_a_note_is_synced_before_write_returns(file: AnchorFile, calls: list[str]) -> None:
    calls.clear()
    file.write(note(1))
    assert calls == ["pwrite", "fdatasync"]


def test_a_new_anchor_is_synced_whole_then_named_then_its_name_is_synced(path: Path, calls: list[str]) -> None:
    AnchorFile(path).close()
    assert calls == ["pwrite", "fsync", "rename", "fsync"]


def test_a_place_that_takes_no_file_is_reported_without_its_path(tmp_path: Path) -> None:
    for place in (tmp_path / "absent" / "anchor", tmp_path):
        with pytest.raises(LocalFault) as refusal:
            AnchorFile(place)
        assert str(tmp_path) not in str(refusal.value)


@pytest.mark.parametrize("size", [5, 6, 8])
def test_a_database_at_or_beyond_its_anchor_is_good(size: int) -> None:
    asked: list[int] = []

    def root(at: int) -> bytes:
        asked.append(at)
        return root_at(at)

    check(note(5), size=size, root_at=root)
    assert asked == [5]


@pytest.mark.parametrize("size", [0, 1, 4])
def test_a_database_behind_its_anchor_is_a_rollback(size: int) -> None:
    with pytest.raises(LocalFault) as refusal:
        check(note(5), size=size, root_at=root_at)
    assert refusal.value.reason is Reason.ROLLBACK


def test_a_database_that_forked_below_its_anchor_is_a_rollback() -> None:
    forked = [*LEAVES[:4], leaf_hash(b"another"), *LEAVES[5:]]
    with pytest.raises(LocalFault) as refusal:
        check(note(5), size=8, root_at=lambda size: root_of(forked[:size]))
    assert refusal.value.reason is Reason.ROLLBACK


def test_a_database_with_leaves_whose_anchor_is_lost_is_refused_and_an_empty_one_is_not() -> None:
    check(None, size=0, root_at=root_at)
    check(note(0), size=0, root_at=root_at)
    with pytest.raises(LocalFault) as refusal:
        check(None, size=1, root_at=root_at)
    assert refusal.value.reason is Reason.ROLLBACK


def test_the_empty_log_can_be_anchored_before_the_first_commit(file: AnchorFile) -> None:
    file.write(note(0, root=EMPTY_ROOT))
    check(file.read(), size=0, root_at=root_at)


def test_a_note_nobody_can_read_is_damage() -> None:
    with pytest.raises(LocalFault) as refusal:
        check(b"rubbish", size=8, root_at=root_at)
    assert refusal.value.reason is Reason.CORRUPT
