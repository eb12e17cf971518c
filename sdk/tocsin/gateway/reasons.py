"""Why rows or files were not taken, in words of both languages: beside the file for people, as JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.core.errors import BusError
from tocsin.core.texts import label


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row that was not taken; line 0 stands for the file."""

    line: int
    failure: BusError


def reason_json(refusals: Sequence[Refusal], *, done: int) -> dict[str, Any]:
    """For programs: the rows by line, each with its field and texts, and how many others were done."""
    return {"rows_done": done, "refused": [{"line": one.line, **failure_json(one.failure)} for one in refusals]}


def failure_json(failure: BusError) -> Mapping[str, Any]:
    """One error: stable reason, field where there is one, text in both languages."""
    field = failure.facts.get("field")
    named = {"field": field} if field else {}
    return {"reason": failure.reason.value, **named, "text_en": failure.text("en"), "text_zh": failure.text("zh")}


def reason_text(refusals: Sequence[Refusal], *, done: int, lang: str) -> bytes:
    """For people: a sentence a row, the user's language first; with a mark and CRLF, so that any editor shows it."""
    first, second = ("zh", "en") if lang == "zh" else ("en", "zh")
    lines = []
    for one in refusals:
        place = f"{label('line', first)} {one.line}: " if one.line else ""
        lines += [f"{place}{one.failure.text(first)}", f"    {one.failure.text(second)}"]
    lines += ["", f"{label('rows-done', first)}: {done}"]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
