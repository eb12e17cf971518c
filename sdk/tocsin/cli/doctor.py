"""The verb ``doctor``: one line for each thing that has to be right, with the remedy where it is not. Exit 1 on a failure."""

from typing import TYPE_CHECKING

import typer

from tocsin import loop
from tocsin.cli.show import EXIT_FAILED, print_json, say
from tocsin.cli.words import word
from tocsin.core.errors import BusError

if TYPE_CHECKING:
    from tocsin.cli.checks import Finding
    from tocsin.cli.settings import Settings


def doctor(ctx: typer.Context) -> None:
    """Check identity, clock, connection, certificate, disk, versions, directory and backlog."""
    settings: Settings = ctx.obj
    findings = loop.run(_findings(settings))
    if settings.json:
        print_json([one.to_json() for one in findings])
    else:
        for one in findings:
            line = f"{word(one.level, settings.lang):4}  {word(f'doctor-{one.check}', settings.lang)}: {one.text(settings.lang)}"
            fix = word(f"fix-{one.check}", settings.lang) if one.level != "ok" and one.failure is None else ""
            say(f"{line} — {fix}" if fix else line)
    raise typer.Exit(EXIT_FAILED if any(one.level == "fail" for one in findings) else 0)


async def _findings(settings: "Settings") -> "list[Finding]":
    from tocsin.cli import checks

    try:
        identity = settings.load()
    except BusError as failure:
        return [checks.Finding(check="identity", level="fail", failure=failure), checks.versions()]
    ok = checks.Finding(check="identity", level="ok", facts={"party": identity.party, "bus": identity.bus})
    found = [ok, checks.certificate(identity), checks.disk(identity.path), checks.fsync(identity.path), checks.versions()]
    async with settings.view() as view:
        found += await checks.store(view.store)
        found += await checks.hub(identity, view.copy.version, sorted(view.copy.directory.profiles))
    return found
