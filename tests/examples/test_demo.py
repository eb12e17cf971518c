"""The demonstration with few orders: it must prove what it claims, and must notice when a claim is false."""

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from examples.demo import books, receipts
from examples.demo.cards import BANKS, bins, cases, serving
from examples.demo.timeline import GAPS
from tocsin.core.directory_messages import Range
from tocsin.core.identifiers import IdentifierKind, identifier
from tocsin.core.routing import RoutingTable

ROOT = Path(__file__).resolve().parents[2]
ORDERS = 24


async def test_the_demonstration_proves_what_it_claims(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "sdk", ROOT / "server")))}
    command = [
        sys.executable,
        "-m",
        "examples.demo",
        "--json",
        "--orders",
        str(ORDERS),
        "--dir",
        str(tmp_path / "demo"),
    ]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stdout=PIPE, stderr=PIPE)
    printed, steps = await asyncio.wait_for(process.communicate(), 110)
    assert process.returncode == 0, steps.decode()
    summary = json.loads(printed)
    assert summary["proved"]
    assert all(claim["holds"] for claim in summary["claims"])
    names = {claim["claim"] for claim in summary["claims"]}
    assert {"a carrier blocks what the police named", "customs find who is on a list the hub cannot read"} <= names
    assert ("a bank without Python holds money too" in names) == (shutil.which("node") is not None)
    figures = summary["figures"]
    assert (figures["stops"], figures["executed"], figures["refused"]) == (ORDERS, ORDERS - 1, 1)
    assert figures["receipts"] == ORDERS + 3
    assert 0 < figures["receipts_before_kill"] < ORDERS
    assert figures["unmarked_repeats"] == 0
    assert set(summary["milliseconds"]) == set(GAPS)
    for party in BANKS:
        found = books.read(tmp_path / "demo" / party / "ledger.db")
        assert len({one.account for one in found.holds}) == len(found.holds)
    await changed_exports_are_noticed(tmp_path / "demo")


async def changed_exports_are_noticed(demo: Path) -> None:
    """A leaf changed after the fact, and one left out, fail root and receipts."""
    identity, passphrase = demo / "police.420100" / "identity", (demo / "police.420100.passphrase").read_text("utf-8")
    export = receipts.read_export(demo / "log.jsonl")
    good = await receipts.check(identity, passphrase, export)
    assert good.root_good
    assert good.bad == 0
    place = max(good.places.values())
    leaf = bytearray(export.leaves[place])
    leaf[-1] ^= 1
    for leaves in ([*export.leaves[:place], bytes(leaf), *export.leaves[place + 1 :]], export.leaves[:-1]):
        bad = await receipts.check(identity, passphrase, receipts.Export(leaves=leaves, checkpoint=export.checkpoint))
        assert not bad.root_good
    assert (
        await receipts.check(
            identity, passphrase, receipts.Export(leaves=[*export.leaves[:place], bytes(leaf)], checkpoint=b"")
        )
    ).bad > 0


def test_the_plain_look_up_and_the_hubs_routing_agree_on_every_card() -> None:
    table = RoutingTable()
    for party, code in BANKS.items():
        served = tuple(
            Range(kind=IdentifierKind.CARD, prefix=one.prefix, length=one.length) for one in bins() if one.code == code
        )
        table = table.replaced(party, served)
    made = cases(400, wrong_name=6)
    assert [table.route(identifier(case.account.number)) for case in made] == [case.party for case in made]
    assert len({case.account.number for case in made}) == len(made)
    assert {case.party for case in made[:4]} == set(BANKS)


def test_confusable_bins_are_among_the_first_cards() -> None:
    icbc, czbank, bhb, bocz = (case.account.number for case in cases(4, wrong_name=3))
    assert icbc[:6] == czbank[:6]
    assert len(icbc) != len(czbank)
    assert bhb[:6] == bocz[:6]
    assert len(bhb) == len(bocz)
    assert serving(bins(), bhb) != serving(bins(), bocz)


def test_books_are_read_without_changing_them(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        books.read(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()
