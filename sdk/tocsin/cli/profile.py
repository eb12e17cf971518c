"""The verb ``profile``: the limits of one jurisdiction, each with its source and how well that source is known."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.show import pairs, print_json, table
from tocsin.cli.words import word

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.core.profiles import Profile

app = typer.Typer(no_args_is_help=True, help="Limits of the law, as data.")


@app.callback()
def profile() -> None:
    """Limits of the law, as data."""


@app.command("show")
def show_(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Such as cn or generic.")]) -> None:
    """Show a profile's limits with their sources; what was not verified against an official text is marked."""
    from tocsin.core.profiles import Mark, Profile, default_document

    settings: Settings = ctx.obj
    on_bus = loop.run(_of_bus(settings, name)) if settings.identity is not None else None
    found = on_bus or Profile.parse(default_document(name))
    limits = [
        {
            "limit": one.name.replace("_", "-"),
            "value": _value(getattr(found.limits, one.name)),
            "source": found.sources[one.name].text,
            "mark": found.sources[one.name].mark.value,
            "verified": found.sources[one.name].mark is Mark.OFFICIAL,
        }
        for one in fields(found.limits)
    ]
    where = "from-directory" if on_bus is not None else "from-package"
    if settings.json:
        print_json({
            "name": found.name, "version": found.version, "zone": found.zone, "currency": found.currency,
            "kinds": sorted(found.kinds), "in_force": on_bus is not None, "limits": limits,
        })  # fmt: skip
        return
    pairs(settings, {found.name: f"{found.version}, {found.zone}, {found.currency} — {word(where, settings.lang)}"})
    table(
        settings,
        ("limit", "value", "mark", "source"),
        ((str(one["limit"]), str(one["value"]), word(str(one["mark"]), settings.lang), str(one["source"])) for one in limits),
    )


async def _of_bus(settings: "Settings", name: str) -> "Profile | None":
    async with settings.view() as view:
        return view.copy.directory.profiles.get(name)


def _value(limit: Any) -> "str | int":
    return limit if isinstance(limit, int) else str(limit.text())
