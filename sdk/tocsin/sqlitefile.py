"""One SQLite file of this bus: how it is made, opened, locked, and how its errors are named.

* A file is created 0600; SQLite gives its ``-wal`` and ``-shm`` the same mode.
* WAL with ``synchronous=FULL``, set and read back: a commit that returned is on the disk. No connection checkpoints by
  itself.
* Before SQLite 3.51.3, two connections that write or checkpoint at the same moment can reset the WAL under each other
  and lose commits. So everybody who writes, checkpoints, opens or closes for writing holds ``<file>.lock`` exclusively
  (flock: it works between processes and between connections of one process, and dies with its holder).
* The database file itself is never opened but by SQLite: closing another descriptor would drop SQLite's own locks.
* Drivers' errors of the environment become errors of ``tocsin.core.errors``; mistakes of the caller's SQL stay what
  they are.
"""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from tocsin.core.errors import BusError, Reason, error

LOCK_WAIT_S = 5.0
"""How long to wait for another process: far above one transaction, below what an officer takes for a hang."""

_FIRST_WAIT_S = 0.0002
_LONGEST_WAIT_S = 0.005
"""Polls of the lock grow from a fifth to the length of a usual transaction; flock itself knows no time limit."""

WAL_KEPT_BYTES = 16 * 1024 * 1024
"""What a WAL shrinks to when it starts anew after a burst; kept, since overwriting is cheaper than growing a file."""

PAGE_BYTES = 8192
"""Page size of a new file: eight envelopes to a page, a tenth less work per message than with 4096 or 16384."""

CACHED_STATEMENTS = 512
"""Multi-row statements come in several sizes; all stay prepared."""

FULL = 2
"""What ``PRAGMA synchronous`` answers for FULL."""

_FULL_CODES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY})
_CORRUPT_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_BUSY_CODES = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOLFS,
})  # fmt: skip


def store_error(exc: BaseException) -> BusError | None:
    """The bus error for a driver's error of the environment, or None when ``exc`` is something else.

    Full disk and read-only file are STORE_FULL; damage is CORRUPT; locks, I/O errors and memory are STORE_BUSY.
    """
    code = getattr(exc, "sqlite_errorcode", None)
    if not isinstance(exc, sqlite3.Error) or code is None:
        return None
    primary = code & 0xFF
    if primary in _FULL_CODES:
        return error(Reason.STORE_FULL)
    if primary in _CORRUPT_CODES:
        return error(Reason.CORRUPT, hint=getattr(exc, "sqlite_errorname", "SQLITE_CORRUPT"))
    return error(Reason.STORE_BUSY) if primary in _BUSY_CODES else None


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raises the bus error in place of a driver's error of the environment."""
    try:
        yield
    except sqlite3.Error as exc:
        known = store_error(exc)
        if known is None:
            raise
        raise known from exc


class WriteLock:
    """The exclusive right to write, checkpoint, open or close one file, among all processes and connections."""

    def __init__(self, database: Path, *, wait_s: float = LOCK_WAIT_S) -> None:
        self._wait_s = wait_s
        self._fd = os.open(f"{database}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        self._pause = threading.Event()

    @contextlib.contextmanager
    def held(self, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Holds the lock for the block; ``on_wait`` is called once when it is not free at once.

        Raises:
            StoreBusy: STORE_BUSY, another holder kept it too long.
        """
        self.acquire(on_wait=on_wait)
        try:
            yield
        finally:
            self.release()

    def acquire(self, *, on_wait: Callable[[], None] | None = None) -> None:
        """Takes the lock; see ``held``."""
        waited, pause = 0.0, _FIRST_WAIT_S
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                if waited >= self._wait_s:
                    raise error(Reason.STORE_BUSY) from exc
            except OSError as exc:
                raise error(Reason.STORE_BUSY) from exc
            else:
                return
            if on_wait is not None and not waited:
                on_wait()
            self._pause.wait(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_WAIT_S)

    def release(self) -> None:
        """Gives the lock back."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Closes the lock file, which stays where it is: removing it would give two holders two different locks."""
        os.close(self._fd)


def create(path: Path) -> None:
    """Creates an empty file 0600 unless it exists, and makes its name durable."""
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        return
    os.close(fd)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def connect_writer(path: Path) -> sqlite3.Connection:
    """Opens ``path`` for writing; the caller holds its ``WriteLock``.

    Raises:
        LocalFault: CORRUPT, also when the file system refuses WAL or FULL.
        StoreBusy: STORE_BUSY or STORE_FULL.
    """
    create(path)
    with translated():
        conn = _connect(path, "rw")
        try:
            conn.execute(f"PRAGMA page_size={PAGE_BYTES}")
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("PRAGMA synchronous=FULL")
            conn.execute("PRAGMA wal_autocheckpoint=0")
            conn.execute(f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}")
            if one(conn, "PRAGMA journal_mode") != "wal" or one(conn, "PRAGMA synchronous") != FULL:
                raise error(Reason.CORRUPT, hint="the file system does not allow safe commits")
        except BaseException:
            conn.close()
            raise
        return conn


def connect_reader(path: Path) -> sqlite3.Connection:
    """Opens ``path`` for reading only; it sees what is committed and never holds up the writer.

    Raises:
        LocalFault: CORRUPT.
        StoreBusy: STORE_BUSY, also when there is no such file.
    """
    with translated():
        return _connect(path, "ro")


def one(conn: sqlite3.Connection, sql: str, values: tuple[object, ...] = ()) -> object:
    """The first column of the first row, or None."""
    row = conn.execute(sql, values).fetchone()
    return row[0] if row is not None else None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    conn = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        check_same_thread=mode != "ro",
        timeout=LOCK_WAIT_S,
    )
    try:
        conn.execute("PRAGMA trusted_schema=OFF")
        conn.execute("PRAGMA temp_store=MEMORY")
        one(conn, "SELECT count(*) FROM sqlite_master")
    except BaseException:
        conn.close()
        raise
    return conn
