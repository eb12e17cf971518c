"""A folder that two programs share which know nothing of each other: nothing in it is ever half there.

 * A file is written under a hidden name, fsynced, renamed, and its directory fsynced: it is whole or not there.
 * A file of the other side is taken only under a finished name (``takes``): it is renamed into a hidden directory first,
   and from then on only we touch it. Its name there is free wherever it goes later, so that every step may be done twice.
 * Every path is a bare name below a directory that was opened once: no link is followed, nothing outside is reached.
 * The folder is closed to others than its owner and group, and one gateway at a time works in it.
"""

import contextlib
import fcntl
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tocsin.core.errors import Reason, error

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""A thousand answers with their notes have some 300 KB; a longer file is a wrong one."""

MAX_NAME_BYTES: Final = 180
"""Of a name that is kept: a file system takes 255, and ours append ``.reason.json`` and a number."""

ORDERS, ENDED, ANSWERS, SEND, SENT = "orders", "ended", "answers", "send", "sent"
DONE, REJECTED = "done", "rejected"
TAKEN_ANSWERS, TAKEN_SEND = ".answers", ".send"
PLACES: Final = (ORDERS, ENDED, ANSWERS, SEND, SENT, DONE, REJECTED, TAKEN_ANSWERS, TAKEN_SEND)
"""The directories of a folder. The other side writes into ``answers`` and ``send`` alone."""

_TAKEN = {ANSWERS: TAKEN_ANSWERS, SEND: TAKEN_SEND}
_UNFINISHED = (".tmp", ".part")
_NEW = ".new"

_log = logging.getLogger("tocsin.folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file as it was read; ``mark`` is the same as long as it is this very file with this very content."""

    data: bytes
    mark: str


def takes(name: str) -> bool:
    """Whether a file of this name is finished: no dot or tilde in front, no ``.tmp`` or ``.part`` behind."""
    return not name.startswith((".", "~")) and not name.lower().endswith(_UNFINISHED)


class Folder:
    """The folder. Make it with ``open``, end it with ``close``.

    Methods that touch the disk raise OSError when it fails; nothing is half done then.
    """

    def __init__(self, root: int, lock: int, places: dict[str, int]) -> None:
        self._root = root
        self._lock = lock
        self._places = places
        self._stuck: set[str] = set()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the folder and makes what is missing in it.

        Raises:
            LocalFault: SETUP_INVALID: it is not there, open to others, in use, or not one file system of directories.
        """
        with contextlib.ExitStack() as undo:
            try:
                root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                undo.callback(os.close, root)
                status = os.fstat(root)
                if status.st_mode & stat.S_IRWXO:
                    raise error(Reason.SETUP_INVALID, field="folder", rule="closed to others: chmod o-rwx")
                lock = os.open(".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660, dir_fd=root)
                undo.callback(os.close, lock)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as exc:
                    raise error(Reason.SETUP_INVALID, field="folder", rule="one gateway at a time in a folder") from exc
                places = {}
                for place in PLACES:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(place, 0o770, dir_fd=root)
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                    places[place] = os.open(place, flags, dir_fd=root)
                    undo.callback(os.close, places[place])
                    if os.fstat(places[place]).st_dev != status.st_dev:
                        raise error(Reason.SETUP_INVALID, field="folder", rule="all of it on one file system")
                os.fsync(root)
                folder = cls(root, lock, places)
                folder._clear()
            except OSError as exc:
                rule = "a directory that can be written, and no links in it"
                raise error(Reason.SETUP_INVALID, field="folder", rule=rule) from exc
            undo.pop_all()
        return folder

    def close(self) -> None:
        """Lets go of the folder."""
        for fd in (*self._places.values(), self._lock, self._root):
            os.close(fd)

    # -- taking -----------------------------------------------------------------------------------------------------------------

    def take(self, place: str) -> list[str]:
        """Takes what lies finished in ``place``; the names of all that is taken there, of earlier lives too, in order."""
        source, target = self._places[place], self._places[_TAKEN[place]]
        moved = False
        for name in sorted(os.listdir(source)):
            if not takes(name):
                continue
            try:
                os.rename(name, self._free(name), src_dir_fd=source, dst_dir_fd=target)
                moved = True
            except FileNotFoundError:  # its writer has taken it back
                continue
            except OSError as exc:
                if name not in self._stuck:
                    _log.error("a file in %s cannot be taken: %s", place, exc.strerror)
                    self._stuck.add(name)
        if moved:
            self._sync(source, target)
        return sorted(os.listdir(target))

    def read_taken(self, place: str, name: str) -> Content:
        """The content of a file that was taken from ``place``.

        Raises:
            Malformed: FIELD_INVALID: a link, a directory or the like; too long; not ours to read.
        """
        try:
            # Without O_NONBLOCK a named pipe in its place would hold us for ever.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            fd = os.open(name, flags, dir_fd=self._places[_TAKEN[place]])
        except PermissionError as exc:
            raise error(Reason.FIELD_INVALID, field="file", rule="readable for the gateway") from exc
        except OSError as exc:
            raise error(Reason.FIELD_INVALID, field="file", rule="an ordinary file, no link") from exc
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise error(Reason.FIELD_INVALID, field="file", rule="an ordinary file, no link")
            with open(fd, "rb", closefd=False) as file:
                data = file.read(MAX_FILE_BYTES + 1)
        finally:
            os.close(fd)
        if len(data) > MAX_FILE_BYTES:
            raise error(Reason.FIELD_INVALID, field="file", rule=f"at most {MAX_FILE_BYTES // 2**20} MiB")
        return Content(data=data, mark=f"{status.st_ino}/{status.st_mtime_ns}")

    def put_away(self, place: str, name: str, to: str) -> None:
        """Moves a file that was taken from ``place`` where it stays."""
        source, target = self._places[_TAKEN[place]], self._places[to]
        os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
        self._sync(source, target)

    # -- our own files ----------------------------------------------------------------------------------------------------------

    def write(self, place: str, name: str, content: bytes) -> None:
        """Puts a file durably in its place, over one of the same name."""
        target, new = self._places[place], f".{name}{_NEW}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new, dir_fd=target)
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660, dir_fd=target)
        try:
            with open(fd, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(fd)
            os.rename(new, name, src_dir_fd=target, dst_dir_fd=target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new, dir_fd=target)
            raise
        self._sync(target)

    def names(self, place: str) -> list[str]:
        """What lies finished in one of our places, in order."""
        return sorted(name for name in os.listdir(self._places[place]) if takes(name))

    def read(self, place: str, name: str) -> bytes:
        """The content of a file that we wrote."""
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self._places[place])
        with open(fd, "rb") as file:
            return file.read(2 * MAX_FILE_BYTES)

    def retire(self, place: str, name: str) -> None:
        """Moves a file of ours to ``done``, unless the other side has taken it."""
        source, target = self._places[place], self._places[DONE]
        with contextlib.suppress(FileNotFoundError):
            os.rename(name, self._free(name), src_dir_fd=source, dst_dir_fd=target)
            self._sync(source, target)

    # -- inside -----------------------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        """Removes what a write that was cut off has left."""
        for place in (ORDERS, ENDED, SENT, REJECTED):
            for name in os.listdir(self._places[place]):
                if name.startswith(".") and name.endswith(_NEW):
                    os.unlink(name, dir_fd=self._places[place])

    def _free(self, name: str) -> str:
        """``name``, or the like of it, that nothing has where a file may come to lie."""
        short = os.fsdecode(os.fsencode(name)[:MAX_NAME_BYTES])
        stem, dot, suffix = short.rpartition(".")
        where = [self._places[one] for one in (TAKEN_ANSWERS, TAKEN_SEND, DONE, REJECTED, SENT)]
        for candidate in _numbered(stem if dot else short, dot + suffix if dot else ""):
            if not any(_exists(one, fd) for fd in where for one in (candidate, *companions(candidate))):
                return candidate
        raise AssertionError("numbers do not end")

    def _sync(self, *fds: int) -> None:
        for fd in fds:
            os.fsync(fd)


def companions(name: str) -> Iterable[str]:
    """The names of what may be written about a file."""
    return (f"{name}.result.json", f"{name}.result.csv", f"{name}.reason.json", f"{name}.reason.txt")


def _numbered(stem: str, suffix: str) -> Iterator[str]:
    yield stem + suffix
    number = 2
    while True:
        yield f"{stem}-{number}{suffix}"
        number += 1


def _exists(name: str, fd: int) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
