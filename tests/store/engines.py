"""How a store of each kind is made, broken and mended. The only place of the conformance suite that names one."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from tests.store.makers import NOW_US
from tocsin.sqlitefile import one
from tocsin.sqlitethread import Faults
from tocsin_hub.domain.rows import MailboxKey
from tocsin_hub.store.base import HubStore
from tocsin_hub.store.sqlite import SqliteStore, open_sqlite

CHILD = Path(__file__).parent / "crash_child.py"


class Engine(Protocol):
    """One kind of store in a place of its own; ``open`` may be called again after each close or crash."""

    name: str

    async def open(self, *, faults: Faults | None = None) -> HubStore: ...

    async def fill_disk(self, store: HubStore) -> None: ...

    async def free_disk(self, store: HubStore) -> None: ...

    async def forbid_writes(self, store: HubStore, forbidden: bool) -> None: ...

    async def lose_entry(self, store: HubStore, mailbox: MailboxKey, seq: int) -> None: ...

    async def open_backup(self, path: Path) -> HubStore: ...

    async def crash(self, plan: str) -> int: ...


class SqliteEngine:
    name = "sqlite"

    def __init__(self, directory: Path) -> None:
        self.path = directory / "hub.db"
        self.wal = directory / "hub.db-wal"

    async def open(self, *, faults: Faults | None = None) -> SqliteStore:
        return await open_sqlite(self.path, now_us=NOW_US, faults=faults)

    async def fill_disk(self, store: HubStore) -> None:
        await self.ask(store, f"PRAGMA max_page_count = {await self.ask(store, 'PRAGMA page_count')}")

    async def free_disk(self, store: HubStore) -> None:
        await self.ask(store, "PRAGMA max_page_count = 1000000000")

    async def forbid_writes(self, store: HubStore, forbidden: bool) -> None:
        await self.ask(store, f"PRAGMA query_only = {int(forbidden)}")

    async def lose_entry(self, store: HubStore, mailbox: MailboxKey, seq: int) -> None:
        await self.ask(store, "DELETE FROM entry WHERE party = ? AND lane = ? AND seq = ?", (*mailbox, seq))

    async def open_backup(self, path: Path) -> SqliteStore:
        return await open_sqlite(path, now_us=NOW_US, create=False)

    async def crash(self, plan: str) -> int:
        """Runs ``crash_child.py`` with this plan on the closed store; returns how the process ended."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, str(CHILD), self.name, str(self.path.parent), plan]
        done = await asyncio.to_thread(subprocess.run, command, env=environment, timeout=60, check=False)
        return done.returncode

    async def ask(self, store: HubStore, statement: str, values: tuple[object, ...] = ()) -> object:
        """Beneath the contract, on the writing connection."""
        assert isinstance(store, SqliteStore)
        return await store._writer.ask(lambda conn: one(conn, statement, values))

    def image(self, directory: Path) -> "SqliteEngine":
        """What the disk would hold if the power failed now."""
        directory.mkdir()
        image = SqliteEngine(directory)
        shutil.copy(self.path, image.path)
        shutil.copy(self.wal, image.wal)
        return image


ENGINES = {"sqlite": SqliteEngine}
