"""A hub, a bank and a police bureau, each with a drop folder, in one process; and a gateway that dies where a test says."""

import csv
import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tocsin import Participant, SentOrder
from tocsin.clock import LIVENESS
from tocsin.core.identifiers import luhn_valid
from tocsin.gateway import files
from tocsin.gateway.files import Folder
from tocsin.gateway.folder import FolderGateway
from tocsin.gateway.form import Form
from tocsin.testing import LocalHub, VirtualClock

BANK, POLICE, BIN = "bank.icbc", "police.420100", "622202"
WAIT = 20.0
DEADLY = ("rename", "fsync", "unlink", "open")


def card(number: int) -> str:
    body = f"{BIN}{number:09d}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


class Killed(BaseException):
    """Stands for kill -9: nothing is caught, nothing is tidied up."""


class Mortal:
    """The ``os`` of ``tocsin.gateway.files``: the ``n``-th step on the disk does not happen, and none after it."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in DEADLY:
            return real

        def step(*args: Any, **how: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise Killed
            return real(*args, **how)

        return step


class Side:
    """One party with its folder."""

    def __init__(self, participant: Participant, path: Path, form: Form = Form.JSON, lang: str = "en") -> None:
        self.participant, self.path, self.form, self.lang = participant, path, form, lang
        path.mkdir(mode=0o770, exist_ok=True)
        self.folder = Folder.open(path)
        self.gateway = self._gateway()

    def _gateway(self) -> FolderGateway:
        clock = self.participant.clock
        return FolderGateway(self.participant, self.folder, form=self.form, lang=self.lang, clock=clock)

    async def again(self) -> None:
        """The gateway's next life; the handlers stay those of the first, which writes the same folder."""
        self.folder.close()
        self.folder = Folder.open(self.path)
        self.gateway._folder = self.folder
        self.gateway = self._gateway()
        await self.gateway._results.load()

    def drop(self, place: str, name: str, content: bytes | str | list[Any] | dict[str, Any]) -> None:
        """As a careful program does it: hidden name, rename."""
        data = content if isinstance(content, str | bytes) else json.dumps(content)
        hidden = self.path / place / f".{name}"
        hidden.write_bytes(data if isinstance(data, bytes) else data.encode())
        hidden.rename(self.path / place / name)

    def names(self, place: str) -> list[str]:
        return sorted(one.name for one in (self.path / place).iterdir())

    def json(self, place: str, name: str) -> Any:
        return json.loads((self.path / place / name).read_text("utf-8"))

    def csv(self, place: str, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO((self.path / place / name).read_text("utf-8-sig"), newline="")))

    async def until(self, place: str, name: str) -> None:
        """Looks until a file is there; real time, since another process's work or a connection is waited for."""
        for _ in range(400):
            if (self.path / place / name).exists():
                return
            await LIVENESS.sleep(0.02)
        raise AssertionError(f"no {name} in {place}: {self.names(place)}")


class Town:
    def __init__(self, hub: LocalHub, bank: Side, police: Side) -> None:
        self.hub, self.bank, self.police = hub, bank, police
        self._cards = 0

    def card(self) -> str:
        self._cards += 1
        return card(self._cards)

    async def stop(self, **more: Any) -> SentOrder:
        given = {"amount": "50000.00 CNY", "holder": "张三", "contact": "027-0000 0000", "reason": "reported fraud"} | more
        return await self.police.participant.stop_payment(account=self.card(), **given)

    async def handed_out(self, order: SentOrder) -> None:
        await self.bank.until(files.ORDERS, f"{order.id}.{self.bank.form}")


@asynccontextmanager
async def town(path: Path, *, form: Form = Form.JSON, clock: VirtualClock | None = None) -> AsyncIterator[Town]:
    async with LocalHub(path, clock=clock) as hub:
        await hub.enrol(BANK, role="bank", serves=[f"card:16:{BIN}"])
        await hub.enrol(POLICE, role="police")
        bank = Side(hub.participant(BANK), path / "bank", form)
        police = Side(hub.participant(POLICE), path / "police", form, "zh")
        bank.gateway.register(exercise=False)
        async with bank.participant, police.participant:
            yield Town(hub, bank, police)
        bank.folder.close()
        police.folder.close()


def mortal(monkeypatch: pytest.MonkeyPatch, steps: int) -> Mortal:
    made = Mortal(steps)
    monkeypatch.setattr(files, "os", made)
    return made
