"""Writes the list of kinds into docs/spec/messages.md, between its two marks, from the kinds themselves.

A test regenerates and compares it:  python -m tools.make_docs_kinds
"""

from pathlib import Path

from tocsin.core.message import KINDS, Kind, Nature
from tocsin.wire import registry

FILE = Path(__file__).resolve().parent.parent / "docs/spec/messages.md"
BEGIN = "<!-- kinds: written by tools/make_docs_kinds.py -->\n"
END = "<!-- end of kinds -->\n"


def table() -> str:
    """The kinds, in the order of their nature and name."""
    rows = ["| kind | what it does | thread | fields after the header | sealed fields |", "|---|---|---|---|---|"]
    order = list(Nature)
    rows += [row(kind) for kind in sorted(KINDS.values(), key=lambda kind: (order.index(kind.nature), kind.name))]
    return "\n".join(rows) + "\n"


def row(kind: Kind) -> str:
    """One line of the table."""
    joins = f"joins {', '.join(kind.follows)}" if kind.follows else ""
    thread = " or ".join(filter(None, ["starts one" if kind.starts_thread else "", joins])) or "none"
    numbers = registry.descriptor_of(registry.payload_class(kind)).fields_by_name
    clear = [f"{numbers[field.name].number} `{field.name}`" for field in kind.fields(sealed=False)]
    sealed = [f"{n} `{field.name}`" for n, field in enumerate(kind.fields(sealed=True), start=1)]
    words = (kind.cls.__doc__ or "").partition("\n")[0]
    cells = [f"`{kind.name}` {kind.version}", words, thread, " · ".join(clear) or "–", " · ".join(sealed) or "–"]
    return f"| {' | '.join(cells)} |"


def page(text: str) -> str:
    """``text`` with the list in its place.

    Raises:
        ValueError: The page lacks the marks.
    """
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    FILE.write_text(page(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {FILE.name}")
