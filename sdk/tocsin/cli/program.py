"""A program as handler: one run per order, the order as JSON on its standard input, its report as JSON on standard output.

 * Exit 0 with one valid report is an answer. Exit 75 asks for another try. Anything else is no answer: never a refusal.
 * What failed is tried again; after so many failures the order is left to a person.
 * A run that takes too long is killed, with all it started.
 * The program gets a few harmless variables and those named to us; no passphrase, credential or path of ours.
 * What it prints on standard error is passed on shortened, with long digit strings hidden.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.core.errors import BusError
from tocsin.core.measure import MeasureOrder
from tocsin.gateway.reports import MAX_ANSWER, read_answer
from tocsin.gateway.tasks import lapsed_json, task_json
from tocsin.results import Executed, Lapsed, Park, Refused, Retry

EXIT_RETRY = 75
"""EX_TEMPFAIL of sysexits.h."""

AGAIN_SECONDS = 1.0
"""Least wait before a failed order is tried again; the hub doubles it."""

TAIL_CHARACTERS = 300
"""How much of standard error is passed on: the last lines of a traceback."""

_TAIL_BYTES = 4 * TAIL_CHARACTERS
_READ_BYTES = 16 * 1024
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR")
_DIGITS = re.compile(r"[0-9](?:[ -]?[0-9]){6,}")
"""Seven digits and more may be an account, a telephone or an identity card."""

_log = logging.getLogger("tocsin.exec")


class NoAnswer(Exception):
    """A run that gave no answer; holds why, fit to be passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What ``listen --exec`` runs.

    Attributes:
        argv: The command and its arguments; no shell is involved.
        timeout: Seconds one run may take.
        max_attempts: Failed runs of one order after which it is left to a person.
        env: The environment of the runs.
    """

    argv: Sequence[str]
    timeout: float
    max_attempts: int
    env: Mapping[str, str]
    _failures: dict[str, int] = field(default_factory=dict, repr=False)

    async def handle(self, order: MeasureOrder) -> Executed | Refused:
        """Runs the program on an order.

        Raises:
            Retry: The run failed, or asked for another.
            Park: It failed too often.
        """
        try:
            code, printed, tail = await self._run(task_json(order))
            if code == EXIT_RETRY:
                raise Retry(reason=f"the program asks for another try: {tail}")
            if code != 0:
                raise NoAnswer(f"{_ended(code)}: {tail}")
            try:
                answer = read_answer(printed)
            except (ValueError, BusError) as wrong:
                # Only our own errors are fit to be passed on: a parser's would quote what the program printed.
                said = str(wrong) if isinstance(wrong, BusError) else "not one JSON document"
                raise NoAnswer(f"exit 0 without a valid report: {hidden(said)} {tail}") from None
        except NoAnswer as failure:
            raise self._failed(order, str(failure).strip()[-TAIL_CHARACTERS:]) from None
        self._failures.pop(order.id, None)
        return answer

    async def lapsed(self, event: Lapsed) -> None:
        """Runs the program on the end of a measure; exit 0 says that it knows.

        Raises:
            NoAnswer: It does not: it is told again.
        """
        code, _, tail = await self._run(lapsed_json(event))
        if code != 0:
            raise NoAnswer(f"{_ended(code)}: {tail}")

    def _failed(self, order: MeasureOrder, why: str) -> Exception:
        count = self._failures[order.id] = self._failures.get(order.id, 0) + 1
        _log.error("no answer to %s %s, try %d of %d: %s", order.KIND.name, order.id, count, self.max_attempts, why)
        if count < self.max_attempts:
            return Retry(after=AGAIN_SECONDS, reason=why)
        del self._failures[order.id]
        return Park(why)

    async def _run(self, task: Mapping[str, Any]) -> tuple[int, bytes, str]:
        """Exit code, standard output and the tail of standard error of one run.

        Raises:
            NoAnswer: It could not be started, took too long, or printed too much.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=dict(self.env), start_new_session=True,
            )  # fmt: skip
        except OSError as exc:
            raise NoAnswer(f"the program cannot be started: {exc.strerror}") from exc
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        tail = bytearray()
        try:
            async with asyncio.timeout(self.timeout):
                _, printed, _, code = await asyncio.gather(
                    _feed(process.stdin, json.dumps(task, ensure_ascii=False).encode()),
                    _all(process.stdout),
                    _last(process.stderr, tail),
                    process.wait(),
                )
        except TimeoutError:
            raise NoAnswer(f"it took longer than {self.timeout:g} s: {hidden(tail.decode(errors='replace'))}") from None
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and all it started with it
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if len(printed) > MAX_ANSWER:
            raise NoAnswer(f"it printed more than {MAX_ANSWER} bytes")
        return code, printed, hidden(tail.decode(errors="replace"))


def environment(extra: Sequence[str], own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program: harmless variables, and those named."""
    return {key: value for key, value in own.items() if key in _PASSED or key.startswith("LC_") or key in extra}


def hidden(text: str) -> str:
    """The end of ``text`` on one line, with long digit strings hidden."""
    return " ".join(_DIGITS.sub("…", text).split())[-TAIL_CHARACTERS:]


async def _feed(pipe: asyncio.StreamWriter, content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read what it does not want
        pipe.write(content)
        await pipe.drain()
    pipe.close()


async def _all(pipe: asyncio.StreamReader) -> bytes:
    """All of standard output, of which no more is kept than an answer may have, and one byte."""
    kept = bytearray()
    while chunk := await pipe.read(_READ_BYTES):
        kept += chunk[: MAX_ANSWER + 1 - len(kept)]
    return bytes(kept)


async def _last(pipe: asyncio.StreamReader, tail: bytearray) -> None:
    while chunk := await pipe.read(_READ_BYTES):
        tail += chunk
        del tail[:-_TAIL_BYTES]


def _ended(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"killed by signal {-code}"
