"""The programs of the README: word for word what it shows, and they do what it says, as processes of their own on a real hub."""

import asyncio
import os
import re
import sys
import textwrap
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.customs.manifest import subject
from examples.customs.owner import answering
from tocsin import Listed
from tocsin.testing import LocalHub
from tocsin.testing.hub import PASSPHRASE

ROOT = Path(__file__).resolve().parents[2]


def blocks(readme: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)


def code_only(text: str) -> list[str]:
    """Lines without comments and indentation."""
    return [line.split("  #")[0].split("     #")[0].strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_shows_the_programs_that_run(readme: str) -> None:
    bank, police, customs = blocks(readme)
    names = ("bank_in_15_lines.py", "police_order.py", "customs_check.py")
    programs = [(ROOT / "examples" / name).read_text("utf-8") for name in names]
    if readme == "README.md":
        assert bank in programs[0]
        assert textwrap.indent(police, "    ") in programs[1]
        assert textwrap.indent(customs, "    ") in programs[2]
    for block, program in zip((bank, police, customs), programs, strict=True):
        assert "\n".join(code_only(block)) in "\n".join(code_only(program))


async def test_the_bank_holds_what_the_police_order_asks(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        await hub.enrol("police.420100", role="police")
        for party in ("bank", "police"):
            name = "bank.icbc" if party == "bank" else "police.420100"
            (tmp_path / f"{name}.identity").rename(tmp_path / f"{party}.identity")
        bank = await run("examples.bank_in_15_lines", tmp_path, env)
        try:
            police = await run("examples.police_order", tmp_path, env)
            printed, complaints = await asyncio.wait_for(police.communicate(), 60)
        finally:
            bank.terminate()
            _, bank_complaints = await bank.communicate()
    assert police.returncode == 0, complaints.decode()
    assert printed.decode().startswith(
        "Executed(held=Money(minor=5000000, currency='CNY'), balance=Money(minor=7000000, currency='CNY')"
    )
    assert bank.returncode == 0, bank_complaints.decode()


def environment(path: Path) -> dict[str, str]:
    secret = path / "passphrase"
    secret.write_text(PASSPHRASE)
    return os.environ | {
        "TOCSIN_PASSPHRASE_FILE": str(secret),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "sdk"))),
    }


async def run(module: str, where: Path, env: dict[str, str], *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words, cwd=where, env=env, stdout=PIPE, stderr=PIPE
    )


async def test_customs_check_travellers_and_hear_from_the_police(tmp_path: Path) -> None:
    env = environment(tmp_path)
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("police.420100", role="police")
        await hub.enrol("customs.wuhan", role="customs")
        police = hub.participant("police.420100")
        answering(police)
        async with police:
            listed = [Listed(subject(7), "hold", datetime.now(UTC) + timedelta(days=3), "case 7")]
            await police.watchlists.open("stolen-documents", checkers=["customs.wuhan"], valid=timedelta(days=9))
            await police.watchlists.publish("stolen-documents", listed, contact="desk 4")
            (tmp_path / "customs.wuhan.identity").rename(tmp_path / "customs.identity")
            customs = await run("examples.customs_check", tmp_path, env, subject(6), subject(7))
            printed, complaints = await asyncio.wait_for(customs.communicate(), 60)
    assert customs.returncode == 0, complaints.decode()
    assert printed.decode().startswith("HOLD desk 4 case 7 WatchAnswer(instruction=<WatchInstruction.HOLD: 1>")
