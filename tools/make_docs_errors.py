"""Writes docs/errors.md, the catalogue of errors in English and Chinese, from the errors themselves.

A test regenerates and compares it:  python -m tools.make_docs_errors
"""

import re
from itertools import groupby
from pathlib import Path

from tocsin.core.errors import CLASS_OF, BusError, Reason, Rejected
from tocsin.core.texts import en, zh

FILE = Path(__file__).resolve().parent.parent / "docs/errors.md"

HEAD = """# Errors

Written by `tools/make_docs_errors.py` from `tocsin.core.errors` and `tocsin.core.texts`; do not edit.

A program branches on the class, or on `reason`, which is never renamed and never reused. A person reads the text, in
English or Chinese (`--lang`, `TOCSIN_LANG`, `LANG`; in Python `error.text("zh")`). *Words in italics* are filled in from
the error's facts: field names, limits and party ids, never an account, a path or SQL.

Every class derives from `BusError`. One below `Rejected` is final: the same bytes can never succeed. One below
`Unavailable` may succeed later: try again with the same message id. Another language reads the reason from
`google.rpc.ErrorInfo` (domain `tocsin`).
"""


def page() -> str:
    """The whole page: the reasons in their groups, in the order of the tree."""
    parts = [HEAD]
    for cls, reasons in groupby(Reason, CLASS_OF.__getitem__):
        parts.append(section(cls, list(reasons)))
    return "\n".join(parts)


def section(cls: type[BusError], reasons: list[Reason]) -> str:
    """The table of one class."""
    fate = "final" if issubclass(cls, Rejected) else "try again"
    words = (cls.__doc__ or "").partition("\n")[0]
    rows = [f"| `{reason}` | {words_of(en.ERRORS[reason])} | {words_of(zh.ERRORS[reason])} |" for reason in reasons]
    head = [f"## `{cls.__name__}`: {fate}", "", words, "", "| reason | English | 中文 |", "|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def words_of(text: str) -> str:
    """A text with its placeholders as words in italics."""
    return re.sub(r"\{([a-z_]+)\}", r"*\1*", text.replace("|", "\\|").replace("*", "\\*"))


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
    print(f"wrote {FILE.name}")
