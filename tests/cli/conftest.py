"""A real hub in a thread of its own, one for each module, and the command run in this process or as a process."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from tocsin.cli.main import app
from tocsin.testing import LocalHub
from tocsin.testing.hub import PASSPHRASE

ROOT = Path(__file__).resolve().parents[2]
BANK, POLICE = "bank.icbc", "police.420100"
BIN = "622202"


class Bench:
    """The hub with its parties, and the command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hub = LocalHub(path)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.passphrase = path / "passphrase"
        self.passphrase.write_text(PASSPHRASE)
        self._cards = 0

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def card(self) -> str:
        self._cards += 1
        digits = f"{BIN}{self._cards:09}"
        total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
        return digits + str(-total % 10)

    def options(self, party: str) -> list[str]:
        return ["--identity", str(self.path / f"{party}.identity"), "--passphrase-file", str(self.passphrase)]

    def run(self, party: str | None, *args: str, lang: str = "en") -> Result:
        before = [*self.options(party)] if party is not None else []
        return CliRunner().invoke(app, [*before, "--lang", lang, *args])

    def json(self, party: str | None, *args: str, code: int = 0) -> Any:
        result = self.run(party, "--json", *args)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def stop_payment(self, *more: str, code: int = 0) -> Any:
        words = ["--account", self.card(), "--amount", "50000 CNY", "--contact", "027-110", "--holder", "张三"]
        return self.json(POLICE, "send", "stop-payment", *words, *more, code=code)

    def start(self, party: str, *args: str, env: dict[str, str] | None = None) -> "Command":
        return Command([*self.options(party), *args], env or {})


class Command:
    """The command as a process."""

    def __init__(self, args: Sequence[str], env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin.cli.main", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/sdk:{ROOT}/server", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **env},
        )  # fmt: skip
        self._rest = ("", "")

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def error_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> tuple[int, str, str]:
        """Asks it to end, as systemd does; exit code, rest of output, rest of log. A second call says nothing new."""
        if self.process.returncode is None:
            self.process.terminate()
            self._rest = self.process.communicate(timeout=30)
        return self.process.returncode, *self._rest


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    # The hub runs in this process: what it logs must not stand between the lines of the command.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    made = Bench(tmp_path_factory.mktemp("bench"))
    made.thread.start()
    try:
        made.do(made.hub.__aenter__())
        made.do(made.hub.enrol(BANK, role="bank", serves=[f"card:16:{BIN}"]))
        made.do(made.hub.enrol(POLICE, role="police"))
        yield made
    finally:
        made.do(made.hub.stop())
        made.loop.call_soon_threadsafe(made.loop.stop)
        made.thread.join(10)
        made.loop.close()
        structlog.reset_defaults()
