"""The desk: reads a manifest, checks it in one call, shows what to do, waits for the owner's word.

    python -m examples.customs.desk customs.identity manifest.csv --list stolen-documents

The same as a command, without a line of code:  tocsin check --manifest manifest.csv --list … --purpose … --legal-basis …
"""

import argparse
import asyncio
import json
from pathlib import Path

from tocsin import Hit, Participant, RowError, WatchAnswer, loop
from tocsin.cli.csvrows import read_rows
from tocsin.watching import Checked

PURPOSE, LAW = "entry check of a flight", "Customs Law, art. 6 (example)"


async def check_flight(
    customs: Participant, manifest: Path, list_id: str, *, place: str, officer: str
) -> "tuple[Checked, list[int]]":
    """The result of a manifest's check, and the line of each of its rows in the file."""
    rows = list(read_rows(manifest))
    checked = await customs.check(
        [row.subject for row in rows], list=list_id, purpose=PURPOSE, legal_basis=LAW, place=place, officer=officer
    )
    return checked, [row.line for row in rows]


def as_table(checked: Checked, lines: "list[int]", answers: "dict[int, WatchAnswer]") -> str:
    """What the officer sees: hits first, then rows that could not be read."""
    made = []
    for row in checked.hits:
        told = answers.get(row.position)
        word = f"{told.instruction.name} {told.note}" if told is not None else "no word yet"  # type: ignore[union-attr]
        made.append(f"  line {lines[row.position]:>4}  {row.action.name:<8} call {row.contact}  {row.details}  → {word}")
    made += [f"  line {lines[row.position]:>4}  not checked: {row.error}" for row in checked.errors]
    clear = len(checked.rows) - len(checked.hits) - len(checked.errors)
    made.append(f"  {clear} clear, {len(checked.hits)} on the list, {len(checked.errors)} not checked")
    return "\n".join(made)


def as_json(checked: Checked, lines: "list[int]", answers: "dict[int, WatchAnswer]") -> str:
    """The same for a program."""
    rows = []
    for row, line in zip(checked.rows, lines, strict=True):
        one: dict[str, object] = {"line": line, "result": type(row).__name__.lower()}
        if isinstance(row, Hit):
            one |= {"action": row.action.name, "contact": row.contact, "details": row.details, "entry": row.entry_no}
            if (told := answers.get(row.position)) is not None:
                one["answer"] = {"instruction": told.instruction.name, "note": told.note}  # type: ignore[union-attr]
        elif isinstance(row, RowError):
            one["reason"] = row.error.reason.value
        rows.append(one)
    return json.dumps({"check": checked.check_id, "log_index": checked.log_index, "rows": rows}, ensure_ascii=False)


async def words_of_owners(checked: Checked, seconds: float) -> "dict[int, WatchAnswer]":
    """What the owners say to the hits, as far as they say it in time."""
    found = await asyncio.gather(*(hit.answer(seconds) for hit in checked.hits))
    return {hit.position: one for hit, one in zip(checked.hits, found, strict=True) if isinstance(one, WatchAnswer)}


async def main() -> None:
    """Checks one manifest."""
    parser = argparse.ArgumentParser()
    parser.add_argument("identity")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--list", required=True)
    parser.add_argument("--place", default="hall 2, desk 7")
    parser.add_argument("--officer", default="officer 0042")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--wait", type=float, default=30.0)
    given = parser.parse_args()
    async with Participant.load(given.identity) as customs:
        checked, lines = await check_flight(customs, given.manifest, given.list, place=given.place, officer=given.officer)
        answers = await words_of_owners(checked, given.wait)
        print((as_json if given.json else as_table)(checked, lines, answers))


if __name__ == "__main__":
    loop.run(main())
