"""``python -m examples.demo``: the main job on a real hub, with faults, and the proof that it was done.

A hub, a police bureau, four banks, a carrier and a bank in Node.js run as processes of their own on this machine. Exit code 1 when
a claim is false or a step fails.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from examples.demo import books, receipts, timeline
from examples.demo.cards import BANKS
from examples.demo.claim import Claim
from examples.demo.proof import Judge
from examples.demo.story import LEAST, Story, Teller, plan
from examples.demo.town import POLICE, DemoError, Town
from tocsin import loop
from tocsin.clock import LIVENESS

ORDERS = 200
PROVED = (
    "Proved in {seconds:.0f} s: {stops} signed stop-payments reached the one of {banks} banks that serves each card, {executed}"
    " held money once and {refused} was refused with its reason, through kill -9 of the hub and of a bank; all"
    " {receipts_before_kill} receipts given before the kill, and all {receipts} in the end, stand in a log of {log_size} leaves"
    " that verifies offline; {repeats} repeats, {unmarked_repeats} of them unmarked."
)

WIDTH = 128
"""Columns of the timeline where it does not go to a terminal."""


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description="The main job on a real hub.")
    parser.add_argument(
        "--orders", type=_count, default=ORDERS, help=f"stop-payments to send, at least {LEAST}; {ORDERS} by default"
    )
    parser.add_argument(
        "--dir", type=Path, help="new directory to keep everything in; a temporary one, removed, when left out"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON; steps go to standard error")
    given = parser.parse_args()
    console = Console(stderr=given.json, highlight=False, soft_wrap=False)
    if given.dir is not None and given.dir.exists():
        parser.error("--dir: a new directory")
    with _directory(given.dir) as path:
        try:
            good = loop.run(run(path, given.orders, console, as_json=given.json))
        except (DemoError, TimeoutError) as failure:
            console.print(f"[red]✗[/red] {failure or 'a step took too long'}")
            _show_logs(path, console)
            good = False
        except KeyboardInterrupt:  # every process has been ended on the way here
            sys.exit(130)
    sys.exit(0 if good else 1)


async def run(path: Path, orders: int, console: Console, *, as_json: bool) -> bool:
    """Tells the story, judges it and shows both; whether every claim holds."""
    began_us = LIVENESS.monotonic_us()
    town = Town(path)
    story = plan(town, orders)
    console.print(
        f"Tocsin: {orders} stop-payments, four banks, faults on purpose; then a carrier and customs.", soft_wrap=True
    )
    console.print("Invented people; card numbers are BIN + zeros + counter + check digit, nobody's.\n", soft_wrap=True)
    try:
        with _progress(console) as (say, progress):
            await Teller(story, say, progress).tell()
            say("exporting the log and checking it offline")
            verified = await town.verify_offline()
            export = receipts.read_export(path / "log.jsonl")
            checked = await receipts.check(town.identity(POLICE), town.passphrase(POLICE), export)
    finally:
        await town.stop()
    found = {party: books.read(town.ledger(party)) for party in BANKS}
    judge = Judge(story, found, checked, verified)
    claims, figures = judge.claims(), judge.figures()
    seconds = (LIVENESS.monotonic_us() - began_us) / 1e6
    _show(console, story, found, claims)
    good = all(claim.holds for claim in claims)
    console.print(_last_line(good, claims, figures, seconds), soft_wrap=True)
    if as_json:
        print(json.dumps(_summary(story, found, claims, figures, seconds, good), ensure_ascii=False))
    return good


def _show(console: Console, story: Story, found: dict[str, books.Books], claims: list[Claim]) -> None:
    ways = timeline.rows(story, found)
    console.print()
    wide = console if console.is_terminal else Console(file=console.file, width=WIDTH, highlight=False)
    wide.print(timeline.table(timeline.sample(ways), wide.width))
    wide.print(f"Over the {timeline.smooth_count(ways)} executed orders that met no outage:")
    wide.print(timeline.percentile_table(ways))
    console.print()
    for claim in claims:
        mark = "[green]✓[/green]" if claim.holds else "[red]✗[/red]"
        console.print(f"{mark} {claim.name}: {claim.figures}", soft_wrap=True)
    console.print()


def _last_line(good: bool, claims: list[Claim], figures: dict[str, int], seconds: float) -> str:
    if not good:
        wrong = "; ".join(claim.name for claim in claims if not claim.holds)
        return f"[red]NOT proved[/red] in {seconds:.0f} s: {wrong}"
    return PROVED.format(seconds=seconds, **figures)


def _summary(
    story: Story,
    found: dict[str, books.Books],
    claims: list[Claim],
    figures: dict[str, int],
    seconds: float,
    good: bool,
) -> dict[str, Any]:
    return {
        "proved": good,
        "seconds": round(seconds, 1),
        "figures": figures,
        "claims": [{"claim": one.name, "holds": one.holds, "figures": one.figures} for one in claims],
        "milliseconds": timeline.percentiles(timeline.rows(story, found)),
    }


@contextmanager
def _progress(console: Console) -> "Iterator[tuple[Any, Any]]":
    """Says steps above bars that grow; on no terminal, steps only."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, Any] = {}
    began_us = LIVENESS.monotonic_us()

    def say(text: str) -> None:
        bars.console.print(f"[dim]{(LIVENESS.monotonic_us() - began_us) / 1e6:5.1f} s[/dim]  {text}", soft_wrap=True)

    def progress(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=of)
        bars.update(tasks[what], completed=done)

    with bars:
        yield say, progress


@contextmanager
def _directory(given: Path | None) -> Iterator[Path]:
    if given is None:
        with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as scratch:
            yield Path(scratch)
        return
    given.mkdir(parents=True)
    yield given.absolute()


def _show_logs(path: Path, console: Console) -> None:
    """The ends of the processes' logs, before a temporary directory goes."""
    for log in sorted(path.rglob("*log")):
        if log.is_file():
            console.print(f"--- {log.relative_to(path)}", markup=False)
            console.print("\n".join(log.read_text("utf-8", "replace").splitlines()[-10:]), markup=False)


def _count(text: str) -> int:
    count = int(text)
    if not LEAST <= count <= 10_000:
        raise argparse.ArgumentTypeError(f"{LEAST} to 10000")
    return count


if __name__ == "__main__":
    main()
