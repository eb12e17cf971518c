"""The customs kit: a flight of 400, the desk's table and JSON, and a border that is searched for names."""

import json
from pathlib import Path

import pytest

from examples.customs import border, manifest
from examples.customs.__main__ import LIST, ON_LIST
from examples.customs.desk import as_json, as_table, check_flight, words_of_owners
from examples.customs.owner import answering
from tocsin import Hit, Participant, RowError
from tocsin.testing import LocalHub


async def test_a_flight_of_400_has_three_hits_and_its_broken_rows_are_named_by_line(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from tocsin import Listed

    file = tmp_path / "manifest.csv"
    manifest.write(file, manifest.broken(manifest.rows(0, 400)))
    async with LocalHub(tmp_path / "town") as hub:
        await hub.enrol("police.420100", role="police")
        await hub.enrol("customs.wuhan", role="customs")
        police: Participant = hub.participant("police.420100")
        answering(police)
        async with police, hub.participant("customs.wuhan") as customs:
            ends = datetime.now(UTC) + timedelta(days=3)
            await police.watchlists.open(LIST, checkers=["customs.wuhan"], valid=timedelta(days=9))
            entries = [Listed(manifest.subject(n), "hold", ends, f"case {n}") for n in ON_LIST]
            await police.watchlists.publish(LIST, entries, contact="desk 4")
            checked, lines = await check_flight(customs, file, LIST, place="hall 2", officer="officer 0042")
            answers = await words_of_owners(checked, 20)
    found = json.loads(as_json(checked, lines, answers))
    by_line = {row["line"]: row for row in found["rows"]}
    assert [line for line, row in by_line.items() if row["result"] == "hit"] == [n + 2 for n in ON_LIST]
    assert [(line, row["reason"]) for line, row in by_line.items() if row["result"] == "rowerror"] == [
        (12, "IDENTIFIER_INVALID"), (22, "IDENTIFIER_INVALID"), (33, "ITEM_REPEATED")
    ]  # fmt: skip
    assert all(by_line[n + 2]["answer"]["instruction"] == "HOLD" for n in ON_LIST)
    table = as_table(checked, lines, answers)
    assert table.splitlines()[-1].strip() == "394 clear, 3 on the list, 3 not checked"
    assert "Traveller" not in table + json.dumps(found)
    assert {type(row) for row in checked.rows} >= {Hit, RowError}


def test_a_border_proves_itself_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tocsin import loop

    loop.run(border.run(tmp_path, 1_200, 3))
    printed = capsys.readouterr().out
    assert "p50" in printed
    assert "p99" in printed
    assert printed.splitlines()[-1].startswith("Proved: 1,200 travellers checked against 1,200 entries, 9 hits")


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    leak = tmp_path / "hub.db"
    leak.write_bytes(b"x" + manifest.number(7).encode() + b"y" + border.name(8).encode())
    assert border.search([leak], 1_000) == ["XX0000007 in hub.db", "Invented Traveller No 0000008 in hub.db"]
