"""The verbs on lists of domains: block, unblock, list, check. A list of any length becomes orders of a thousand to each carrier.

 * An entry that cannot be blocked is named by its line, with the reason; the rest is ordered.
 * Asked twice, nothing is ordered twice: a job that was cut off is simply run again.
"""

import csv
import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.durations import seconds
from tocsin.cli.show import EXIT_PENDING, EXIT_REFUSED, complain, error_json, print_json, say, table
from tocsin.cli.words import word
from tocsin.core.errors import Reason, error

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.blocks import BlockJob

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Unpacked; some ten million domains. What is larger is no list of ours."""

SHOWN = 20
"""Entries left out that are shown one by one; all of them with --json."""

app = typer.Typer(help="Block domains at every carrier of a region, and let go of them.", no_args_is_help=True)

_Names = Annotated[list[str] | None, typer.Argument(help="Domains as people write them.")]
_File = Annotated[Path | None, typer.Option("--file", help="One domain a line, or CSV with the domain first; may be gzipped.")]
_Timeout = Annotated[str, typer.Option(help="How long to wait for the hub's receipts.")]
_Reason = Annotated[str, typer.Option(help="For the carriers' officers; travels sealed.")]


@app.command()
def block(
    ctx: typer.Context,
    region: Annotated[str, typer.Option(help="Where: 420100, CN-HB or CN.")],
    contact: Annotated[str, typer.Option(help="Whom carriers and owners may call.")],
    names: _Names = None,
    file: _File = None,
    reason: _Reason = "",
    case_ref: Annotated[str, typer.Option(help="Case reference.")] = "",
    timeout: _Timeout = "60s",
) -> None:
    """Have domains blocked by every carrier of a region."""
    given = {"region": region, "contact": contact, "reason": reason, "case_ref": case_ref}
    raise typer.Exit(loop.run(_run(ctx.obj, "blocked", _entries(names, file), given, seconds(timeout, "timeout"))))


@app.command()
def unblock(
    ctx: typer.Context, names: _Names = None, file: _File = None, reason: _Reason = "", timeout: _Timeout = "60s"
) -> None:
    """Have domains that we had blocked let go of, everywhere."""
    given = {"reason": reason}
    raise typer.Exit(loop.run(_run(ctx.obj, "unblocked", _entries(names, file), given, seconds(timeout, "timeout"))))


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Show the blocks we ordered that hold, and how many domains each names."""
    from tocsin.client.blocks import standing
    from tocsin.core.identifiers import message_id_text

    settings: Settings = ctx.obj

    async def work() -> list[dict[str, Any]]:
        participant = settings.participant(receive=False)
        await participant.open()
        try:
            return [
                {"thread": message_id_text(one.root_id), "carrier": one.carrier, "domains": len(one.names)}
                for one in await standing(participant)
            ]
        finally:
            await participant.aclose()

    rows = loop.run(work())
    if settings.json:
        print_json(rows)
        return
    table(settings, ("thread", "with", "domains"), ((row["thread"], row["carrier"], str(row["domains"])) for row in rows))


@app.command()
def check(ctx: typer.Context, names: _Names = None, file: _File = None) -> None:
    """Show each domain in its one form, or why it cannot be blocked; nothing is sent."""
    from tocsin.core.domains import is_public, read_domain
    from tocsin.core.errors import BusError

    settings: Settings = ctx.obj
    bad = 0
    for line, text in enumerate(_entries(names, file), start=1):
        try:
            made = read_domain(text, position=line)
            if is_public(made):
                raise error(Reason.DOMAIN_PUBLIC, field="domains", position=line)
        except BusError as failure:
            bad += 1
            row: dict[str, Any] = {"line": line, "domain": None, "error": error_json(failure, settings.lang)}
            shown = word("left-out", settings.lang, line=line, why=failure.text(settings.lang))
        else:
            row, shown = {"line": line, "domain": made, "error": None}, made
        if settings.json:
            print_json(row)
        else:
            say(shown)
    raise typer.Exit(EXIT_REFUSED if bad else 0)


async def _run(settings: "Settings", verb: str, entries: list[str], given: dict[str, Any], timeout: float) -> int:
    from tocsin.clock import LIVENESS

    participant = settings.participant(receive=False)
    await participant.open()
    try:
        if not participant.directory_copy.version:
            await participant.fetch_directory()
        participant.link.start()
        if verb == "blocked":
            with _progress(settings) as tell:
                job = await participant.block_domains(entries, progress=tell, **given)
        else:
            job = await participant.unblock_domains(entries, **given)
        deadline_us = LIVENESS.monotonic_us() + int(timeout * 1e6)
        waiting = 0
        for order in job.orders:
            left = max(0.0, (deadline_us - LIVENESS.monotonic_us()) / 1e6)
            waiting += await order.accepted(left) is None
    finally:
        await participant.aclose()
    return _told(settings, verb, job, waiting)


def _told(settings: "Settings", verb: str, job: "BlockJob", waiting: int) -> int:
    code = EXIT_PENDING if waiting else EXIT_REFUSED if job.refused and not (job.orders or job.standing) else 0
    if settings.json:
        print_json(
            {
                "orders": [{"id": order.id, "recipient": order.recipient} for order in job.orders],
                "standing": job.standing,
                "queued": waiting,
                "refused": [{"line": line, **error_json(why, settings.lang)} for line, why in sorted(job.refused.items())],
            }
        )
        return code
    carriers = len({order.recipient for order in job.orders})
    counts = {"orders": len(job.orders), "carriers": carriers, "standing": job.standing, "refused": len(job.refused)}
    say(word(verb, settings.lang, **counts))
    for line, why in sorted(job.refused.items())[:SHOWN]:
        complain(word("left-out", settings.lang, line=line, why=why.text(settings.lang)))
    if waiting:
        complain(word("queued-rest", settings.lang, count=waiting))
    return code


def _progress(settings: "Settings") -> Any:
    """A bar on the terminal's error stream; nothing where nobody looks."""
    import contextlib
    import sys

    if settings.json or not sys.stderr.isatty():
        return contextlib.nullcontext(None)

    @contextlib.contextmanager
    def bar() -> Any:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as shown:
            task = shown.add_task(word("making-orders", settings.lang), total=None)
            yield lambda done, of: shown.update(task, completed=done, total=of)

    return bar()


def _entries(names: list[str] | None, file: Path | None) -> list[str]:
    if file is None:
        if not names:
            raise error(Reason.FIELD_MISSING, field="domains", rule="names, or a file of them")
        return names
    rule = "a text file, one domain a line, or CSV with the domain first; it may be gzipped"
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise error(Reason.FIELD_INVALID, field="file", rule=f"at most {MAX_FILE_BYTES >> 20} MiB")
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        found = [row[0] for row in rows if row and row[0].strip() and not row[0].startswith("#")]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as exc:
        raise error(Reason.FIELD_INVALID, field="file", rule=rule) from exc
    heading = found[:1] == ["domain"]
    return [*(names or []), *found[heading:]]
