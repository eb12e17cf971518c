"""The verb ``check``: one subject, or the rows of a manifest, against a watchlist.

 * A wrong row is named by its line; the others are checked all the same, a thousand in a call.
 * Exit codes: 0 nobody is on the list; 4 somebody is; 2 nobody is, but rows could not be read; others as everywhere.
 * With ``--wait`` the owner's word on each hit is waited for and shown.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.csvrows import CsvRow, read_rows
from tocsin.cli.durations import seconds
from tocsin.cli.show import EXIT_HIT, EXIT_USAGE, error_json, name, print_json, rfc3339, say, table
from tocsin.cli.words import word
from tocsin.core.errors import Reason, error

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.results import Pending, WatchAnswer
    from tocsin.watching import Checked, Row

    Shown = tuple[CsvRow, Row, WatchAnswer | Pending | None]

TOLD_SECONDS = 10.0
"""How long the hub's receipt for a hit is waited for: it comes in milliseconds, or the hub cannot be reached."""


def check(
    ctx: typer.Context,
    subject: Annotated[
        str | None, typer.Argument(help="Such as document:passport/CHN/E00000000, plate:CHN/A00000 or phone:+86….")
    ] = None,
    list_: Annotated[str, typer.Option("--list", help="Name of the watchlist.")] = "",
    purpose: Annotated[str, typer.Option(help="Why, in words that name nobody: it stands in the log.")] = "",
    legal_basis: Annotated[str, typer.Option(help="The statute the check rests on.")] = "",
    place: Annotated[str, typer.Option(help="Where; travels sealed.")] = "",
    officer: Annotated[str, typer.Option(help="Your own reference of the officer; travels sealed.")] = "",
    manifest: Annotated[Path | None, typer.Option(help="CSV with a row for each subject.")] = None,
    wait: Annotated[str, typer.Option(help="How long to wait for the owner's word on hits.")] = "0s",
) -> None:
    """Check a subject, or the rows of a manifest, against a watchlist; exit 4 when somebody is on it."""
    settings: Settings = ctx.obj
    if (subject is None) == (manifest is None):
        raise error(Reason.FIELD_INVALID, field="subject", rule="a subject or --manifest FILE: one of the two")
    for value, field in ((list_, "list_id"), (purpose, "purpose"), (legal_basis, "legal_basis")):
        if not value:
            raise error(Reason.FIELD_MISSING, field=field, rule="every check says against what, why and by which law")
    rows = list(read_rows(manifest)) if manifest is not None else [CsvRow(1, {"subject": subject or ""})]
    how = {"list": list_, "purpose": purpose, "legal_basis": legal_basis, "place": place, "officer": officer}
    raise typer.Exit(loop.run(_check(settings, rows, how, seconds(wait, "wait"))))


async def _check(settings: "Settings", rows: Sequence[CsvRow], how: dict[str, Any], wait: float) -> int:
    from tocsin.core.watch import MAX_TOKENS

    checks: list[Checked] = []
    shown: list[Shown] = []
    async with settings.participant() as participant:
        for start in range(0, len(rows), MAX_TOKENS):
            part = rows[start : start + MAX_TOKENS]
            checked = await participant.check([row.subject for row in part], **how)
            checks.append(checked)
            shown += [(row, result, None) for row, result in zip(part, checked.rows, strict=True)]
        # The owner is told before this process ends, if the hub can be reached; else with the next connection.
        await asyncio.gather(*(hit.notice.accepted(TOLD_SECONDS) for one in checks for hit in one.hits))
        answers = await _answers(shown, wait)
    (_print_json if settings.json else _print)(settings, checks, answers)
    return _code(answers)


async def _answers(shown: "Sequence[Shown]", wait: float) -> "list[Shown]":
    from tocsin.watching import Hit

    async def one(row: CsvRow, result: "Row") -> "Shown":
        return row, result, await result.answer(wait) if isinstance(result, Hit) else None

    return list(await asyncio.gather(*(one(row, result) for row, result, _ in shown)))


def _code(shown: "Sequence[Shown]") -> int:
    from tocsin.watching import Hit, RowError

    if any(isinstance(result, Hit) for _, result, _ in shown):
        return EXIT_HIT
    return EXIT_USAGE if any(isinstance(result, RowError) for _, result, _ in shown) else 0


def _print(settings: "Settings", checks: "Sequence[Checked]", shown: "Sequence[Shown]") -> None:
    from tocsin.results import WatchAnswer
    from tocsin.watching import Clear, Hit, RowError

    lang = settings.lang
    lines = []
    for row, result, answer in shown:
        if isinstance(result, Hit):
            told = _instruction(settings, answer) if isinstance(answer, WatchAnswer) else word("no-word", lang)
            cells = (name(settings, result.action.name.lower()), result.contact, result.details, told)
            lines.append((str(row.line), row.subject, *cells))
        elif isinstance(result, RowError):
            lines.append((str(row.line), "", word("wrong-row", lang), "", result.error.text(lang), ""))
    if lines:
        table(settings, ("row", "subject", "action", "contact", "details", "answer"), lines)
    counts = {kind.__name__.lower(): sum(isinstance(r, kind) for _, r, _ in shown) for kind in (Clear, Hit, RowError)}
    for one in checks:
        if one.check_id:
            say(word("checked", lang, id=one.check_id, list=one.list_id, epoch=one.epoch, index=one.log_index))
    say(word("check-counts", lang, clear=counts["clear"], hits=counts["hit"], wrong=counts["rowerror"]))


def _print_json(settings: "Settings", checks: "Sequence[Checked]", shown: "Sequence[Shown]") -> None:
    print_json({
        "checks": [
            {"check": c.check_id or None, "list": c.list_id, "epoch": c.epoch, "log_index": c.log_index if c.check_id else None}
            for c in checks
        ],
        "rows": [_row_json(settings, *one) for one in shown],
    })  # fmt: skip


def _row_json(
    settings: "Settings", row: CsvRow, result: "Row", answer: "WatchAnswer | Pending | None"
) -> dict[str, Any]:
    from tocsin.core.times import to_us
    from tocsin.results import WatchAnswer
    from tocsin.watching import Hit, RowError

    if isinstance(result, RowError):
        return {"line": row.line, "result": "error", "error": error_json(result.error, settings.lang)}
    if not isinstance(result, Hit):
        return {"line": row.line, "result": "clear"}
    word_of_owner = None
    if isinstance(answer, WatchAnswer):
        word_of_owner = {"instruction": _key(answer.instruction), "note": answer.note, "contact": answer.contact}
    return {
        "line": row.line, "result": "hit", "action": _key(result.action), "owner": result.owner,
        "contact": result.contact, "details": result.details, "entry_no": result.entry_no,
        "ends_at": rfc3339(to_us(result.ends_at, field="ends")), "hit": result.notice.id, "answer": word_of_owner,
    }  # fmt: skip


def _instruction(settings: "Settings", answer: "WatchAnswer") -> str:
    told = [name(settings, _key(answer.instruction)), answer.note, answer.contact]
    return "; ".join(one for one in told if one)


def _key(member: Any) -> str:
    return str(member.name.lower().replace("_", "-"))
