"""Faults of the hub's disk: full, or left behind by a process that was killed.

 * A full disk fails every commit as SQLite does, and nothing else; it is mended by setting ``full`` back.
 * A crash image is taken on the writing thread, between two of its steps: what a killed process would have left.
   From then on the disk takes nothing more.
"""

import shutil
import sqlite3
import threading
from pathlib import Path

from tocsin.sqlitethread import Faults, Point

NOT_ON_DISK = shutil.ignore_patterns("*.sock", "*-shm")
"""What a power cut leaves nothing of: sockets, and the shared memory SQLite builds anew."""


class Disk:
    """The disk under a ``LocalHub``.

    Attributes:
        full: Whether commits fail for want of room.

    Args:
        faults: A test's own, called after these at each point of the writer.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.full = False
        self._faults = faults
        self._image: tuple[Path, Path] | None = None
        self._taken = threading.Event()

    def __call__(self, point: Point) -> None:
        """See ``tocsin.sqlitethread.Faults``."""
        if self._image is not None:
            if not self._taken.is_set():
                shutil.copytree(*self._image, ignore=NOT_ON_DISK)
                self._taken.set()
            raise _failure("disk I/O error", sqlite3.SQLITE_IOERR)
        if self.full and point is Point.COMMIT:
            raise _failure("database or disk is full", sqlite3.SQLITE_FULL)
        if self._faults is not None:
            self._faults(point)

    def crash(self, source: Path, image: Path) -> None:
        """Takes an image of ``source`` at the writer's next step, and nothing more after it."""
        self._taken.clear()
        self._image = (source, image)

    @property
    def crashed(self) -> bool:
        """Whether the image is taken."""
        return self._taken.is_set()

    def mend(self) -> None:
        """A disk that works again, for the hub that starts next."""
        self.full, self._image = False, None
        self._taken.clear()


def _failure(words: str, code: int) -> sqlite3.OperationalError:
    failure = sqlite3.OperationalError(words)
    failure.sqlite_errorcode = code
    return failure
