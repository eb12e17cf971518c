"""How results look: tables and lines for people, JSON with stable keys for programs, one line for an error.

 * JSON keys and values are the same in every language; times in it are RFC 3339 in UTC.
 * For people times stand in the profile's zone with offset, or in UTC when asked.
 * What a message or a hub says is printed as text, never as markup or control characters.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tocsin.cli.words import word
from tocsin.core.errors import BusError, LocalFault, Malformed, Unavailable
from tocsin.core.texts import label

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings

EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED, EXIT_HIT, EXIT_PENDING = 1, 2, 3, 4, 75
"""75 is EX_TEMPFAIL of sysexits.h: nothing is lost, ask again."""

UTC_ZONE = "UTC"


def exit_code(failure: BusError, *, by_hub: bool = False) -> int:
    """The exit code of an error: what was typed or set up here is usage, what hub or law refuse is a refusal."""
    if isinstance(failure, Unavailable):
        return EXIT_PENDING
    if isinstance(failure, Malformed | LocalFault) and not by_hub:
        return EXIT_USAGE
    return EXIT_REFUSED


def error_json(failure: BusError, lang: str) -> dict[str, Any]:
    """An error as JSON."""
    return {"reason": failure.reason.value, "text": failure.text(lang), "facts": dict(failure.facts)}


def show_error(settings: "Settings", failure: BusError, *, by_hub: bool = False) -> int:
    """Prints an error; returns the exit code."""
    if settings.json:
        print_json({"error": error_json(failure, settings.lang)})
    complain(failure.text(settings.lang))
    return exit_code(failure, by_hub=by_hub)


def complain(text: str) -> None:
    """One line on standard error."""
    print(safe(text), file=sys.stderr, flush=True)


def say(text: str) -> None:
    """One line on standard output."""
    print(safe(text), flush=True)


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    print(json.dumps(value, ensure_ascii=False, default=str), flush=True)


def safe(text: str) -> str:
    """``text`` on one line and without control characters: nobody's message moves the cursor of an officer's screen."""
    return "".join(char if char.isprintable() else " " for char in text)


def table(settings: "Settings", columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table; ``columns`` are words or labels."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(*[name(settings, column) for column in columns], box=None, pad_edge=False)
    empty = True
    for row in rows:
        made.add_row(*[Text(safe(cell)) for cell in row])
        empty = False
    if empty:
        say(word("nothing", settings.lang))
        return
    # A pipe has no width: nothing is cut there.
    Console(highlight=False, width=None if sys.stdout.isatty() else 240).print(made)


def pairs(settings: "Settings", values: Mapping[str, str]) -> None:
    """Prints names with their values, leaving out what is empty."""
    for key, value in values.items():
        if value:
            say(f"{name(settings, key)}: {value}")


def name(settings: "Settings", key: str) -> str:
    """How people call a field, state, kind or column."""
    for known in (key, f"{key}_us"):  # JSON keys of times have lost their suffix
        if (found := label(known, settings.lang)) != known:
            return found
    return word(key, settings.lang)


def rfc3339(us: int) -> str | None:
    """A time for JSON; None for one that is not set."""
    if not us:
        return None
    from tocsin.core.times import from_us

    return from_us(us).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_text(settings: "Settings", us: int, zone: str) -> str:
    """A time for people; empty for one that is not set."""
    if not us:
        return ""
    from tocsin.core.times import from_us, show

    return show(from_us(us), zone, utc=settings.utc)
