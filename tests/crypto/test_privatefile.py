"""Files only their owner may read, written whole or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tocsin.core.errors import LocalFault, Reason
from tocsin.crypto.privatefile import check_private_directory, read_private, write_private

LIMIT = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    write_private(tmp_path / "file", b"first")
    return tmp_path / "file"


def reason(call: Any, *args: Any, **kwargs: Any) -> Reason:
    with pytest.raises(LocalFault) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def read(path: Path) -> bytes:
    return read_private(path, limit=LIMIT)


def test_what_was_written_is_read_and_only_its_owner_can(path: Path) -> None:
    assert read(path) == b"first"
    write_private(path, b"second")
    assert read(path) == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_that_others_can_reach_is_refused_and_left_as_it_is(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert reason(read, path) is Reason.IDENTITY_EXPOSED
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o701, 0o777])
def test_a_directory_that_others_can_enter_is_refused_for_reading_and_writing(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    assert reason(check_private_directory, path.parent) is Reason.IDENTITY_EXPOSED
    assert reason(read, path) is Reason.IDENTITY_EXPOSED
    assert reason(write_private, path, b"second") is Reason.IDENTITY_EXPOSED
    path.parent.chmod(0o700)
    assert read(path) == b"first"
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("strangers", ["file", "directory"])
def test_what_belongs_to_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, strangers: str) -> None:
    me = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    call = read if strangers == "file" else check_private_directory
    assert reason(call, path if strangers == "file" else path.parent) is Reason.IDENTITY_EXPOSED
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert read(path) == b"first"


def test_what_is_missing_or_no_file_is_refused(path: Path) -> None:
    folder = path.parent
    (folder / "link").symlink_to(path)
    (folder / "folder").mkdir(0o700)
    os.mkfifo(folder / "pipe", 0o600)
    for name in ("missing", "link", "folder", "pipe"):
        assert reason(read, folder / name) is Reason.IDENTITY_INVALID, name
    for parent in (folder / "missing", path):
        assert reason(read, parent / "file") is Reason.IDENTITY_INVALID
        assert reason(write_private, parent / "file", b"") is Reason.IDENTITY_INVALID


def test_a_file_above_the_limit_is_refused(path: Path) -> None:
    write_private(path, bytes(LIMIT))
    assert read(path) == bytes(LIMIT)
    write_private(path, bytes(LIMIT + 1))
    assert reason(read, path) is Reason.IDENTITY_INVALID


def test_a_symbolic_link_is_replaced_and_what_it_names_is_left_alone(path: Path) -> None:
    link = path.parent / "link"
    link.symlink_to(path)
    write_private(link, b"second")
    assert (read(path), read(link)) == (b"first", b"second")


def test_the_rest_of_a_write_that_was_cut_off_does_no_harm(path: Path) -> None:
    other = path.parent / "other"
    other.write_bytes(b"other")
    (path.parent / ".file.new").symlink_to(other)
    write_private(path, b"second")
    assert (read(path), other.read_bytes()) == (b"second", b"other")
    assert not (path.parent / ".file.new").exists()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as broken:
        broken.setattr(os, step, full)
        assert reason(write_private, path, b"second") is Reason.IDENTITY_INVALID
    assert read(path) == b"first"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_file_then_directory_are_synced_around_the_rename(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(fd: int) -> None:
        steps.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        fsync(fd)

    def renamed(old: Path, new: Path) -> None:
        steps.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    write_private(path, b"second")
    assert steps == [".file.new", "rename", path.parent.name]
