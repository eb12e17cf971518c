"""Files only their owner may read: the identity directory and what lies in it.

* The directory is 0700 and a file in it 0600, both of the user who runs the program (root may read anyone's). What
  others can read is refused, not repaired: a key that may have been copied is no key.
* The checks are made on the opened file, and a symbolic link in its place is not followed.
* A write is whole or has not happened: new file, fsync, rename, fsync of the directory.
"""

import os
import stat
from pathlib import Path

from tocsin.core.errors import Reason, error


def check_private_directory(directory: Path) -> None:
    """Checks that nobody but its owner can enter ``directory``.

    Raises:
        LocalFault: IDENTITY_EXPOSED; IDENTITY_INVALID when there is no such directory.
    """
    try:
        status = directory.stat()
    except OSError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="its directory is missing") from exc
    if not stat.S_ISDIR(status.st_mode):
        raise error(Reason.IDENTITY_INVALID, hint="its directory is missing")
    _check_owner(status)


def read_private(path: Path, *, limit: int) -> bytes:
    """The content of a private file in a private directory.

    Raises:
        LocalFault: IDENTITY_EXPOSED; IDENTITY_INVALID when it is missing, no regular file, or longer than ``limit``
            bytes.
    """
    check_private_directory(path.parent)
    try:
        # Without O_NONBLOCK a named pipe in its place would hold the program for ever.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="the key file is missing") from exc
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            raise error(Reason.IDENTITY_INVALID, hint="the key file is damaged")
        _check_owner(status)
        with open(fd, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(fd)


def write_private(path: Path, content: bytes) -> None:
    """Puts ``content`` durably into ``path``, a private file in a private directory; the old file stays until then.

    Raises:
        LocalFault: IDENTITY_EXPOSED; IDENTITY_INVALID when the directory is missing or cannot be written.
    """
    check_private_directory(path.parent)
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)  # of a write that was cut off
        try:
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(fd)
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as exc:
        raise error(Reason.IDENTITY_INVALID, hint="its directory cannot be written") from exc


def _check_owner(status: os.stat_result) -> None:
    user = os.geteuid()
    if stat.S_IMODE(status.st_mode) & 0o077 or user not in (0, status.st_uid):
        raise error(Reason.IDENTITY_EXPOSED)
